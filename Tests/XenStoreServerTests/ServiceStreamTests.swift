import Testing
import XenStoreServer
import XenStoreWire

/// How requests, answers and events share a stream.
@Suite struct ServiceStreamTests {
    static let sent =
        frame(4, "/a\0t\0", request: 1) + frame(6, "\0", request: 2)
        + frame(11, "/a/b\0x", request: 3, transaction: 1) + frame(11, "/a\0y", request: 4)
        + frame(7, "F\0", request: 5, transaction: 1) + frame(4, "", request: 6)
        + frame(5, "/a\0t\0", request: 7)
    static let answered =
        frame(4, "OK\0", request: 1) + event("/a", "t") + frame(6, "1\0", request: 2)
        + frame(11, "OK\0", request: 3, transaction: 1) + frame(11, "OK\0", request: 4)
        + event("/a", "t") + frame(7, "OK\0", request: 5, transaction: 1)
        + error("EINVAL", request: 6) + frame(5, "OK\0", request: 7)

    @Test(arguments: 0...sent.count)
    func `input may be split at every byte`(_ place: Int) {
        var party = ServiceParty()
        let answer = party.ask(Array(Self.sent[..<place])) + party.ask(Array(Self.sent[place...]))
        #expect(answer == Self.answered)
    }

    @Test(arguments: [1, 2, 3, 15, 16, 17])
    func `input and output may come in pieces`(_ size: Int) {
        var party = ServiceParty()
        var answer: [UInt8] = []
        for byte in Self.sent {
            party.service.receive([byte], from: party.tool)
            answer += party.service.takeOutput(for: party.tool, limit: size)
        }
        while party.service.hasOutput(for: party.tool) {
            let piece = party.service.takeOutput(for: party.tool, limit: size)
            #expect(piece.count <= size)
            answer += piece
        }
        #expect(answer == Self.answered)
    }

