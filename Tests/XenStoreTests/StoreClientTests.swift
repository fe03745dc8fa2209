import Testing
import XenStoreWire

@testable import XenStore

struct StoreClientTests {
    private let transport = ScriptedTransport()
    private let path = StorePath.root / "a"

    private func client(timeout: Int = 2_000) -> StoreClient {
        StoreClient(over: transport, timeoutMilliseconds: timeout)
    }

    @Test func `a batch leaves with one send`() throws {
        transport.answer { $0.answered("x") }
        let replies = try client().perform([.read(path), .read(path), .read(path)])
        #expect(replies.map(\.text) == ["x", "x", "x"])
        #expect(transport.sent.count == 1)
    }

    @Test func `replies are matched by id, in whatever order they come`() throws {
        transport.onWait = { transport in
            let replies = transport.messages.reversed().enumerated()
            transport.incoming = replies.map { $0.element.answered("\($0.offset)").bytes }
        }
        let replies = try client().perform([.read(path), .read(path), .read(path)])
        #expect(replies.map(\.text) == ["2", "1", "0"])
    }

    @Test func `a reply that is split at every byte is one reply`() throws {
        transport.onWait = { transport in
            let bytes = transport.messages.flatMap { $0.answered("value").bytes }
            transport.incoming = bytes.map { [$0] }
        }
        #expect(try client().perform([.read(path)]).map(\.text) == ["value"])
    }

    @Test func `no more than 64 requests wait for an answer at a time`() throws {
        var most = 0
        var answered = 0
        transport.onWait = { transport in
            most = max(most, transport.messages.count - answered)
            transport.incoming = [transport.messages[answered].answered("x").bytes]
            answered += 1
        }
        let batch = Array(repeating: StoreRequest.read(path), count: 500)
        #expect(try client().perform(batch).count == 500)
        #expect(most == 64)
    }

    @Test func `what the socket does not take now leaves later`() throws {
        transport.takes = [.taken(3), .taken(0), .taken(9)]
        transport.answer { $0.answered("x") }
        #expect(try client().perform([.read(path)]).map(\.text) == ["x"])
        #expect(transport.messages.count == 1)
    }

    @Test func `an unknown error name is kept`() throws {
        transport.answer { $0.refused("EQUOTA") }
        let replies = try client().perform([.write(path, text: "x")])
        #expect(replies == [.failure(StoreErrorName("EQUOTA"))])
    }

    @Test func `a server that never answers ends in a time-out`() {
        let error = #expect(throws: StoreFailure.self) {
            _ = try client(timeout: 0).perform([.read(path)])
        }
        #expect(error == StoreFailure(.timedOut, "xenstored did not answer in time"))
    }

    @Test func `a server that goes in the middle of a reply ends in an error`() {
        transport.onWait = { transport in
            let bytes = transport.messages.flatMap { $0.answered("value").bytes }
            transport.incoming = [Array(bytes.dropLast())]
            transport.close()
        }
        let error = #expect(throws: StoreFailure.self) { _ = try client().perform([.read(path)]) }
        #expect(error == StoreFailure(.closed, "xenstored closed the connection"))
    }

    @Test func `a reply to nothing ends in an error`() {
        transport.onWait = { transport in
            let stray = Message(.read, requestID: 77, transactionID: 0, payload: [])
            transport.incoming = [stray.bytes]
        }
        let error = #expect(throws: StoreFailure.self) { _ = try client().perform([.read(path)]) }
        #expect(
            error
                == StoreFailure(
                    .malformed,
                    "xenstored broke the protocol: a reply with the id 77 answers nothing"))
    }

    @Test func `a transaction's id goes with everything up to its end`() throws {
        transport.answer {
            $0.header.type == .transactionStart ? $0.answered("42\0") : $0.answered("OK\0")
        }
        let client = client()
        _ = try client.perform([.begin])
        _ = try client.perform([.write(path, text: "x"), .commit])
        _ = try client.perform([.write(path, text: "y")])
        #expect(transport.messages.map(\.header.transactionID) == [0, 42, 42, 0])
        #expect(transport.sent.count == 3)
    }

    @Test func `the kernel's device answers watches under the id 0`() throws {
        transport.burstMax = 1
        transport.onWait = { transport in
            guard let last = transport.messages.last else { return }
            transport.incoming = [
                Message(
                    last.header.type, requestID: 0, transactionID: 0, payload: Array("OK\0".utf8)
                )
                .bytes
            ]
        }
        let watch = StoreRequest.watch(path, token: "t")
        let unwatch = StoreRequest.unwatch(path, token: "t")
        #expect(try client().perform([watch, unwatch]) == [.done, .done])
        #expect(transport.sent.count == 2)
    }

    @Test func `what the kernel's device refuses to take is a refused request`() throws {
        transport.burstMax = 1
        transport.takes = [.refused(.noEntry)]
        transport.answer { $0.answered("x") }
        let replies = try client().perform([.read(path), .read(path)])
        #expect(replies == [.failure(.noEntry), .value([UInt8(ascii: "x")])])
    }

    @Test func `events between replies are kept, identical ones once`() throws {
        let event = WatchEvent(path: "/a", token: "t")
        transport.onWait = { transport in
            let bytes = (try? event.message().bytes) ?? []
            let replies = transport.messages.map { $0.answered("x").bytes }
            transport.incoming = [bytes, bytes] + replies + [bytes]
        }
        let client = client()
        #expect(try client.perform([.read(path)]).map(\.text) == ["x"])
        #expect(try client.takeEvents() == [event])
        #expect(try client.takeEvents() == [])
    }

    @Test func `too many different events become one about everything`() {
        var queue = WatchEventQueue()
        for number in 0...WatchEventQueue.distinctMax {
            queue.append(WatchEvent(path: "/\(number)", token: "t"))
        }
        let last = WatchEvent(path: "/\(WatchEventQueue.distinctMax)", token: "t")
        #expect(queue.takeAll() == [WatchEvent(path: "/", token: ""), last])
    }

    @Test func `a directory that changes while it is read in parts is read anew`() throws {
        var parts = ["1\0a\0b\0", "2\0c\0", "2\0c\0", "2\0d\0\0"]
        transport.answer { message in
            guard message.header.type == .directoryPart else { return message.refused("E2BIG") }
            return message.answered(parts.removeFirst())
        }
        let replies = try client().perform([.directory(path)])
        #expect(replies == [.children(["c", "d"])])
        let offsets = transport.messages.dropFirst().map {
            String(decoding: $0.payload, as: UTF8.self)
        }
        #expect(offsets == ["/a\0" + "0\0", "/a\0" + "4\0", "/a\0" + "0\0", "/a\0" + "2\0"])
    }
}
