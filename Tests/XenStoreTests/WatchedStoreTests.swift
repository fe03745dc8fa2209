import TestSupport
import Testing
import XenStoreWire

@testable import XenStore

/// A memory before the embedded store, in this process.
struct EmbeddedWatchedStoreTests {
    private let server = StoreUnderTest.embedded(EmbeddedServer())

    @Test(arguments: WatchedStoreCheck.all)
    func `a memory before the embedded store keeps it`(check: WatchedStoreCheck) throws {
        try check.run(try WatchedBench(server))
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `whatever happens, what is answered is what is there`(seed: UInt64) throws {
        try RandomChanges(server, seed).run(rounds: 1_000)
    }

    @Test(arguments: 5...8 as ClosedRange<UInt64>)
    func `whatever happens, and is heard of late, what is answered is what is there`(
        seed: UInt64
    ) throws {
        let slow = StoreUnderTest.embedded(EmbeddedServer(isSlow: true))
        try RandomChanges(slow, seed).run(rounds: 500)
    }
}

/// A memory before the embedded store behind a socket.
struct EmbeddedSocketWatchedStoreTests {
    @Test(arguments: WatchedStoreCheck.all)
    func `a memory before a socket keeps it`(check: WatchedStoreCheck) throws {
        try ServedStore.run { try check.run(try WatchedBench(.socket($0.path))) }
    }

    @Test func `after the server closed the connection nothing old is answered`() throws {
        try ServedStore.run { served in
            let bench = try WatchedBench(.socket(served.path))
            try bench.look()
            try bench.look()
            served.stop()
            #expect(throws: StoreFailure.self) { try bench.store.perform(bench.batch) }
            #expect(bench.store.remembered == 0)
            #expect(throws: StoreFailure.self) { try bench.store.perform(bench.batch) }
        }
    }

    @Test func `a connection made anew begins without memory, and is watched again`() throws {
        try ServedStore.run { served in
            let bench = try WatchedBench(.socket(served.path))
            try bench.look()
            bench.client.disconnect()
            try bench.other(.write(try bench.path("3/value"), text: "new"))
            try bench.look()
            #expect(try bench.cost { try bench.look() } == bench.batch.count + 3)
            #expect(try bench.cost { try bench.look() } == 1)
        }
    }
}

/// A memory before Debian's C xenstored, where a socket of one is named.
@Suite(.enabled(if: RealServer.c != nil, "needs xenstored: PVUSB_TEST_C_XENSTORED"))
struct CXenstoredWatchedStoreTests {
    @Test(arguments: WatchedStoreCheck.all)
    func `a memory before C xenstored keeps it`(check: WatchedStoreCheck) throws {
        try check.run(try WatchedBench(.socket(try #require(RealServer.c))))
    }

    @Test func `whatever happens, what C xenstored has is answered`() throws {
        try RandomChanges(.socket(try #require(RealServer.c)), 1).run(rounds: 500)
    }
}

/// A memory before Debian's oxenstored, where a socket of one is named: it remembers nothing.
@Suite(.enabled(if: RealServer.oxenstored != nil, "needs oxenstored: PVUSB_TEST_OXENSTORED"))
struct OxenstoredWatchedStoreTests {
    @Test func `oxenstored is asked everything`() throws {
        let bench = try WatchedBench(.socket(try #require(RealServer.oxenstored)))
        #expect(try bench.cost { try bench.look() } == bench.batch.count + 1)
        #expect(try bench.cost { try bench.look() } == bench.batch.count)
        #expect(bench.store.remembered == 0)
    }

    @Test(arguments: WatchedStoreCheck.truths)
    func `a memory before oxenstored keeps it`(check: WatchedStoreCheck) throws {
        try check.run(try WatchedBench(.socket(try #require(RealServer.oxenstored))))
    }
}
