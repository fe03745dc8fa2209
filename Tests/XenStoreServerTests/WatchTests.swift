import Testing
import XenStoreServer
import XenStoreWire

@Suite struct WatchTests {
    @Test(arguments: ["/", "/a", "/a/b", "/no/such/node"])
    func `the first event comes at once with the watched path`(_ path: String) throws {
        var party = Party()
        try party.ask(.tool, .watch(at(path), token: "t"))
        #expect(party.store.pendingEvents(for: try party.connection(.tool)).count == 1)
        #expect(try party.events(.tool) == ["\(path) t"])
        #expect(try party.events(.tool).isEmpty)
    }

    /// A request in a store with /a/b/c, and the events of watches on /, /a/b, /a/b/c, /a/x, /n/m.
    static let table: [(StoreRequest, [String])] = [
        (.write(at("/a/b"), text: "2"), ["/a/b root", "/a/b b"]),
        (.write(at("/a/b"), text: "1"), ["/a/b root", "/a/b b"]),  // also an unchanged value
        (.write(at("/a/b/c"), []), ["/a/b/c root", "/a/b/c b", "/a/b/c c"]),
        (.write(at("/a/b/c/d"), []), ["/a/b/c/d root", "/a/b/c/d b", "/a/b/c/d c"]),
        (.write(at("/a/bb"), []), ["/a/bb root"]),  // a name that only begins like /a/b
        (.write(at("/n/m/o"), []), ["/n/m/o root", "/n/m/o m"]),  // none for implicit parents
        (.makeDirectory(at("/a/x")), ["/a/x root", "/a/x x"]),
        (.makeDirectory(at("/a/b")), []),  // it exists
        (.setPermissions(at("/a/b"), list("r5")), ["/a/b root", "/a/b b"]),
        (.remove(at("/a/b")), ["/a/b root", "/a/b b", "/a/b/c c"]),
        (.remove(at("/a")), ["/a root", "/a/b b", "/a/b/c c"]),  // not /a/x: it did not exist
        (.remove(at("/a/x")), []),  // nothing was removed
        (.read(at("/a/b")), []), (.directory(at("/a/b")), []), (.permissions(at("/a/b")), []),
    ]

    @Test(arguments: table)
    func `a change is an event for the watches on it and above`(
        request: StoreRequest, events: [String]
    ) throws {
        var party = Party()
        try party.write("/a/b/c", "")
        for (path, token) in [
            ("/", "root"), ("/a/b", "b"), ("/a/b/c", "c"), ("/a/x", "x"), ("/n/m", "m"),
        ] {
            try party.watch(path, as: .other, token: token)
        }
        _ = try party.ask(.tool, request)
        #expect(try party.events(.other) == events)
    }

    @Test func `identical events that wait are one`() throws {
        var party = Party()
        try party.watch("/a", as: .other)
        for value in 0..<100 { try party.write("/a/b", "\(value)") }
        try party.write("/a/c", "")
        try party.write("/a/b", "")
        #expect(try party.events(.other) == ["/a/b t", "/a/c t"])
        try party.write("/a/b", "")
        #expect(try party.events(.other) == ["/a/b t"])
    }

    @Test func `a transaction's events come with its commit`() throws {
        var party = Party()
        try party.watch("/a", as: .other)
        try party.hold([
            Line(.begin), Line(.write(at("/a/b"), [])), Line(.write(at("/a/b"), [])),
            Line(.write(at("/a/c"), [])),
        ])
        #expect(try party.events(.other).isEmpty)
        try party.hold([Line(.commit)])
        #expect(try party.events(.other) == ["/a/b t", "/a/c t"])
    }

    @Test func `an aborted or lost transaction has no events`() throws {
        var party = Party()
        try party.write("/z", "")
        try party.watch("/a", as: .other)
        try party.hold([Line(.begin), Line(.write(at("/a"), [])), Line(.abort)])
        try party.hold([
            Line(.begin), Line(.read(at("/z")), .value([])), Line(.write(at("/a"), [])),
            Line(.other, .write(at("/z"), [])), Line(.commit, .again),
        ])
        #expect(try party.events(.other).isEmpty)
    }

    @Test func `a watch made in a transaction works at once and survives its abort`() throws {
        var party = Party()
        try party.hold([Line(.begin), Line(.watch(at("/a"), token: "t")), Line(.abort)])
        #expect(try party.events(.tool) == ["/a t"])
        try party.write("/a", "", as: .other)
        #expect(try party.events(.tool) == ["/a t"])
    }

    @Test func `events that wait arrive after the watch has ended`() throws {
        var party = Party()
        try party.watch("/a", as: .other)
        try party.write("/a", "1")
        #expect(try party.ask(.other, .unwatch(at("/a"), token: "t")) == .done)
        try party.write("/a", "2")
        #expect(try party.events(.other) == ["/a t"])
    }

    @Test func `a client hears of its own changes`() throws {
        var party = Party()
        try party.watch("/a", as: .tool)
        try party.write("/a", "1")
        #expect(try party.events(.tool) == ["/a t"])
    }

    @Test func `a replaced tree is an event where it differs`() throws {
        var party = Party()
        try party.write("/a/b", "1")
        try party.write("/c", "1")
        try party.watch("/a", as: .tool, token: "a")
        try party.watch("/c", as: .tool, token: "c")
        var elsewhere = Party(party.store)
        party.store.adopt(elsewhere.store)
        #expect(try party.events(.tool).isEmpty)
        try elsewhere.write("/a/b", "2")
        party.store.adopt(elsewhere.store)
        #expect(try party.events(.tool) == ["/a a"])
        #expect(party.store.value(at: at("/a/b")) == [0x32])
        #expect(party.store.generation == elsewhere.store.generation)
    }

    @Test(arguments: [
        (list("n0", "r5"), list("n0"), ["/g t"]),  // readable before
        (list("n0"), list("n0", "r5"), ["/g t"]),  // readable after
        (list("n0"), list("n5"), ["/g t"]),  // owned after
        (list("n0"), list("n0"), []),  // never readable
        (list("n0", "w5"), list("w0"), []),  // writing is not reading
    ])
    func `a guest hears of what it may read before or after`(
        before: [StorePermission], after: [StorePermission], events: [String]
    ) throws {
        var party = Party()
        try party.hold([Line(.write(at("/g"), [])), Line(.setPermissions(at("/g"), before))])
        try party.watch("/g", as: .guest5)
        try party.hold([Line(.setPermissions(at("/g"), after))])
        #expect(try party.events(.guest5) == events)
    }

    @Test func `a guest hears of the removal of what it could read`() throws {
        var party = Party()
        try party.write("/g/open", "")
        try party.write("/g/shut", "")
        try party.permit("/g/open", "n0", "r5")
        for name in ["/g/open", "/g/shut", "/g"] { try party.watch(name, as: .guest5) }
        #expect(try party.ask(.tool, .remove(at("/g"))) == .done)
        #expect(try party.events(.guest5) == ["/g/open t"])
    }

    @Test func `a guest that may list the parent hears of the child`() throws {
        var party = Party()
        try party.write("/g/shut", "")
        try party.permit("/g", "r0")
        try party.watch("/g/shut", as: .guest5)
        try party.write("/g/shut", "1")
        #expect(try party.events(.guest5) == ["/g/shut t"])
    }
}
