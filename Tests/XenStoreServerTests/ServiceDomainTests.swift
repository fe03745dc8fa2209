import Testing
import XenStoreServer
import XenStoreWire

@Suite struct ServiceDomainTests {
    @Test func `domains are introduced and released`() {
        var party = ServiceParty()
        party.hold([
            ServiceLine(17, "0\0", "T\0"), ServiceLine(17, "9\0", "F\0"),
            ServiceLine(18, "9\0", fails: "ENOENT"), ServiceLine(9, "9\0", fails: "ENOENT"),
            ServiceLine(8, "9\u{0}1\u{0}1\0", "OK\0"), ServiceLine(17, "9\0", "T\0"),
            ServiceLine(8, "9\u{0}1\u{0}1\0", "OK\0"), ServiceLine(18, "9\0", "OK\0"),
            ServiceLine(9, "9\0", "OK\0"), ServiceLine(17, "9\0", "F\0"),
            ServiceLine(9, "0\0", fails: "EINVAL"), ServiceLine(8, "9\0", fails: "EINVAL"),
            ServiceLine(10, "9\0", "/local/domain/9\0"),
            ServiceLine(10, "65536\0", fails: "EINVAL"),
        ])
    }

    @Test func `the special watches fire for domains`() {
        var party = ServiceParty()
        for (name, token) in [("@introduceDomain", "i"), ("@releaseDomain", "r")] {
            #expect(
                party.ask(frame(4, "\(name)\0\(token)\0")) == frame(4, "OK\0") + event(name, token))
        }
        #expect(party.ask(frame(4, "@releaseDomain\0r\0")) == error("EEXIST"))
        let introduce = frame(8, "9\u{0}1\u{0}1\0")
        #expect(party.ask(introduce) == frame(8, "OK\0") + event("@introduceDomain", "i"))
        #expect(party.ask(introduce) == frame(8, "OK\0"))  // not when repeated
        _ = party.ask(frame(9, "9\0"), from: party.other)
        #expect(party.service.hasOutput(for: party.tool))
        #expect(party.take(party.tool) == event("@releaseDomain", "r"))
        #expect(party.ask(frame(5, "@releaseDomain\0r\0")) == frame(5, "OK\0"))
        #expect(party.ask(frame(5, "@releaseDomain\0r\0")) == error("ENOENT"))
        party.service.introduceDomain(9)
        #expect(party.take(party.tool) == event("@introduceDomain", "i"))
        let isReleased = party.service.releaseDomain(9)
        #expect(isReleased && party.take(party.tool).isEmpty)
    }

    @Test(arguments: ["@introduceDomain", "@releaseDomain"])
    func `the special names are no nodes`(_ name: String) {
        var party = ServiceParty()
        for type in [1, 2, 3, 12, 13] as [UInt32] {
            #expect(party.ask(frame(type, "\(name)\0")) == error("EINVAL"))
        }
        #expect(party.ask(frame(11, "\(name)\0x")) == error("EINVAL"))
        #expect(party.ask(frame(14, "\(name)\0n0\0")) == error("EINVAL"))
    }

    @Test func `a guest asks about itself alone`() {
        var party = ServiceParty()
        for (type, payload) in [
            (8, "9\u{0}1\u{0}1\0"), (9, "7\0"), (17, "7\0"), (18, "7\0"),
        ] as [(UInt32, String)] {
            #expect(party.ask(frame(type, payload), from: party.guest) == error("EACCES"))
        }
        #expect(
            party.ask(frame(10, "7\0"), from: party.guest) == frame(10, "/local/domain/7\0"))
        _ = party.ask(frame(11, "/local/domain/7/name\0guest"))
        _ = party.ask(frame(14, "/local/domain/7/name\0n0\0r7\0"))
        #expect(party.ask(frame(2, "name\0"), from: party.guest) == frame(2, "guest"))
        _ = party.ask(frame(4, "@releaseDomain\0t\0"), from: party.guest)
        _ = party.ask(frame(8, "9\u{0}1\u{0}1\0"))
        _ = party.ask(frame(9, "9\0"))
        #expect(party.take(party.guest).isEmpty)  // the special nodes are n0
    }

    @Test func `a domain dies with its clients and its nodes`() {
        var party = ServiceParty()
        _ = party.ask(frame(11, "/g\0x"))
        _ = party.ask(frame(14, "/g\0n7\0"))
        _ = party.ask(frame(6, "\0"), from: party.guest)
        #expect(party.ask(frame(9, "7\0")) == frame(9, "OK\0"))
        #expect(!party.service.isOpen(party.guest))
        #expect(party.ask(frame(2, "/g\0"), from: party.guest).isEmpty)
        #expect(party.ask(frame(2, "/g\0")) == error("ENOENT"))
        // What the guest had is used again, and is not taken from its new owner.
        let next = party.service.connect()
        party.service.disconnect(party.guest)
        #expect(party.ask(frame(2, "/tool\0"), from: next) == frame(2, ""))
    }
}
