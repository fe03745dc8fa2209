import Foundation
import Testing
import XenStoreWire

@testable import XenStore

/// A server that the checks run against: each connection is a client of its own.
struct StoreUnderTest: Sendable {
    let connect: @Sendable () throws -> StoreClient

    /// A directory of this test's own, which no other test knows.
    func directory(_ store: StoreClient) throws -> StorePath {
        let name = UUID().uuidString.lowercased()
        let component = try #require(StorePath.Component("t-\(name)"))
        let path = StorePath.root / "pvusb-test" / component
        #expect(try store.perform([.makeDirectory(path)]) == [.done])
        return path
    }

    /// The server at a socket.
    static func socket(_ path: String) -> StoreUnderTest {
        StoreUnderTest { StoreClient(.socket(path), timeoutMilliseconds: 60_000) }
    }
}

extension StoreClient {
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
