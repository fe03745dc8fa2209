import Testing

/// Words that are not carried out, how the program ends, and all it has to say.
struct WrongWords: Sendable, CustomTestStringConvertible {
    let words: [String]
    let code: Int32
    let errors: String

    /// Words that are parted at spaces.
    init(_ line: String, _ code: Int32, _ errors: String) {
        self.init(line.split(separator: " ").map(String.init), code, errors)
    }

    init(_ words: [String], _ code: Int32, _ errors: String) {
        self.words = words
        self.code = code
        self.errors = errors
    }

    var testDescription: String { "pvusb " + words.joined(separator: " ") }

    /// What the program has to say about a word that the parser refuses.
    static func unparsed(_ problem: String, _ usage: String, of command: String) -> String {
        let globals =
            "[--sandbox <file>] [--usb <file>] [--sysfs <dir>] [--json] [--dry-run] "
            + "[--exit-code] [--quiet] [--verbose] [--timeout <seconds>]"
        let usage = usage.replacing("GLOBALS", with: globals)
        return "\(problem)\nUsage: \(usage)\n  See '\(command) --help' for more information.\n"
    }

    static let rootUsage = "pvusb GLOBALS <subcommand>"
    static let attachUsage = "pvusb attach <domain> <device> [--at <at>] GLOBALS"
}
