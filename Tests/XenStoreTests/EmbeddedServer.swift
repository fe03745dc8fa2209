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
        let served = try Served()
        defer { served.stop() }
        try body(served.path)
    }

    /// A thread that serves a store; it is made, stopped and waited for by a test's thread.
    final class Served: @unchecked Sendable {
        let path: String
        private let directory: URL
        private let ready = DispatchSemaphore(value: 0)
        private let ended = DispatchSemaphore(value: 0)
        private var stopper: Stopper?
        private var failure: (any Error)?
        private var isStopped = false

        init() throws {
            directory = FileManager.default.temporaryDirectory
                .appendingPathComponent("pvusb-store-\(UUID().uuidString.prefix(8))")
            try FileManager.default.createDirectory(
                at: directory, withIntermediateDirectories: true)
            path = directory.appendingPathComponent("socket").path
            Thread { [self] in serve() }.start()
            ready.wait()
            if let failure { throw failure }
        }

        private func serve() {
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
        }

        /// Ends the server and every connection to it; again is no matter.
        func stop() {
            guard !isStopped else { return }
            isStopped = true
            stopper?.stop()
            ended.wait()
            try? FileManager.default.removeItem(at: directory)
        }
    }
}
