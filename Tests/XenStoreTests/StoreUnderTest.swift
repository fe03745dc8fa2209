import Foundation
import Testing
import XenStoreWire

@testable import XenStore

/// A store whose watch events can be taken and waited for.
protocol ListeningStore: Store {
    var descriptor: Int32? { get }
    func takeEvents() throws(StoreFailure) -> [WatchEvent]
}

extension StoreClient: ListeningStore {}
extension WatchedStore: ListeningStore {}

/// A server that the checks run against: each connection is a client of its own.
struct StoreUnderTest: Sendable {
    /// Below this all tests have their nodes.
    static let root = StorePath.root / "pvusb-test"

    let client: @Sendable () throws -> StoreClient
    /// Whether the checks go through a memory, which watches from the first read on.
    var isWatched = false

    init(_ client: @escaping @Sendable () throws -> StoreClient) {
        self.client = client
    }

    /// The same server behind a memory.
    var watched: StoreUnderTest {
        var copy = self
        copy.isWatched = true
        return copy
    }

    func connect() throws -> any ListeningStore {
        guard isWatched else { return try client() }
        return WatchedStore(try client(), below: [Self.root], readsMin: 1)
    }

    /// A directory of this test's own, which no other test knows.
    func directory(_ store: any Store) throws -> StorePath {
        let name = UUID().uuidString.lowercased()
        let component = try #require(StorePath.Component("t-\(name)"))
        let path = Self.root / component
        #expect(try store.perform([.makeDirectory(path)]) == [.done])
        return path
    }

    /// A server in this process.
    static func embedded(_ server: EmbeddedServer) -> StoreUnderTest {
        StoreUnderTest { StoreClient(over: server.connect(), timeoutMilliseconds: 10_000) }
    }

    /// The server at a socket.
    static func socket(_ path: String) -> StoreUnderTest {
        StoreUnderTest { StoreClient(.socket(path), timeoutMilliseconds: 60_000) }
    }
}

extension ListeningStore {
    /// The next events, within ten seconds; none when none came.
    func nextEvents() throws -> [WatchEvent] {
        let deadline = Date.now + 10
        while Date.now < deadline {
            let events = try takeEvents()
            if !events.isEmpty { return events }
            var polled = pollfd(fd: descriptor ?? -1, events: Int16(POLLIN), revents: 0)
            // The server in this process has no descriptor; it has answered already.
            guard polled.fd >= 0 else { return [] }
            _ = unsafe poll(&polled, 1, 1_000)
        }
        return []
    }
}
