import Foundation
import XenStoreServer
import XenStoreWire

@testable import XenStore

/// A store service in this process, for clients on any thread.
final class EmbeddedServer: @unchecked Sendable {
    private let lock = NSLock()
    private var service = StoreService()
    /// Whether nothing reaches a client before it asks, as when a server is slow to send.
    private let isSlow: Bool

    init(isSlow: Bool = false) {
        self.isSlow = isSlow
    }

    func connect() -> any Transport {
        ServiceTransport(
            server: self, client: withService { $0.connect() }, isSlow: isSlow)
    }

    func withService<Value>(_ body: (inout StoreService) -> Value) -> Value {
        lock.withLock { body(&service) }
    }
}

/// The way to a service in this process: bytes in, bytes out.
private final class ServiceTransport: Transport {
    private let server: EmbeddedServer
    private let client: StoreService.Client
    private let isSlow: Bool
    private var isAsked = false
    let number: Int32 = -1
    let burstMax = 1 << 16

    init(server: EmbeddedServer, client: StoreService.Client, isSlow: Bool) {
        self.server = server
        self.client = client
        self.isSlow = isSlow
    }

    deinit {
        server.withService { $0.disconnect(client) }
    }

    func send(_ bytes: ArraySlice<UInt8>) throws(StoreFailure) -> Sent {
        isAsked = true
        return server.withService { service in
            guard service.acceptsInput(from: client) else { return .taken(0) }
            service.receive(bytes, from: client)
            return .taken(bytes.count)
        }
    }

    func receive() throws(StoreFailure) -> [UInt8]? {
        guard isAsked || !isSlow else { return nil }
        let bytes = server.withService { $0.takeOutput(for: client) }
        isAsked = !bytes.isEmpty
        return bytes.isEmpty ? nil : bytes
    }

    func wait(writing: Bool, for nanoseconds: UInt64) {}
}
