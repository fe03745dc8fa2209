import Testing
import USBModel

struct PortTableTests {
    @Test func `lines are entries`() throws {
        let table = PortTable("3-1.2:7:0:1\n1-4:32751:12:31\n".utf8)
        #expect(table.badLines.isEmpty)
        #expect(table.entries.map(\.description) == ["3-1.2:7:0:1", "1-4:32751:12:31"])
        let first = try #require(table.entries.first)
        #expect(first.device == BusID("3-1.2"))
        #expect((first.domain, first.controller, first.port) == (7, 0, 1))
    }

    @Test func `a device is listed by its own name only`() throws {
        let table = PortTable("3-1.2:7:0:1\n".utf8)
        #expect(table.lists(try #require(BusID("3-1.2"))))
        #expect(!table.lists(try #require(BusID("3-1"))))
        #expect(!table.lists(try #require(BusID("3-1.2.1"))))
    }

    @Test(arguments: ["", "\n", "\n\n"])
    func `an empty attribute is an empty table`(text: String) {
        #expect(PortTable(text.utf8) == PortTable(entries: []))
    }

    @Test(arguments: [
        "3-1",  // no numbers
        "3-1:7:0",  // no port
        "3-1:7:0:1:2",  // too many numbers
        "3-0:7:0:1",  // no bus id
        "3-1:32752:0:1",  // no real domain
        "3-1:-1:0:1",  // a sign
        "3-1:7:4294967296:1",  // devid too great
        "3-1:7:0:0",  // port 0
        "3-1:7:0:32",  // port too great
        "3-1:7:0:01",  // leading zero
        " 3-1:7:0:1",  // a space
    ])
    func `a bad line is kept aside and hides no other`(line: String) {
        let table = PortTable("1-1:1:0:1\n\(line)\n1-2:1:0:2\n".utf8)
        #expect(table.entries.map(\.description) == ["1-1:1:0:1", "1-2:1:0:2"])
        #expect(table.badLines == [line])
    }
}
