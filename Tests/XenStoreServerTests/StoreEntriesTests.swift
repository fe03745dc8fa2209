import Testing
import XenStoreServer
import XenStoreWire

@Suite struct StoreEntriesTests {
    @Test func `a new store's entries are its nodes, sorted`() {
        #expect(
            StoreEngine().entries == [
                StoreEntry(path: .root), StoreEntry(path: at("/tool")),
                StoreEntry(path: at("/tool/xenstored")),
            ])
    }

    @Test func `a store is made again from its entries in any order`() throws {
        var party = Party()
        for name in ["a/b/c", "a-b", "a/d", "z", "tool/x/y/z"] { try party.write("/" + name, name) }
        try party.permit("/a/b", "n5", "b6")
        try party.ask(.tool, .remove(at("/z")))
        let store = party.store
        #expect(store.entries.map(\.path) == store.entries.map(\.path).sorted())
        for entries in [store.entries, store.entries.reversed()] {
            let again = try StoreEngine(entries: entries, generation: store.generation)
            #expect(again.entries == store.entries)
            #expect(again.generation == store.generation)
            #expect(try again == StoreEngine(entries: store.entries, generation: again.generation))
        }
    }

    @Test func `a change numbers the node, and the parent when a child comes or goes`() throws {
        var party = Party()
        func numbers() -> [String: UInt64] {
            Dictionary(
                uniqueKeysWithValues: party.store.entries.map { ($0.path.text, $0.generation) })
        }
        try party.write("/a/b", "")
        #expect(numbers() == ["/": 1, "/tool": 0, "/tool/xenstored": 0, "/a": 1, "/a/b": 1])
        try party.write("/a/b", "")
        #expect(numbers() == ["/": 1, "/tool": 0, "/tool/xenstored": 0, "/a": 1, "/a/b": 2])
        try party.permit("/tool", "n5")
        #expect(numbers() == ["/": 1, "/tool": 3, "/tool/xenstored": 0, "/a": 1, "/a/b": 2])
        try party.ask(.tool, .remove(at("/a/b")))
        #expect(numbers() == ["/": 1, "/tool": 3, "/tool/xenstored": 0, "/a": 4])
        try party.hold([Line(.makeDirectory(at("/a"))), Line(.read(at("/a")), .value([]))])
        #expect(party.store.generation == 4)
        party.store.resetGenerations()
        #expect(numbers().values.allSatisfy { $0 == 0 })
        #expect(party.store.generation == 0)
    }

    @Test func `the counter is the greatest generation unless it is given`() throws {
        let entries = [
            StoreEntry(path: .root, generation: 3), StoreEntry(path: at("/a"), generation: 7),
        ]
        #expect(try StoreEngine(entries: entries).generation == 7)
        #expect(try StoreEngine(entries: entries, generation: 9).generation == 9)
    }

    static let bad: [([StoreEntry], String, StoreEntriesError.Reason)] = [
        ([], "/", .missingParent),  // no root
        ([entry("/a")], "/", .missingParent),
        ([entry("/"), entry("/a/b")], "/a/b", .missingParent),  // an orphan
        ([entry("/"), entry("/a"), entry("/a/b/c")], "/a/b/c", .missingParent),
        ([entry("/"), entry("/")], "/", .duplicate),
        ([entry("/"), entry("/a"), entry("/b"), entry("/a")], "/a", .duplicate),
        ([entry("/"), entry("/a", [])], "/a", .badPermissions),  // no owner
        ([entry("/", [])], "/", .badPermissions),
        ([entry("/", [StorePermission(.none, 32752)])], "/", .badPermissions),  // reserved
        ([entry("/"), StoreEntry(path: at("/a"), generation: 6)], "/a", .badGeneration),
    ]

    @Test(arguments: bad)
    func `entries that are no store name the bad path`(
        entries: [StoreEntry], path: String, reason: StoreEntriesError.Reason
    ) {
        let error = #expect(throws: StoreEntriesError.self) {
            try StoreEngine(entries: entries, generation: 5)
        }
        #expect(error?.path == at(path))
        #expect(error?.reason == reason)
    }

    @Test func `a counter near its end is refused`() throws {
        let error = #expect(throws: StoreEntriesError.self) {
            try StoreEngine(entries: [StoreEntry(path: .root, generation: .max)])
        }
        #expect(error?.reason == .badGeneration)
    }

    private static func entry(
        _ path: String, _ permissions: [StorePermission] = list("n0")
    ) -> StoreEntry {
        StoreEntry(path: at(path), permissions: permissions)
    }
}
