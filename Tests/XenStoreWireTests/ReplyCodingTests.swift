import Testing
import XenStoreWire

@Suite struct ReplyCodingTests {
    static let good: [(StoreRequest, String, StoreReply)] = [
        (.directory(.root), "", .children([])),
        (.directory(.root), "tool\0", .children(["tool"])),
        (.directory(.root), "b\0a-1@x_\0", .children(["b", "a-1@x_"])),
        (.read(.root), "", .value([])),
        (.read(.root), "x\0", .value([0x78, 0])),
        (.permissions(.root), "n0\0", .permissions([StorePermission(.none, 0)])),
        (
            .permissions(.root), "b5\0r7\0",
            .permissions([StorePermission(.both, 5), StorePermission(.read, 7)])
        ),
        (.write(.root, []), "OK\0", .done),
        (.makeDirectory(.root), "OK\0", .done),
        (.remove(.root), "OK\0", .done),
        (.setPermissions(.root, []), "OK\0", .done),
        (.watch(.root, token: ""), "OK\0", .done),
        (.unwatch(.root, token: ""), "OK\0", .done),
        (.begin, "1\0", .done),
        (.begin, "4294967295\0", .done),
        (.commit, "OK\0", .done),
        (.abort, "OK\0", .done),
    ]

    @Test(arguments: good)
    func `a reply is parsed for its request`(
        request: StoreRequest, payload: String, reply: StoreReply
    ) throws {
        #expect(try message(request.messageType, payload).reply(to: request) == reply)
    }

    @Test(arguments: good)
    func `a client parses what a server encodes`(
        request: StoreRequest, payload: String, reply: StoreReply
    ) throws {
        let asked = try request.message(requestID: 3, transactionID: 4)
        let answer = reply.message(answering: asked.header)
        #expect(answer.header.requestID == 3)
        #expect(answer.header.transactionID == asked.header.transactionID)
        #expect(try answer.reply(to: request) == reply)
    }

    static let malformed: [(StoreRequest, String)] = [
        (.directory(.root), "a"), (.directory(.root), "a\0b"),  // no NUL at the end
        (.directory(.root), "\0"), (.directory(.root), "a\0\0"),  // an empty name
        (.directory(.root), "a/b\0"), (.directory(.root), "a b\0"),  // no component
        (.permissions(.root), ""), (.permissions(.root), "\0"),  // no entry
        (.permissions(.root), "n0"), (.permissions(.root), "x0\0"),  // no permission
        (.permissions(.root), "n0\0r32757\0"),  // a reserved domid
        (.write(.root, []), ""), (.write(.root, []), "OK"), (.remove(.root), "KO\0"),  // not OK
        (.remove(.root), "OK\0\0"), (.remove(.root), "O\u{212A}\0"),  // more than OK, a Kelvin sign
        (.begin, ""), (.begin, "\0"), (.begin, "OK\0"), (.begin, "1"), (.begin, "+1\0"),
        (.begin, "0\0"), (.begin, "4294967296\0"), (.begin, "1\0002\0"),  // no identifier
    ]

    @Test(arguments: malformed)
    func `a malformed reply is an error`(request: StoreRequest, payload: String) {
        let error = #expect(throws: WireError.self) {
            try message(request.messageType, payload).reply(to: request)
        }
        #expect(error?.code == .malformed)
    }

    @Test func `a reply of another type is unexpected`() {
        let error = #expect(throws: WireError.self) {
            try message(.write, "OK\0").reply(to: .read(.root))
        }
        #expect(error?.code == .unexpected)
    }

    @Test(arguments: ["ENOENT", "EQUOTA", "E2BIG", "EWHATEVER"])
    func `a refusal keeps its name, known or not`(_ name: String) throws {
        let reply = try message(.error, name + "\0").reply(to: .read(.root))
        #expect(reply == .failure(StoreErrorName(name)))
    }

    @Test(arguments: ["", "\0", "ENOENT", "ENOENT\0\0", "\u{1b}[2J\0", "enoent\0"])
    func `a refusal without a name is an error`(_ payload: String) {
        #expect(throws: WireError.self) { try message(.error, payload).reply(to: .begin) }
    }

    @Test func `a refusal goes out as an error message`() throws {
        let header = try StoreRequest.read(.root).message(requestID: 5).header
        let answer = StoreReply.failure(.noEntry).message(answering: header)
        #expect(answer.header.type == .error)
        #expect(answer.header.requestID == 5)
        #expect(answer.payload == Array("ENOENT\0".utf8))
    }

    @Test func `a reply that is too long is refused as too big`() throws {
        let header = try StoreRequest.directory(.root).message(requestID: 5).header
        let names = [String](repeating: "123", count: 1024)
        #expect(StoreReply.children(names).message(answering: header).payload.count == 4096)
        let answer = StoreReply.children(names + ["4"]).message(answering: header)
        #expect(try answer.reply(to: .directory(.root)) == .failure(.tooBig))
    }

    @Test func `a started transaction has the server's identifier`() throws {
        let header = try StoreRequest.begin.message(requestID: 1).header
        let answer = StoreReply.done.message(answering: header, startedTransaction: 77)
        #expect(try answer.startedTransaction() == 77)
    }

    @Test(arguments: [("/a/b", "token"), ("@releaseDomain", ""), ("device/vusb", "a b")])
    func `an event is decoded as it was encoded`(path: String, token: String) throws {
        let event = WatchEvent(path: path, token: token)
        let message = try event.message()
        #expect(message.header.type == .watchEvent)
        #expect(message.payload == Array("\(path)\0\(token)\0".utf8))
        #expect(try WatchEvent(decoding: message) == event)
    }

    @Test(arguments: ["", "/a\0", "/a\0t", "\0t\0", "/a\0t\0x\0"])
    func `a malformed event is an error`(_ payload: String) {
        #expect(throws: WireError.self) { try WatchEvent(decoding: message(.watchEvent, payload)) }
    }

    @Test func `an event that no client would take is not encoded`() {
        let long = WatchEvent(path: "/a", token: String(repeating: "t", count: 4093))
        #expect(throws: WireError.self) { try long.message() }
        #expect(throws: WireError.self) { try WatchEvent(path: "/a", token: "\0").message() }
    }

    private func message(_ type: MessageType, _ payload: String) -> Message {
        Message(type, requestID: 1, transactionID: 0, payload: Array(payload.utf8))
    }
}
