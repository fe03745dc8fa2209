import Testing
import XenStoreServer
import XenStoreWire

@Suite struct ServiceDirectoryTests {
    private static let names = (0..<1000).map { "name-\($0)" }.sorted()

    private static var party: ServiceParty {
        var party = ServiceParty()
        for name in names { _ = party.ask(frame(11, "/big/\(name)\0")) }
        return party
    }

    private func part(
        _ party: inout ServiceParty, from offset: Int, in transaction: UInt32 = 0
    ) throws -> DirectoryPart {
        let sent = frame(22, "/big\0\(offset)\0", transaction: transaction)
        var decoder = MessageDecoder()
        decoder.append(party.ask(sent))
        return try DirectoryPart(decoding: #require(try decoder.next()))
    }

    @Test func `a directory over the limit answers E2BIG and comes in parts`() throws {
        var party = Self.party
        #expect(party.ask(frame(1, "/big\0")) == error("E2BIG"))
        var names: [String] = []
        var offset = 0
        var parts = 0
        while parts < 10 {
            let part = try part(&party, from: offset)
            names += part.names
            offset += part.byteCount
            parts += 1
            if part.isLast { break }
        }
        #expect(names == Self.names)
        #expect(parts == 3)
    }

    @Test func `a part has the bytes C xenstored sends`() {
        var party = ServiceParty()
        _ = party.ask(frame(11, "/d/b\0"))
        _ = party.ask(frame(11, "/d/a\0"))
        party.hold([
            ServiceLine(22, "/d\u{0}0\0", "2\0a\0b\0\0"),
            ServiceLine(22, "/d\u{0}2\0", "2\0b\0\0"),
            ServiceLine(22, "/d\u{0}4\0", "2\0\0"),
            ServiceLine(22, "/d/a\u{0}0\0", "2\0\0"),
            ServiceLine(22, "/none\u{0}0\0", fails: "ENOENT"),
        ])
    }

    @Test func `a change of the list shows in the generation`() throws {
        var party = Self.party
        let before = try part(&party, from: 0)
        _ = party.ask(frame(11, "/other\0"))
        #expect(try part(&party, from: 0).generation == before.generation)
        _ = party.ask(frame(13, "/big/name-5\0"))
        #expect(try part(&party, from: 0).generation != before.generation)
    }

    @Test func `a part in a transaction shows its names and is checked at the commit`() throws {
        var party = Self.party
        _ = party.ask(frame(6, "\0"))
        let before = try part(&party, from: 0, in: 1)
        _ = party.ask(frame(13, "/big/name-0\0", transaction: 1))
        let after = try part(&party, from: 0, in: 1)
        #expect(after.generation != before.generation)
        #expect(after.names.first == "name-1")
        #expect(try part(&party, from: 0) == before)
        _ = party.ask(frame(6, "\0"))
        _ = try part(&party, from: 0, in: 2)
        #expect(party.ask(frame(7, "T\0", transaction: 1)) == frame(7, "OK\0", transaction: 1))
        #expect(party.ask(frame(7, "T\0", transaction: 2)) == error("EAGAIN", transaction: 2))
    }
}
