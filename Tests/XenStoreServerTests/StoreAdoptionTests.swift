import Testing
import XenStoreServer
import XenStoreWire

/// A store takes over the nodes of one that was read from a file and numbers nothing.
struct StoreAdoptionTests {
    private func party() throws -> Party {
        var party = Party()
        for name in ["a", "b", "p/x", "q", "d/e/f"] { try party.write("/" + name, name) }
        return party
    }

    /// The store's nodes as a file gives them back: without numbers.
    private func copy(of store: StoreEngine) throws -> Party {
        let entries = store.entries.map {
            StoreEntry(path: $0.path, value: $0.value, permissions: $0.permissions)
        }
        return Party(try StoreEngine(entries: entries))
    }

    private func numbers(_ store: StoreEngine) -> [String: UInt64] {
        Dictionary(uniqueKeysWithValues: store.entries.map { ($0.path.text, $0.generation) })
    }

    /// The nodes that have a new number, when another process made these requests.
    private func renumbered(by requests: [StoreRequest]) throws -> [String] {
        var party = try party()
        var elsewhere = try copy(of: party.store)
        for request in requests { #expect(try elsewhere.ask(.tool, request) == .done) }
        let (before, counter) = (numbers(party.store), party.store.generation)
        party.store.adopt(nodesOf: elsewhere.store)
        let after = numbers(party.store)
        #expect(
            party.store.entries.map { [$0.path.text, "\($0.value)", "\($0.permissions)"] }
                == elsewhere.store.entries.map {
                    [$0.path.text, "\($0.value)", "\($0.permissions)"]
                })
        let changed = after.filter { before[$0.key] != $0.value }
        #expect(changed.values.allSatisfy { $0 == counter + 1 })
        #expect(party.store.generation == counter + (before == after ? 0 : 1))
        return changed.keys.sorted()
    }

    static let changes: [(requests: [StoreRequest], renumbered: [String])] = [
        ([], []),
        ([.write(at("/a"), text: "2")], ["/a"]),
        ([.write(at("/a"), text: "a")], []),  // the value it had
        ([.write(at("/p/x"), text: "2")], ["/p/x"]),  // its parents are as they were
        ([.setPermissions(at("/b"), list("n5"))], ["/b"]),
        ([.setPermissions(at("/b"), list("n0"))], []),
        ([.write(at("/p/n"), text: "1")], ["/p", "/p/n"]),  // a parent is changed by a new child
        ([.write(at("/a0"), text: "1")], ["/", "/a0"]),  // sorted before nodes that stay
        ([.write(at("/n/o/p"), text: "1")], ["/", "/n", "/n/o", "/n/o/p"]),
        ([.remove(at("/p/x"))], ["/p"]),
        ([.remove(at("/d"))], ["/"]),
        ([.remove(at("/a")), .write(at("/a"), text: "a")], []),  // there and back
        ([.write(at("/n"), []), .remove(at("/n"))], []),
        ([.write(at("/a"), text: "2"), .write(at("/d/e/f"), text: "2")], ["/a", "/d/e/f"]),
    ]

    @Test(arguments: changes)
    func `only nodes that differ get a new number, all the same one`(
        requests: [StoreRequest], expected: [String]
    ) throws {
        #expect(try renumbered(by: requests) == expected)
    }

    @Test func `the same nodes under other numbers are no change`() throws {
        var party = try party()
        let before = party.store
        party.store.adopt(nodesOf: try copy(of: before).store)
        #expect(party.store == before)
        var elsewhere = party
        for _ in 0..<5 { try elsewhere.write("/a", "a") }
        party.store.adopt(nodesOf: elsewhere.store)
        #expect(party.store == before)
    }

    @Test func `what is changed afterwards has a greater number`() throws {
        var party = try party()
        var elsewhere = try copy(of: party.store)
        try elsewhere.write("/a", "2")
        party.store.adopt(nodesOf: elsewhere.store)
        let adopted = party.store.generation
        try party.write("/b", "2")
        #expect(party.store.generation == adopted + 1)
        #expect(numbers(party.store)["/b"] == adopted + 1)
        #expect(numbers(party.store)["/a"] == adopted)
    }

    /// Scenarios whose outcome is that nothing differs: nobody who compares can see them.
    private static let unseen: Set<String> = [
        "write of the same value outside", "a missing node comes and goes",
    ]

    @Test(arguments: TransactionTests.scenarios)
    func `a commit conflicts when a touched node differs`(
        _ scenario: TransactionTests.Scenario
    ) throws {
        var party = try party()
        try party.ask(.tool, .begin)
        for request in scenario.inside { try party.ask(.tool, request) }
        var elsewhere = try copy(of: party.store)
        for request in scenario.outside { #expect(try elsewhere.ask(.tool, request) == .done) }
        party.store.adopt(nodesOf: elsewhere.store)
        let isSeen = scenario.conflicts && !Self.unseen.contains(scenario.testDescription)
        #expect(try party.ask(.tool, .commit) == (isSeen ? .failure(.again) : .done))
    }

    @Test func `a conflict is remembered when the node is adopted back`() throws {
        var party = try party()
        try party.hold([Line(.begin), Line(.read(at("/a")), .text("a"))])
        var elsewhere = try copy(of: party.store)
        try elsewhere.write("/a", "2")
        party.store.adopt(nodesOf: elsewhere.store)
        try elsewhere.write("/a", "a")
        party.store.adopt(nodesOf: elsewhere.store)
        try party.hold([Line(.commit, .again), Line(.read(at("/a")), .text("a"))])
    }

    @Test func `an open transaction keeps its view and its writes`() throws {
        var party = try party()
        try party.hold([Line(.begin), Line(.write(at("/q"), text: "mine"))])
        var elsewhere = try copy(of: party.store)
        try elsewhere.write("/a", "2")
        party.store.adopt(nodesOf: elsewhere.store)
        try party.hold([
            Line(.write(at("/p/x"), text: "mine")), Line(.other, .read(at("/a")), .text("2")),
            Line(.other, .read(at("/q")), .text("q")), Line(.commit),
            Line(.read(at("/a")), .text("2")), Line(.read(at("/q")), .text("mine")),
            Line(.read(at("/p/x")), .text("mine")),
        ])
    }

    @Test func `watches hear of what differs, once, and of nothing else`() throws {
        var party = try party()
        for path in ["/", "/a", "/p", "/q"] { try party.watch(path, as: .tool) }
        var elsewhere = try copy(of: party.store)
        party.store.adopt(nodesOf: elsewhere.store)
        #expect(try party.events(.tool) == [])
        try elsewhere.write("/p/x", "2")
        party.store.adopt(nodesOf: elsewhere.store)
        #expect(try party.events(.tool).sorted() == ["/ t", "/p t"])
        party.store.adopt(nodesOf: elsewhere.store)
        #expect(try party.events(.tool) == [])
    }

    @Test func `the whole store can be another's`() throws {
        var party = try party()
        party.store.adopt(nodesOf: StoreEngine())
        #expect(party.store.entries.map(\.path.text) == ["/", "/tool", "/tool/xenstored"])
        try party.hold([Line(.read(at("/a")), .noEntry), Line(.write(at("/a"), text: "1"))])
    }
}
