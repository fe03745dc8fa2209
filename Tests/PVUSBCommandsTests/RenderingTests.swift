import Testing

@testable import PVUSBCommands

struct RenderingTests {
    private var table: Table {
        var table = Table(header: ["ID", "LONG NAME", "WHERE"])
        table.rows = [["1-1", "a", "here"], ["usb12", "b", ""], ["2-1", "", "a\u{1b}[31m b"]]
        return table
    }

    @Test func `columns are as wide as their widest cell or header`() {
        #expect(
            table.render(withHeader: true) == """
                ID     LONG NAME  WHERE
                1-1    a          here
                usb12  b
                2-1               a\\u{1b}[31m b

                """)
    }

    @Test func `the columns stand alike without the header`() {
        let lines = table.render(withHeader: true).split(separator: "\n")
        let rows = table.render(withHeader: false).split(separator: "\n")
        #expect(Array(lines.dropFirst()) == rows)
    }

    @Test func `an escape in a cell counts as wide as it is shown`() {
        var table = Table(header: ["A", "B"])
        table.rows = [["\u{7f}", "x"], ["12345678", "y"]]
        #expect(table.render(withHeader: false) == "\\u{7f}    x\n12345678  y\n")
    }

    @Test func `a table without rows is nothing, or its header`() {
        let table = Table(header: ["A", "B"])
        #expect(table.render(withHeader: false) == "")
        #expect(table.render(withHeader: true) == "A  B\n")
    }

    @Test func `a row may have fewer cells than the header`() {
        var table = Table(header: ["A", "B", "C"])
        table.rows = [["1"], ["22", "3"]]
        #expect(table.render(withHeader: false) == "1\n22  3\n")
    }

    @Test(arguments: [
        ("", 3, ""),
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("äöüß", 4, "äöüß"),  // characters count, not bytes
        ("äöüßx", 4, "äöü…"),
        ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),  // a letter is not parted from its accent
        ("abcd", 1, "…"),
    ])
    func `a text is cut to a width`(text: String, width: Int, cut: String) {
        #expect(text.cut(to: width) == cut)
    }

    @Test(arguments: [
        ("", ""),
        ("USB Keyboard", "USB Keyboard"),
        ("Gerät №5 日本 🎹", "Gerät №5 日本 🎹"),
        ("\u{0}", "\\u{0}"),  // C0
        ("\t\n\r", "\\u{9}\\u{a}\\u{d}"),  // C0
        ("\u{1b}[2J", "\\u{1b}[2J"),  // clears the screen
        ("\u{1b}]0;title\u{7}", "\\u{1b}]0;title\\u{7}"),  // names the window
        ("\u{1f} ", "\\u{1f} "),  // the last of C0
        ("~\u{7f}", "~\\u{7f}"),  // DEL
        ("\u{80}\u{9b}31m\u{9f}\u{a0}", "\\u{80}\\u{9b}31m\\u{9f}\u{a0}"),  // C1 has a CSI too
        ("\u{61c}", "\\u{61c}"),  // Arabic letter mark
        ("\u{200e}\u{200f}", "\\u{200e}\\u{200f}"),  // direction marks
        ("\u{202a}\u{202e}x\u{202c}", "\\u{202a}\\u{202e}x\\u{202c}"),  // overrides
        ("\u{2066}\u{2069}", "\\u{2066}\\u{2069}"),  // isolates
        ("\u{2028}\u{2029}", "\\u{2028}\\u{2029}"),  // line and paragraph separators
        ("\r\n", "\\u{d}\\u{a}"),  // one character of two scalars
        ("\u{2065}\u{206a}\u{200d}", "\u{2065}\u{206a}\u{200d}"),  // neighbours of those above
    ])
    func `what could steer a terminal is shown, not sent`(text: String, escaped: String) {
        #expect(text.escaped == escaped)
    }

    @Test func `escaping twice changes nothing more`() {
        let text = (0...0x2100).compactMap { Unicode.Scalar($0).map(String.init) }.joined()
        #expect(text.escaped.escaped == text.escaped)
    }
}
