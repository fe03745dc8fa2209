import Testing
import XenStoreServer
import XenStoreWire

@Suite struct StoreEngineTests {
    static let conversations: [(String, [Line])] = [
        (
            "a new store is C xenstored's",
            [
                Line(.directory(.root), .children(["tool"])),
                Line(.directory(at("/tool")), .children(["xenstored"])),
                Line(.read(at("/tool/xenstored")), .value([])),
                Line(.permissions(.root), .permissions(list("n0"))),
                Line(.permissions(at("/tool/xenstored")), .permissions(list("n0"))),
            ]
        ),
        (
            "a write creates the parents with empty values",
            [
                Line(.write(at("/a/b/c"), text: "x")),
                Line(.read(at("/a/b/c")), .text("x")),
                Line(.read(at("/a/b")), .value([])),
                Line(.directory(at("/a")), .children(["b"])),
                Line(.write(at("/a/b/c"), text: "y")),
                Line(.read(at("/a/b/c")), .text("y")),
            ]
        ),
        (
            "children are sorted, whenever they were made",
            [
                Line(.write(at("/a/10"), [])), Line(.write(at("/a/9"), [])),
                Line(.write(at("/a/1"), [])), Line(.write(at("/a/b"), [])),
                Line(.directory(at("/a")), .children(["1", "10", "9", "b"])),
            ]
        ),
        (
            "what does not exist cannot be read",
            [
                Line(.read(at("/no")), .noEntry), Line(.directory(at("/no")), .noEntry),
                Line(.permissions(at("/no/no")), .noEntry),
                Line(.setPermissions(at("/no"), list("n0")), .noEntry),
            ]
        ),
        (
            "mkdir leaves a node alone that exists",
            [
                Line(.write(at("/a"), text: "x")), Line(.makeDirectory(at("/a"))),
                Line(.read(at("/a")), .text("x")), Line(.makeDirectory(at("/b/c"))),
                Line(.read(at("/b/c")), .value([])), Line(.makeDirectory(.root)),
            ]
        ),
        (
            "rm removes a whole subtree",
            [
                Line(.write(at("/a/b/c"), [])), Line(.write(at("/ab"), [])),
                Line(.remove(at("/a"))), Line(.read(at("/a/b/c")), .noEntry),
                Line(.directory(.root), .children(["ab", "tool"])),
            ]
        ),
        (
            "rm of a missing node is done when the parent exists",
            [Line(.remove(at("/a"))), Line(.remove(at("/a/b")), .noEntry)]
        ),
        (
            "rm of the root is refused",
            [Line(.remove(.root), .invalid), Line(.read(at("/tool")), .value([]))]
        ),
        (
            "a permission list is replaced, and inherited by new nodes",
            [
                Line(.setPermissions(at("/tool"), list("n5", "r6"))),
                Line(.permissions(at("/tool")), .permissions(list("n5", "r6"))),
                Line(.permissions(at("/tool/xenstored")), .permissions(list("n0"))),
                Line(.write(at("/tool/a/b"), [])),
                Line(.permissions(at("/tool/a")), .permissions(list("n5", "r6"))),
                Line(.permissions(at("/tool/a/b")), .permissions(list("n5", "r6"))),
            ]
        ),
        (
            "a bad permission list is refused",
            [
                Line(.setPermissions(at("/tool"), []), .invalid),
                Line(.setPermissions(at("/tool"), [StorePermission(.none, 32752)]), .invalid),
            ]
        ),
        (
            "what does not fit a message is too big",
            [
                Line(.write(at("/a"), [UInt8](repeating: 0, count: 4093))),
                Line(.write(at("/a"), [UInt8](repeating: 0, count: 4094)), .tooBig),
                Line(.watch(at("/a"), token: String(repeating: "t", count: 4093)), .tooBig),
                Line(
                    .setPermissions(
                        at("/a"), [StorePermission](repeating: .init(.none, 10000), count: 800)),
                    .tooBig),
            ]
        ),
        (
            "a transaction is begun once and ended once",
            [
                Line(.commit, .noEntry), Line(.abort, .noEntry), Line(.begin),
                Line(.begin, .busy), Line(.commit), Line(.commit, .noEntry), Line(.begin),
                Line(.abort), Line(.abort, .noEntry),
            ]
        ),
        (
            "a refused request leaves the transaction open",
            [
                Line(.begin), Line(.read(at("/no")), .noEntry), Line(.remove(.root), .invalid),
                Line(.write(at("/a"), text: "x")), Line(.commit), Line(.read(at("/a")), .text("x")),
            ]
        ),
        (
            "a watch is made and ended once for a path and a token",
            [
                Line(.watch(at("/a"), token: "t")), Line(.watch(at("/a"), token: "t"), .exists),
                Line(.watch(at("/a"), token: "u")), Line(.watch(at("/b"), token: "t")),
                Line(.other, .watch(at("/a"), token: "t")),
                Line(.unwatch(at("/a"), token: "t")),
                Line(.unwatch(at("/a"), token: "t"), .noEntry),
                Line(.watch(at("/a"), token: "t")),
                Line(.watch(at("/a"), token: "\0"), .invalid),
            ]
        ),
    ]