    @Test func `another client's change is an event`() {
        var party = ServiceParty()
        #expect(
            party.ask(frame(4, "/a\0t\0", transaction: 9))
                == frame(4, "OK\0", transaction: 9) + event("/a", "t"))
        #expect(party.ask(frame(4, "/a\0t\0")) == error("EEXIST"))
        #expect(!party.service.hasOutput(for: party.tool))
        _ = party.ask(frame(11, "/a/b\u{0}1"), from: party.other)
        #expect(party.service.hasOutput(for: party.tool))
        _ = party.ask(frame(11, "/a/b\u{0}2"), from: party.other)
        #expect(party.take(party.tool) == event("/a/b", "t"))
        _ = party.ask(frame(6, "\0"), from: party.other)
        _ = party.ask(frame(11, "/a/c\0", transaction: 1), from: party.other)
        #expect(!party.service.hasOutput(for: party.tool))
        _ = party.ask(frame(7, "T\0", transaction: 1), from: party.other)
        #expect(party.take(party.tool) == event("/a/c", "t"))
    }

    @Test func `a change is told before the reply to what is asked after it`() {
        var party = ServiceParty()
        _ = party.ask(frame(4, "/a\0t\0"))
        _ = party.ask(frame(11, "/a\0new"), from: party.other)
        #expect(party.ask(frame(2, "/a\0")) == event("/a", "t") + frame(2, "new"))
    }

    @Test func `an event that fits no message is not sent`() {
        var party = ServiceParty()
        let token = String(repeating: "t", count: 4090)
        let reply = party.ask(frame(4, "/a\0\(token)\0"))
        #expect(reply == frame(4, "OK\0") + event("/a", token))
        _ = party.ask(frame(11, "/a/too-long\0"), from: party.other)
        #expect(party.take(party.tool).isEmpty)
    }

    @Test func `RESET_WATCHES drops watches and transactions`() {
        var party = ServiceParty()
        _ = party.ask(frame(4, "/a\0t\0"))
        _ = party.ask(frame(4, "@releaseDomain\0t\0"))
        _ = party.ask(frame(6, "\0"))
        party.hold([
            ServiceLine(21, "\0", "OK\0"),
            ServiceLine(2, "/tool\0", in: 1, fails: "ENOENT"),
            ServiceLine(11, "/a\0x", "OK\0"),  // no event
            ServiceLine(5, "/a\0t\0", fails: "ENOENT"),
            ServiceLine(5, "@releaseDomain\0t\0", fails: "ENOENT"),
        ])
    }

    @Test func `a client that takes nothing is not answered without bound`() {
        var party = ServiceParty()
        let request = frame(2, "/a\0")
        _ = party.ask(frame(11, "/a\0" + String(repeating: "v", count: 4000)))
        var sent = 0
        while party.service.acceptsInput(from: party.tool), sent < 1000 {
            party.service.receive(request, from: party.tool)
            sent += 1
        }
        #expect(sent == 17)  // 17 replies of 4 016 bytes are more than 64 KiB
        for _ in 0..<100 { party.service.receive(request, from: party.tool) }
        #expect(party.service.isOpen(party.tool))
        #expect(party.service.takeOutput(for: party.tool).count == 17 * 4016)
        #expect(party.take(party.tool).count == 100 * 4016)
        #expect(party.service.acceptsInput(from: party.tool))
    }

    @Test func `a client that takes no events is ended at last`() {
        var party = ServiceParty()
        _ = party.ask(frame(4, "/\0t\0"))
        func write(_ number: Int) -> [UInt8] { frame(11, "/p/\(number)\0") }
        for number in 0..<StoreService.waitingEventsMax {
            _ = party.ask(write(number), from: party.other)
        }
        #expect(party.service.isOpen(party.tool))
        _ = party.ask(write(-1), from: party.other)
        #expect(!party.service.isOpen(party.tool))
        #expect(party.service.isOpen(party.other))
        #expect(party.take(party.tool).isEmpty)
    }

    @Test func `waiting events come in order and in bounded portions`() {
        var party = ServiceParty()
        _ = party.ask(frame(4, "/\0t\0"))
        var expected: [UInt8] = []
        for number in 0..<3000 {
            _ = party.ask(frame(11, "/p/\(number)\0"), from: party.other)
            expected += event("/p/\(number)", "t")
        }
        let first = party.service.takeOutput(for: party.tool)
        #expect(first.count < StoreService.outputMax + 16 * 40)
        #expect(first + party.take(party.tool) == expected)
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `whatever a client sends, each message is answered once`(_ seed: UInt64) throws {
        var random = SeededNumbers(state: seed)
        var party = ServiceParty()
        let words = [
            "/", "/a", "/a/b", "a", "@releaseDomain", "t", "0", "7", "n0", "T", "F", "\u{1}",
        ]
        var sent: [UInt8] = []
        for number in 1...300 as ClosedRange<UInt32> {
            let count = Int.random(in: 0...3, using: &random)
            let strings = (0..<count).map { _ in words.randomElement(using: &random) ?? "" }
            var payload = Array(strings.map { $0 + "\0" }.joined().utf8)
            if Int.random(in: 0..<4, using: &random) == 0 {
                payload.append(UInt8.random(in: 0...255, using: &random))
            }
            sent += frame(
                UInt32.random(in: 0...28, using: &random), bytes: payload, request: number,
                transaction: Bool.random(using: &random) ? 0 : .random(in: 0...5, using: &random))
        }
        var decoder = MessageDecoder()
        var answered: [UInt32] = []
        while !sent.isEmpty {
            let size = min(sent.count, Int.random(in: 1...100, using: &random))
            decoder.append(party.ask(Array(sent.prefix(size))))
            sent.removeFirst(size)
            while let message = try decoder.next() {
                if message.header.type != .watchEvent { answered.append(message.header.requestID) }
            }
        }
        #expect(answered == Array(1...300))
        #expect(party.service.isOpen(party.tool))
    }
}

/// Numbers that are the same in every run (SplitMix64).
private struct SeededNumbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
