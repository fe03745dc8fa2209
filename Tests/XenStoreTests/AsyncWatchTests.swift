import TestSupport
import Testing
import XenStoreWire

@testable import XenStore

/// Watches of the asynchronous client that can't begin, and ways in which they end.
struct AsyncWatchTests {
    private let path = StorePath.root / "async"

    private func withServer(
        _ body: (AsyncStore, ServedStore) async throws -> Void
    ) async throws {
        let served = try ServedStore()
        defer { served.stop() }
        try await body(AsyncStore(.socket(served.path)), served)
    }

    @Test func `without a server nothing is watched, and the reason is told`() async {
        let store = AsyncStore(.socket("/no/such/socket"))
        let error = await #expect(throws: StoreFailure.self) { try await store.watch(path) }
        #expect(error?.code == .unreachable)
    }

    @Test func `of two readers of one watch the second is not kept waiting`() async throws {
        try await withServer { store, served in
            let watch = try await store.watch(path)
            var first = watch.makeAsyncIterator()
            #expect(try await first.next() == .changed(path))
            let (path, socket) = (path, served.path)
            let changes = try await withThrowingTaskGroup(of: WatchChange?.self) { group in
                for _ in 1...2 {
                    group.addTask {
                        var reader = watch.makeAsyncIterator()
                        return try await reader.next()
                    }
                }
                let early = try await group.next()
                // Only now can the one who waits be told of anything.
                _ = try StoreClient(.socket(socket)).perform([.write(path, text: "x")])
                return [early, try await group.next()]
            }
            #expect(changes == [.some(nil), .some(.changed(path))])
        }
    }

    @Test func `more events at once than can be told apart are a wish to look again`() async throws
    {
        try await withServer { store, served in
            var changes = try await store.watch(path).makeAsyncIterator()
            #expect(try await changes.next() == .changed(path))
            let (path, socket) = (path, served.path)
            try await store.withStore { client throws(StoreFailure) in
                let other = StoreClient(.socket(socket))
                let names = (0..<WatchEventQueue.distinctMax * 2).map { UInt($0) }
                _ = try other.perform(
                    names.map { .makeDirectory(path / StorePath.Component($0)) })
                // A reply comes behind every event that was sent before it.
                _ = try client.perform([.read(path)])
            }
            #expect(try await changes.next() == .resync)
        }
    }

    @Test func `a transaction in which something was thrown is aborted`() async throws {
        try await withServer { store, _ in
            let path = path
            let failure = StoreFailure(.refused, "no")
            let thrown = await #expect(throws: StoreFailure.self) {
                try await store.withStore { client throws(StoreFailure) in
                    _ = try client.perform([.begin, .write(path, text: "x")])
                    throw failure
                }
            }
            #expect(thrown == failure)
            let replies = try await store.perform([.read(path)])
            #expect(replies == [.failure(.noEntry)])
        }
    }
}
