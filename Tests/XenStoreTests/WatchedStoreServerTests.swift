import Testing
import XenStoreWire

@testable import XenStore

/// A memory before a server that does what real ones do seldom.
struct WatchedStoreServerTests {
    private static let directory = StorePath.root / "d"

    private let transport = ScriptedTransport()
    private let batch = (0..<4).map { StoreRequest.read(directory / StorePath.Component($0)) }

    private func store(at address: StoreAddress = .socket("")) -> WatchedStore {
        let client = StoreClient(over: transport, at: address, timeoutMilliseconds: 2_000)
        return WatchedStore(client, below: [Self.directory], readsMin: 4)
    }

    /// Lets the server answer everything, and send events before the next reply.
    private func serve(
        refusing refused: Set<MessageType> = [], program: String? = nil
    ) -> Events {
        let events = Events()
        let question = Array("\(WatchedStore.program)\0".utf8)
        var answered = 0
        transport.onWait = { transport in
            for message in transport.messages.dropFirst(answered) {
                answered += 1
                let type = message.header.type
                transport.incoming += events.take()
                let isRefused = refused.contains(type)
                var answer = isRefused ? message.refused("EQUOTA") : message.answered("OK\0")
                if message.payload == question {
                    answer = program.map { message.answered($0) } ?? message.refused("ENOENT")
                }
                transport.incoming.append(answer.bytes)
            }
        }
        return events
    }

    /// What the server sends before its next reply: all of it, or the next whenever it is asked.
    private final class Events {
        var next: [WatchEvent] = []
        var isEndless = false

        func take() -> [[UInt8]] {
            let count = isEndless ? 1 : next.count
            defer { next.removeFirst(min(count, next.count)) }
            return next.prefix(count).compactMap { try? $0.message().bytes }
        }
    }

    private func event(_ path: String) -> WatchEvent {
        WatchEvent(path: path, token: WatchedStore.token)
    }

    /// How many requests a look at everything takes.
    private func cost(_ store: WatchedStore) throws -> Int {
        let before = transport.messages.count
        _ = try store.perform(batch)
        return transport.messages.count - before
    }

    @Test func `an event with the barrier's reply has the others asked again`() throws {
        let events = serve()
        let store = store()
        _ = try cost(store)
        events.next = [event("/d/1")]
        #expect(try cost(store) == 2)
        events.next = [event("/d")]
        #expect(try cost(store) == 4)
    }

    @Test func `what follows a reply that was forgotten meanwhile is asked again behind it`() throws
    {
        let events = serve()
        let store = store()
        _ = try cost(store)
        transport.incoming = [try event("/d/2").message().bytes]
        #expect(try store.takeEvents() == [])
        events.next = [event("/d/1")]
        #expect(try cost(store) == 3)
        let payloads = transport.messages.suffix(3).map(\.payload)
        #expect(payloads == ["/d/2\0", "/d/1\0", "/d/2\0"].map { Array($0.utf8) })
    }

    @Test func `a store that changes all the time is asked as a whole at last`() throws {
        let events = serve()
        let store = store()
        let batch = (0..<8).map { StoreRequest.read(Self.directory / StorePath.Component($0)) }
        _ = try store.perform(batch)
        let before = transport.messages.count
        events.isEndless = true
        events.next = [7, 6, 5, 4, 3].map { event("/d/\($0)") }
        #expect(try store.perform(batch).count == 8)
        // The barrier, then whatever one event a reply forgot, and what follows it, then all.
        #expect(transport.messages.count - before == 1 + 1 + 2 + 4 + 8)
    }

    @Test func `what was answered behind an event is forgotten with it`() throws {
        let events = serve()
        let store = store()
        _ = try cost(store)
        transport.incoming = [try event("/d/2").message().bytes]
        #expect(try store.takeEvents() == [])
        // C xenstored drops an event while an identical one waits: this one, which comes before the
        // reply, may stand for a change after it, too.
        events.next = [event("/d/2")]
        #expect(try cost(store) == 1)
        #expect(try cost(store) == 1)
        #expect(transport.messages.last?.payload == Array("/d/2\0".utf8))
        #expect(try cost(store) == 1)
        #expect(transport.messages.last?.payload == Array("/d/0\0".utf8))
    }

    @Test func `events are read while one waits`() throws {
        let events = serve()
        let store = store()
        transport.incoming = [try event("/d/1").message().bytes]
        store.drain()
        #expect(!transport.incoming.isEmpty, "nothing is watched")
        _ = try cost(store)
        events.next = []
        let theirs = WatchEvent(path: "/a", token: "t")
        transport.incoming = [try event("/d/1").message().bytes, try theirs.message().bytes]
        store.drain()
        #expect(transport.incoming.isEmpty)
        #expect(try store.takeEvents() == [theirs])
    }

    @Test func `a connection that is lost while one waits is told to whoever asks next`() throws {
        _ = serve()
        let store = store()
        _ = try cost(store)
        transport.incoming = [
            Message(.read, requestID: 999, transactionID: 0, payload: []).bytes
        ]
        store.drain()
        #expect(throws: StoreFailure.self) { try store.perform([.read(.root)]) }
        #expect(store.remembered == 0)
    }

    @Test func `an event about everything forgets everything, and is the caller's too`() throws {
        let events = serve()
        let store = store()
        _ = try cost(store)
        events.next = [WatchEventQueue.everything]
        #expect(try cost(store) == 4)
        #expect(try store.takeEvents() == [WatchEventQueue.everything])
    }

    @Test func `where watches are refused everything is asked`() throws {
        _ = serve(refusing: [.watch])
        let store = store()
        #expect(try cost(store) == 4 + 3 + 1)
        #expect(try cost(store) == 4)
        #expect(store.remembered == 0)
    }

    @Test(arguments: ["/usr/lib/xen/bin/oxenstored", "another"])
    func `a server that may lose the order, or hold others up, is not watched`(
        program: String
    ) throws {
        _ = serve(program: program)
        let store = store()
        #expect(try cost(store) == 4 + 1)
        #expect(try cost(store) == 4)
        #expect(store.remembered == 0)
        #expect(!transport.messages.contains { $0.header.type == .watch })
    }

    @Test func `C xenstored says nothing of its program, and is watched`() throws {
        _ = serve(program: "")
        let store = store()
        _ = try cost(store)
        #expect(try cost(store) == 1)
    }

    @Test func `the kernel's device is asked everything, since it keeps no order`() throws {
        _ = serve()
        let store = store(at: .device("/dev/xen/xenbus"))
        #expect(try cost(store) == 4)
        #expect(try cost(store) == 4)
    }

    @Test func `after a reply that makes no sense nothing is remembered`() throws {
        _ = serve()
        let store = store()
        _ = try cost(store)
        transport.onWait = { transport in
            transport.incoming = [
                Message(.read, requestID: 999, transactionID: 0, payload: []).bytes
            ]
        }
        #expect(throws: StoreFailure.self) { try store.perform(batch) }
        #expect(store.remembered == 0)
    }
}
