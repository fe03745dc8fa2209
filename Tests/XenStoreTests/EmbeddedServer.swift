import Foundation
import XenStoreServer
import XenStoreWire

@testable import XenStore

/// A store service in this process, for clients on any thread.
final class EmbeddedServer: @unchecked Sendable {
    private let lock = NSLock()
    private var service = StoreService()

    func connect() -> any Transport {
        ServiceTransport(server: self, client: withService { $0.connect() })
    }

    func withService<Value>(_ body: (inout StoreService) -> Value) -> Value {
        lock.withLock { body(&service) }
    }
}

/// The way to a service in this process: bytes in, bytes out.
private final class ServiceTransport: Transport {
    private let server: EmbeddedServer
    private let client: StoreService.Client
    let number: Int32 = -1
    let burstMax = 1 << 16

    init(server: EmbeddedServer, client: StoreService.Client) {
        self.server = server
        self.client = client
    }

    deinit {
        server.withService { $0.disconnect(client) }
    }

    func send(_ bytes: ArraySlice<UInt8>) throws(StoreFailure) -> Sent {
        server.withService { service in
            guard service.acceptsInput(from: client) else { return .taken(0) }
            service.receive(bytes, from: client)
            return .taken(bytes.count)
        }
    }

    func receive() throws(StoreFailure) -> [UInt8]? {
        let bytes = server.withService { $0.takeOutput(for: client) }
        return bytes.isEmpty ? nil : bytes
    }

    func wait(writing: Bool, for nanoseconds: UInt64) {}
}
