import Testing
import XenStoreServer
import XenStoreWire

@Suite struct GuestTests {
    /// A store with a home of domain 5, a node it may read, one it may write, and a closed one.
    private func party() throws -> Party {
        var party = Party()
        try party.write("/local/domain/5/name", "five")
        try party.permit("/local/domain/5", "n5", "r6")
        try party.permit("/local/domain/5/name", "n0", "r5")
        try party.write("/shared/open", "1")
        try party.permit("/shared/open", "n0", "b5", "w6")
        try party.write("/shared/any", "1")
        try party.permit("/shared/any", "r0")
        try party.write("/shared/not5", "1")
        try party.permit("/shared/not5", "b0", "n5")
        try party.write("/closed/node", "1")
        return party
    }

    static let home = at("/local/domain/5")

    static let table: [Line] = [
        Line(.guest5, .directory(home), .children(["name"])),  // the owner
        Line(.guest6, .directory(home), .children(["name"])),  // a listed reader
        Line(.guest5, .read(home / "name"), .text("five")),
        Line(.guest6, .read(home / "name"), .accessDenied),  // entry 0's letter is n
        Line(.guest5, .write(home / "name", text: "x"), .accessDenied),  // it may only read
        Line(.guest6, .write(home / "x", text: "x"), .accessDenied),  // creating is writing
        Line(.guest5, .write(home / "x", text: "x")),
        Line(.guest5, .makeDirectory(home / "x" / "y")),
        Line(.guest5, .makeDirectory(home / "name"), .accessDenied),
        Line(.guest5, .read(home / "no"), .noEntry),  // it may read the parent
        Line(.guest6, .read(home / "no" / "no"), .noEntry),
        Line(.guest6, .permissions(home), .permissions(list("n5", "r6"))),
        Line(.guest5, .read(at("/closed/node")), .accessDenied),
        Line(.guest5, .read(at("/closed/no")), .accessDenied),  // it learns nothing
        Line(.guest5, .read(at("/no")), .accessDenied),
        Line(.guest5, .write(at("/no"), []), .accessDenied),
        Line(.guest5, .write(at("/shared/open"), text: "2")),
        Line(.guest6, .write(at("/shared/open"), text: "2")),
        Line(.guest6, .read(at("/shared/open")), .accessDenied),  // write only
        Line(.guest6, .read(at("/shared/any")), .text("1")),  // entry 0's letter is r
        Line(.guest6, .write(at("/shared/any"), []), .accessDenied),
        Line(.guest6, .read(at("/shared/not5")), .text("1")),
        Line(.guest5, .read(at("/shared/not5")), .accessDenied),  // its own entry counts
        Line(.guest5, .remove(at("/shared/open"))),  // writing the node is enough
        Line(.guest5, .remove(at("/shared/any")), .accessDenied),
        Line(.guest5, .remove(home / "no")),  // missing, its parent exists
        Line(.guest5, .remove(home / "no" / "no"), .noEntry),
        Line(.guest5, .remove(at("/closed/no")), .accessDenied),
        Line(.guest5, .remove(.root), .accessDenied),
        Line(.guest5, .setPermissions(home, list("r5", "b6"))),
        Line(.guest5, .setPermissions(home, list("n6")), .notPermitted),  // the owner stays
        Line(.guest6, .setPermissions(home, list("n5")), .accessDenied),
        Line(.guest5, .setPermissions(at("/shared/open"), list("n0")), .accessDenied),
        Line(.guest5, .setPermissions(home / "no", list("n5")), .noEntry),
    ]

    @Test(arguments: table)
    func `a guest may do what a node's list says`(_ line: Line) throws {
        var party = try party()
        try party.hold([line])
    }

    @Test func `a guest owns what it creates and inherits the rest`() throws {
        var party = try party()
        try party.permit("/local/domain/5", "n0", "b5", "r6")
        try party.write("/local/domain/5/x/y", "", as: .guest5)
        for name in ["x", "x/y"] {
            let permissions = party.store.permissions(at: at("/local/domain/5/\(name)"))
            #expect(permissions == list("n5", "b5", "r6"))
        }
    }

    @Test func `a guest's transaction is checked as the guest`() throws {
        var party = try party()
        try party.hold([
            Line(.guest5, .begin), Line(.guest5, .write(Self.home / "x", [])),
            Line(.guest5, .write(at("/closed/x"), []), .accessDenied), Line(.guest5, .commit),
            Line(.permissions(Self.home / "x"), .permissions(list("n5", "r6"))),
            Line(.read(at("/closed/x")), .noEntry),
        ])
    }

    @Test func `rights withdrawn meanwhile are a conflict`() throws {
        var party = try party()
        try party.hold([
            Line(.guest5, .begin), Line(.guest5, .write(Self.home / "x", [])),
            Line(.setPermissions(Self.home, list("n0"))), Line(.guest5, .commit, .again),
        ])
    }

    @Test func `a dead domain's nodes go with everything below`() throws {
        var party = try party()
        try party.write("/local/domain/5/data/deep", "x", as: .guest5)
        try party.watch("/local/domain/5", as: .other)
        try party.watch("/local/domain/5/name", as: .other, token: "name")
        party.store.releaseDomain(5)
        #expect(party.store.children(of: at("/local/domain")) == [])
        #expect(party.store.permissions(at: at("/shared/open")) == list("n0", "w6"))
        #expect(party.store.permissions(at: at("/shared/not5")) == list("b0"))
        #expect(try party.events(.other) == ["/local/domain/5 t", "/local/domain/5/name name"])
        #expect(try party.ask(.guest5, .read(.root)) == .failure(.inputOutput))
        #expect(try party.ask(.guest6, .read(at("/shared/any"))) == .text("1"))
    }

    @Test func `a domain's death is a conflict for who touched its nodes`() throws {
        var party = try party()
        try party.hold([Line(.begin), Line(.write(Self.home / "x", []))])
        try party.hold([Line(.other, .begin), Line(.other, .read(at("/closed/node")), .text("1"))])
        party.store.releaseDomain(5)
        try party.hold([Line(.commit, .again), Line(.other, .commit)])
    }

    @Test func `domain 0, the root and strangers survive`() throws {
        var party = try party()
        let before = party.store
        party.store.releaseDomain(0)
        party.store.releaseDomain(4711)
        #expect(party.store == before)
        try party.permit("/", "n5", "r6")
        party.store.releaseDomain(5)
        #expect(party.store.permissions(at: .root) == list("n0", "r6"))
        #expect(party.store.children(of: .root) == ["closed", "local", "shared", "tool"])
    }
}
