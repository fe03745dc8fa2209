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

/// The embedded store behind a socket, served by a thread as long as a test runs.
enum EmbeddedSocket {
    static func withServer(_ body: (String) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("pvusb-store-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appendingPathComponent("socket").path
        let served = ServedStore(path)
        defer { served.stop() }
        try served.waitUntilReady()
        try body(path)
    }
}

/// A thread that serves a store; made, stopped and waited for by the test's thread.
private final class ServedStore: @unchecked Sendable {
    private let ready = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    private var stopper: Stopper?
    private var failure: (any Error)?

    init(_ path: String) {
        Thread { [self] in
            do {
                let server = try StoreServer(path: path)
                stopper = server.stopper
                ready.signal()
                try server.run()
            } catch {
                failure = error
                ready.signal()
            }
            ended.signal()
        }.start()
    }

    func waitUntilReady() throws {
        ready.wait()
        if let failure { throw failure }
    }

    func stop() {
        stopper?.stop()
        ended.wait()
    }
}
