import TestSupport
import Testing
import XenStoreWire

@testable import XenStore

struct AsyncStoreTests {
    private let path = StorePath.root / "async"

    /// Runs a body with an async client and a synchronous one of the same server.
    private func withClients(
        _ body: (AsyncStore, StoreClient, ServedStore) async throws -> Void
    ) async throws {
        let served = try ServedStore()
        defer { served.stop() }
        let socket = StoreAddress.socket(served.path)
        try await body(AsyncStore(socket), StoreClient(socket), served)
    }

    @Test func `a batch is answered in order`() async throws {
        try await withClients { store, _, _ in
            let replies = try await store.perform([.write(path, text: "x"), .read(path)])
            #expect(replies == [.done, .value([UInt8(ascii: "x")])])
        }
    }

    @Test func `a watch tells at once, and then of each change`() async throws {
        try await withClients { store, other, _ in
            var changes = try await store.watch(path).makeAsyncIterator()
            #expect(try await changes.next() == .changed(path))
            _ = try other.perform([.write(path / "a", text: "1")])
            #expect(try await changes.next() == .changed(path / "a"))
        }
    }

    @Test func `changes of one path that nobody has read are one`() async throws {
        try await withClients { store, other, _ in
            var changes = try await store.watch(path).makeAsyncIterator()
            #expect(try await changes.next() == .changed(path))
            for number in 0..<100 { _ = try other.perform([.write(path, text: "\(number)")]) }
            _ = try other.perform([.write(path / "last", text: "x")])
            // A reply comes behind every event that was sent before it.
            _ = try await store.perform([.read(path)])
            #expect(try await changes.next() == .changed(path))
            #expect(try await changes.next() == .changed(path / "last"))
        }
    }

    @Test func `too many different changes become one wish to look again`() async throws {
        try await withClients { store, other, _ in
            var changes = try await store.watch(path).makeAsyncIterator()
            #expect(try await changes.next() == .changed(path))
            for number in 0..<3_000 {
                let child = path / StorePath.Component(UInt(number))
                _ = try other.perform([.makeDirectory(child)])
            }
            _ = try await store.perform([.read(path)])
            #expect(try await changes.next() == .resync)
            _ = try other.perform([.write(path / "after", text: "x")])
            #expect(try await changes.next() == .changed(path / "after"))
        }
    }

    @Test func `two watches of one path are told each`() async throws {
        try await withClients { store, _, _ in
            var first = try await store.watch(path).makeAsyncIterator()
            var second = try await store.watch(path).makeAsyncIterator()
            #expect(try await first.next() == .changed(path))
            #expect(try await second.next() == .changed(path))
        }
    }

    @Test func `a watch that is cancelled ends its sequence`() async throws {
        try await withClients { store, _, _ in
            let watch = try await store.watch(path)
            var changes = watch.makeAsyncIterator()
            #expect(try await changes.next() == .changed(path))
            await watch.cancel()
            #expect(try await changes.next() == nil)
        }
    }

    @Test func `a task that is cancelled stops waiting`() async throws {
        try await withClients { store, _, _ in
            let watch = try await store.watch(path)
            let task = Task {
                var count = 0
                for try await _ in watch { count += 1 }
                return count
            }
            _ = try await store.perform([.read(path)])
            task.cancel()
            #expect(try await task.value <= 1)
        }
    }

    @Test func `a server that goes ends every watch with the reason`() async throws {
        try await withClients { store, _, served in
            var changes = try await store.watch(path).makeAsyncIterator()
            #expect(try await changes.next() == .changed(path))
            served.stop()
            let error = await #expect(throws: StoreFailure.self) { _ = try await changes.next() }
            #expect(error?.code == .closed)
        }
    }

    @Test func `a transaction that is left open is aborted`() async throws {
        try await withClients { store, other, _ in
            let path = path
            _ = try await store.withStore { client throws(StoreFailure) in
                try client.perform([.begin, .write(path / "a", text: "x")])
            }
            #expect(try other.perform([.read(path / "a")]) == [.failure(.noEntry)])
            #expect(try await store.perform([.read(path / "a")]) == [.failure(.noEntry)])
        }
    }
}
