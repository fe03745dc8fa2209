import Testing
import XenStoreServer
import XenStoreWire

@Suite struct StoreServiceTests {
    @Test func `requests about nodes are answered`() {
        var party = ServiceParty()
        party.hold([
            ServiceLine(11, "/a/b\0value", "OK\0"),
            ServiceLine(2, "/a/b\0", "value"),
            ServiceLine(1, "/a\0", "b\0"),
            ServiceLine(3, "/a\0", "n0\0"),
            ServiceLine(14, "/a\0n0\0r7\0", "OK\0"),
            ServiceLine(3, "/a\0", "n0\0r7\0"),
            ServiceLine(12, "/a/c\0", "OK\0"),
            ServiceLine(13, "/a\0", "OK\0"),
            ServiceLine(2, "/a\0", fails: "ENOENT"),
            ServiceLine(13, "/\0", fails: "EINVAL"),
            ServiceLine(11, "rel\0x", "OK\0"),
            ServiceLine(2, "/local/domain/0/rel\0", "x"),
        ])
    }

    @Test func `a client has several transactions`() {
        var party = ServiceParty()
        party.hold([
            ServiceLine(6, "\0", "1\0"),
            ServiceLine(6, "\0", "2\0"),
            ServiceLine(11, "/a\0one", in: 1, "OK\0"),
            ServiceLine(11, "/b\0two", in: 2, "OK\0"),
            ServiceLine(2, "/a\0", in: 1, "one"),
            ServiceLine(2, "/b\0", in: 1, fails: "ENOENT"),
            ServiceLine(2, "/a\0", in: 2, fails: "ENOENT"),
            ServiceLine(2, "/a\0", fails: "ENOENT"),
            ServiceLine(7, "T\0", in: 1, "OK\0"),
            ServiceLine(2, "/a\0", "one"),
            ServiceLine(7, "T\0", in: 2, fails: "EAGAIN"),  // both created a child of /
            ServiceLine(7, "T\0", in: 2, fails: "ENOENT"),
            ServiceLine(2, "/b\0", fails: "ENOENT"),
            ServiceLine(6, "\0", "3\0"),
            ServiceLine(13, "/a\0", in: 3, "OK\0"),
            ServiceLine(7, "F\0", in: 3, "OK\0"),
            ServiceLine(2, "/a\0", "one"),
        ])
    }