    @Test(arguments: conversations)
    func `the store answers as in the conversation`(title: String, lines: [Line]) throws {
        var party = Party()
        try party.hold(lines)
    }

    @Test func `a batch is answered in order`() throws {
        var store = StoreEngine()
        let connection = store.connect(domain: 0)
        let replies = store.perform(
            [.write(at("/a"), text: "1"), .read(at("/a")), .remove(at("/a")), .read(at("/a"))],
            from: connection)
        #expect(replies == [.done, .text("1"), .done, .failure(.noEntry)])
    }

    @Test func `a connection that has ended is answered an error`() throws {
        var party = Party()
        let connection = try party.connection(.tool)
        party.store.disconnect(connection)
        party.store.disconnect(connection)
        for request in [StoreRequest.read(.root), .begin, .commit, .watch(.root, token: "")] {
            #expect(party.store.perform(request, from: connection) == .failure(.inputOutput))
        }
        #expect(party.store.takeEvents(for: connection).isEmpty)
    }

    @Test func `an ended connection's transaction and watches are gone`() throws {
        var party = Party()
        let connection = try party.connection(.tool)
        try party.hold([Line(.begin), Line(.write(at("/a"), [])), Line(.watch(.root, token: ""))])
        party.store.disconnect(connection)
        #expect(party.store.value(at: at("/a")) == nil)
        #expect(party.store.connect(domain: 0) == connection)
        try party.hold([Line(.commit, .noEntry), Line(.unwatch(.root, token: ""), .noEntry)])
        #expect(try party.events(.tool).isEmpty)
    }

    @Test func `copies are independent, and equal again when their content is`() throws {
        var party = Party()
        try party.write("/a/b", "1")
        let copy = party.store
        try party.write("/a/b", "2")
        #expect(copy.value(at: at("/a/b")) == [0x31])
        #expect(copy != party.store)
        try party.write("/a/b", "1")
        #expect(copy != party.store, "the generations differ")
        var (left, right) = (copy, party.store)
        left.resetGenerations()
        right.resetGenerations()
        #expect(left == right)
        #expect(left.hashValue == right.hashValue)
    }

    @Test func `the order in which nodes were made does not show`() throws {
        let names = ["a", "b", "c", "d/e", "d/f", "tool/x"]
        var stores: Set<StoreEngine> = []
        for order in [names, names.reversed(), ["d/f", "c", "tool/x", "a", "d/e", "b"]] {
            var party = Party()
            for name in order { try party.write("/" + name, name) }
            party.store.resetGenerations()
            stores.insert(party.store)
        }
        #expect(stores.count == 1)
    }

    @Test func `a simulator looks without asking`() throws {
        var party = Party()
        try party.write("/a/c", "x")
        try party.write("/a/b", "y")
        #expect(party.store.value(at: at("/a/c")) == [0x78])
        #expect(party.store.children(of: at("/a")) == ["b", "c"])
        #expect(party.store.permissions(at: at("/a")) == list("n0"))
        #expect(party.store.value(at: at("/no")) == nil)
        #expect(party.store.children(of: at("/no")) == nil)
        #expect(party.store.permissions(at: at("/no")) == nil)
    }
}
