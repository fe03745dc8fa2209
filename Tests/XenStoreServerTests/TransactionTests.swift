import Testing
import XenStoreServer
import XenStoreWire

@Suite struct TransactionTests {
    /// What a transaction does, what another client does meanwhile, and how the commit ends.
    ///
    /// The store has /a, /b, /p, /p/x, /q and /d/e/f.
    struct Scenario: CustomTestStringConvertible {
        let testDescription: String
        let inside: [StoreRequest]
        let outside: [StoreRequest]
        let conflicts: Bool

        init(
            _ title: String, _ inside: [StoreRequest], _ outside: [StoreRequest], conflicts: Bool
        ) {
            testDescription = title
            self.inside = inside
            self.outside = outside
            self.conflicts = conflicts
        }
    }

    static let scenarios = [
        Scenario(
            "blind write against write", [.write(at("/a"), text: "1")],
            [.write(at("/a"), text: "2")], conflicts: true),
        Scenario(
            "read of what is written outside",
            [.read(at("/a")), .write(at("/b"), text: "1")], [.write(at("/a"), text: "2")],
            conflicts: true),
        Scenario(
            "two creators under one parent", [.write(at("/p/n1"), [])],
            [.write(at("/p/n2"), [])], conflicts: true),
        Scenario(
            "two creators under two parents", [.write(at("/p/n"), [])],
            [.write(at("/q/n"), [])], conflicts: false),
        Scenario(
            "read only", [.read(at("/a"))], [.write(at("/a"), text: "2")], conflicts: true),
        Scenario(
            "read only, undisturbed", [.read(at("/a"))], [.write(at("/b"), text: "2")],
            conflicts: false),
        Scenario("nothing", [], [.write(at("/a"), text: "2")], conflicts: false),
        Scenario(
            "write of the same value outside", [.read(at("/a"))], [.write(at("/a"), text: "a")],
            conflicts: true),
        Scenario(
            "a missing node is made outside", [.read(at("/p/n"))], [.makeDirectory(at("/p/n"))],
            conflicts: true),
        Scenario(
            "a sibling of a missing node is made", [.read(at("/p/n"))], [.write(at("/p/m"), [])],
            conflicts: true),
        Scenario(
            "a missing node far below a change", [.read(at("/p/n/o"))], [.write(at("/q"), [])],
            conflicts: false),
        Scenario(
            "a listed node gets a child", [.directory(at("/p"))], [.write(at("/p/n"), [])],
            conflicts: true),
        Scenario(
            "a listed node loses a child", [.directory(at("/p"))], [.remove(at("/p/x"))],
            conflicts: true),
        Scenario(
            "a listed node's child is written", [.directory(at("/p"))],
            [.write(at("/p/x"), text: "2")], conflicts: false),
        Scenario(
            "a read node's parent is removed", [.read(at("/p/x"))], [.remove(at("/p"))],
            conflicts: true),
        Scenario(
            "a read node is removed and made again", [.read(at("/p/x"))],
            [.remove(at("/p/x")), .write(at("/p/x"), text: "x")], conflicts: true),
        Scenario(
            "a missing node comes and goes", [.read(at("/p/n"))],
            [.write(at("/p/n"), []), .remove(at("/p/n"))], conflicts: true),
        Scenario(
            "a removed node's child is written", [.remove(at("/d"))],
            [.write(at("/d/e/f"), text: "2")], conflicts: true),
        Scenario(
            "a removed node's sibling is made", [.remove(at("/p/x"))], [.write(at("/p/n"), [])],
            conflicts: true),
        Scenario(
            "a node is removed on both sides", [.remove(at("/p/x"))], [.remove(at("/p/x"))],
            conflicts: true),
        Scenario(
            "permissions of a read node", [.read(at("/a"))],
            [.setPermissions(at("/a"), list("n5"))], conflicts: true),
        Scenario(
            "mkdir of what exists", [.read(at("/a"))], [.makeDirectory(at("/a"))],
            conflicts: false),
        Scenario(
            "implicit parents on both sides", [.write(at("/p/n/1"), [])],
            [.write(at("/p/n/2"), [])], conflicts: true),
    ]

    private func party() throws -> Party {
        var party = Party()
        for name in ["a", "b", "p/x", "q", "d/e/f"] { try party.write("/" + name, name) }
        return party
    }