    @Test func `a transaction that is not open is unknown`() {
        var party = ServiceParty()
        party.hold([
            ServiceLine(2, "/tool\0", in: 1, fails: "ENOENT"),
            ServiceLine(6, "\0", in: 1, fails: "ENOENT"),
            ServiceLine(7, "T\0", in: 1, fails: "ENOENT"),
            ServiceLine(7, "T\0", fails: "ENOENT"),
            ServiceLine(7, "F\0", fails: "ENOENT"),
            ServiceLine(22, "/\u{0}0\0", in: 9, fails: "ENOENT"),
            ServiceLine(6, "\0", "1\0"),
            ServiceLine(6, "\0", in: 1, fails: "EBUSY"),
            ServiceLine(7, "X\0", in: 1, fails: "EINVAL"),
            ServiceLine(7, "F\0", in: 1, "OK\0"),  // it stayed open
        ])
        _ = party.ask(frame(6, "\0"))
        #expect(
            party.ask(frame(2, "/tool\0", transaction: 2), from: party.other)
                == error("ENOENT", transaction: 2))
    }

    @Test func `transactions have a limit`() {
        var party = ServiceParty()
        for _ in 0..<StoreService.transactionsMax { _ = party.ask(frame(6, "\0")) }
        party.hold([
            ServiceLine(6, "\0", fails: "ENOSPC"),
            ServiceLine(7, "F\0", in: 5, "OK\0"),
            ServiceLine(6, "\0", "1025\0"),
        ])
    }

    @Test func `a client that goes leaves nothing`() {
        var party = ServiceParty()
        _ = party.ask(frame(6, "\0"))
        _ = party.ask(frame(11, "/a\0x", transaction: 1))
        party.service.disconnect(party.tool)
        party.service.disconnect(party.tool)
        party.service.receive(frame(7, "T\0", transaction: 1), from: party.tool)
        #expect(party.take(party.tool).isEmpty)
        #expect(!party.service.isOpen(party.tool))
        #expect(party.service.engine.value(at: at("/a")) == nil)
        #expect(party.ask(frame(2, "/tool\0"), from: party.other) == frame(2, ""))
    }

    @Test func `every second good commit answers EAGAIN when asked to`() {
        var party = ServiceParty(eagainEvery: 2)
        party.hold([
            ServiceLine(6, "\0", "1\0"), ServiceLine(7, "T\0", in: 1, "OK\0"),
            ServiceLine(6, "\0", "2\0"), ServiceLine(7, "F\0", in: 2, "OK\0"),  // no commit
            ServiceLine(6, "\0", "3\0"), ServiceLine(11, "/a\0x", in: 3, "OK\0"),
            ServiceLine(7, "T\0", in: 3, fails: "EAGAIN"),
            ServiceLine(7, "T\0", in: 3, fails: "ENOENT"), ServiceLine(2, "/a\0", fails: "ENOENT"),
            ServiceLine(6, "\0", "4\0"), ServiceLine(11, "/a\0x", in: 4, "OK\0"),
            ServiceLine(7, "T\0", in: 4, "OK\0"), ServiceLine(2, "/a\0", "x"),
        ])
    }

    @Test(arguments: [nil, 0, -1])
    func `no commit fails on purpose otherwise`(_ every: Int?) {
        var party = ServiceParty(eagainEvery: every)
        for number in 1...4 as ClosedRange<UInt32> {
            party.hold([
                ServiceLine(6, "\0", "\(number)\0"), ServiceLine(7, "T\0", in: number, "OK\0"),
            ])
        }
    }

    static let refused: [(UInt32, String, String)] = [
        (0, "check\0", "ENOSYS"), (15, "/a\0t\0", "ENOSYS"), (16, "ENOENT\0", "ENOSYS"),
        (19, "7\u{0}8\0", "ENOSYS"), (20, "7\0", "ENOSYS"), (23, "\0", "ENOSYS"),
        (24, "7\u{0}1\0", "ENOSYS"), (25, "\0", "ENOSYS"), (26, "a\u{0}1\0", "ENOSYS"),
        (27, "", "ENOSYS"), (65535, "\0", "ENOSYS"), (.max, "x", "ENOSYS"),
        (1, "", "EINVAL"),  // no path
        (2, "/tool", "EINVAL"),  // no NUL at the end
        (2, "/tool\0\0", "EINVAL"),  // two strings
        (11, "", "EINVAL"),  // no path
        (4, "/a\0", "EINVAL"),  // no token
        (7, "", "EINVAL"),  // neither T nor F
        (10, "", "EINVAL"),  // no domid
        (22, "/tool\0", "EINVAL"),  // no offset
    ]

    @Test(arguments: refused)
    func `a refusal leaves the connection up`(type: UInt32, payload: String, name: String) {
        var party = ServiceParty()
        #expect(party.ask(frame(type, payload, request: 77)) == error(name, request: 77))
        #expect(party.ask(frame(2, "/tool\0")) == frame(2, ""))
    }

    @Test func `a payload over the limit ends the client after what came before`() {
        var party = ServiceParty()
        let huge = frame(11, bytes: [UInt8](repeating: 0x61, count: 4097))
        let answer = party.ask(frame(2, "/tool\0") + huge + frame(2, "/tool\0"))
        #expect(answer == frame(2, ""))
        #expect(!party.service.isOpen(party.tool))
        #expect(party.ask(frame(2, "/tool\0")).isEmpty)
        #expect(party.ask(frame(2, "/tool\0"), from: party.other) == frame(2, ""))
    }

    @Test func `the largest payload is taken`() {
        var party = ServiceParty()
        let value = String(repeating: "v", count: 4093)
        party.hold([
            ServiceLine(11, "/a\0" + value, "OK\0"), ServiceLine(2, "/a\0", value),
        ])
    }
}