    @Test(arguments: scenarios)
    func `a commit conflicts when a touched node changed`(_ scenario: Scenario) throws {
        var party = try party()
        try party.ask(.tool, .begin)
        for request in scenario.inside { try party.ask(.tool, request) }
        for request in scenario.outside { #expect(try party.ask(.other, request) == .done) }
        let reply: StoreReply = scenario.conflicts ? .failure(.again) : .done
        #expect(try party.ask(.tool, .commit) == reply)
        #expect(try party.ask(.tool, .commit) == .failure(.noEntry), "it is over either way")
    }

    @Test(arguments: scenarios)
    func `a conflict survives new numbers`(_ scenario: Scenario) throws {
        var party = try party()
        try party.ask(.tool, .begin)
        for request in scenario.inside { try party.ask(.tool, request) }
        party.store.resetGenerations()
        for request in scenario.outside { #expect(try party.ask(.other, request) == .done) }
        party.store.resetGenerations()
        party.store.resetGenerations()
        let reply: StoreReply = scenario.conflicts ? .failure(.again) : .done
        #expect(try party.ask(.tool, .commit) == reply)
    }

    @Test(arguments: scenarios)
    func `a conflict survives a replaced tree`(_ scenario: Scenario) throws {
        var party = try party()
        try party.ask(.tool, .begin)
        for request in scenario.inside { try party.ask(.tool, request) }
        var elsewhere = Party(
            try StoreEngine(entries: party.store.entries, generation: party.store.generation))
        for request in scenario.outside { #expect(try elsewhere.ask(.tool, request) == .done) }
        party.store.adopt(elsewhere.store)
        #expect(party.store.entries == elsewhere.store.entries)
        let reply: StoreReply = scenario.conflicts ? .failure(.again) : .done
        #expect(try party.ask(.tool, .commit) == reply)
    }

    @Test(arguments: [("/a", false), ("/p/x", true), ("/p", true), ("/b", true), ("/q", false)])
    func `nodes without numbers conflict where they differ`(_ path: String, differs: Bool) throws {
        var party = try party()
        try party.hold([Line(.begin)])
        try party.ask(.tool, .directory(at(path)))
        var elsewhere = Party(party.store)
        try elsewhere.write("/b", "2")
        #expect(try elsewhere.ask(.tool, .remove(at("/p/x"))) == .done)
        elsewhere.store.resetGenerations()
        party.store.adopt(nodesOf: elsewhere.store)
        party.store.adopt(nodesOf: elsewhere.store)
        #expect(party.store.value(at: at("/b")) == [0x32])
        #expect(try party.ask(.tool, .commit) == (differs ? .failure(.again) : .done))
    }

    @Test func `changes show inside at once and outside at the commit`() throws {
        var party = try party()
        try party.hold([
            Line(.begin), Line(.write(at("/a"), text: "1")), Line(.remove(at("/p"))),
            Line(.makeDirectory(at("/n/o"))), Line(.setPermissions(at("/b"), list("r5"))),
            Line(.read(at("/a")), .text("1")), Line(.read(at("/p/x")), .noEntry),
            Line(.directory(at("/n")), .children(["o"])),
            Line(.other, .read(at("/a")), .text("a")),
            Line(.other, .read(at("/p/x")), .text("p/x")),
            Line(.other, .read(at("/n")), .noEntry), Line(.commit),
            Line(.other, .read(at("/a")), .text("1")), Line(.other, .read(at("/p")), .noEntry),
            Line(.other, .directory(at("/n")), .children(["o"])),
            Line(.other, .permissions(at("/b")), .permissions(list("r5"))),
        ])
    }

    @Test func `an aborted or lost transaction changes nothing`() throws {
        var party = try party()
        let before = party.store.entries
        try party.hold([Line(.begin), Line(.write(at("/n"), [])), Line(.abort)])
        #expect(party.store.entries == before)
        try party.hold([
            Line(.begin), Line(.write(at("/a"), text: "1")), Line(.write(at("/n"), [])),
            Line(.other, .write(at("/a"), text: "2")), Line(.commit, .again),
            Line(.read(at("/a")), .text("2")), Line(.read(at("/n")), .noEntry),
        ])
    }

    @Test func `a transaction sees the store as it was at its begin`() throws {
        var party = try party()
        try party.hold([
            Line(.begin), Line(.other, .write(at("/a"), text: "2")),
            Line(.read(at("/a")), .text("a")), Line(.commit, .again),
        ])
    }

    @Test func `a commit keeps what others changed elsewhere`() throws {
        var party = try party()
        try party.hold([
            Line(.begin), Line(.write(at("/a"), text: "1")),
            Line(.other, .write(at("/b"), text: "2")), Line(.other, .write(at("/q/n"), text: "3")),
            Line(.commit), Line(.read(at("/a")), .text("1")), Line(.read(at("/b")), .text("2")),
            Line(.read(at("/q/n")), .text("3")),
        ])
    }

    @Test(arguments: 1...6)
    func `of interleaved compare-and-swaps exactly one wins a round`(clients: Int) throws {
        var store = StoreEngine()
        let connections = (0..<clients).map { _ in store.connect(domain: 0) }
        _ = store.perform(.write(at("/n"), text: "0"), from: connections[0])
        for round in 0..<50 {
            var values: [StoreReply] = []
            for connection in connections {
                values.append(store.perform([.begin, .read(at("/n"))], from: connection)[1])
            }
            #expect(values.allSatisfy { $0 == .text("\(round)") })
            var wins = 0
            for index in connections.indices {
                let connection = connections[(index + round) % clients]
                let write = StoreRequest.write(at("/n"), text: "\(round + 1)")
                wins += store.perform([write, .commit], from: connection)[1] == .done ? 1 : 0
            }
            #expect(wins == 1)
        }
        #expect(store.value(at: at("/n")) == Array("50".utf8))
    }

    @Test func `two transactions on different nodes both win`() throws {
        var party = try party()
        try party.hold([
            Line(.begin), Line(.other, .begin), Line(.write(at("/a"), text: "1")),
            Line(.other, .write(at("/b"), text: "2")), Line(.commit), Line(.other, .commit),
        ])
    }
}
