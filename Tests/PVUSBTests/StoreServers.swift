import Foundation
import XenStoreServer

/// A xenstored that tests run on, several at once: each with a guest and devices of its own.
enum StoreServers {
    /// The sockets of real servers, as `scripts/with-stores` starts them.
    static let c = ProcessInfo.processInfo.environment["PVUSB_TEST_C_XENSTORED"]
    static let oxenstored = ProcessInfo.processInfo.environment["PVUSB_TEST_OXENSTORED"]

    /// Lets a domain live as far as a server of `scripts/real-xenstored` knows
    /// (docs/real-xenstored.md); C xenstored refuses permissions for any other.
    static func bear(_ domain: UInt16, at socket: String) throws {
        guard let file = domainFile(domain, at: socket) else { return }
        try Data().write(to: file)
    }

    /// Lets a domain die.
    static func bury(_ domain: UInt16, at socket: String) throws {
        guard let file = domainFile(domain, at: socket) else { return }
        try FileManager.default.removeItem(at: file)
    }

    private static func domainFile(_ domain: UInt16, at socket: String) -> URL? {
        let directory = URL(fileURLWithPath: socket).deletingLastPathComponent()
            .appendingPathComponent("dom")
        guard FileManager.default.fileExists(atPath: directory.path) else { return nil }
        return directory.appendingPathComponent(String(domain))
    }
}

/// The embedded store behind a socket, served by a thread as long as a test runs.
final class EmbeddedStore: @unchecked Sendable {
    let socket: String
    private let directory: URL
    private let ready = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    private var stopper: Stopper?
    private var failure: (any Error)?

    /// Does something while a server runs.
    static func withServer(_ body: (String) throws -> Void) throws {
        let store = try EmbeddedStore()
        defer { store.stop() }
        try body(store.socket)
    }

    private init() throws {
        directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("pvusb-store-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        socket = directory.appendingPathComponent("socket").path
        Thread { [self] in serve() }.start()
        ready.wait()
        if let failure { throw failure }
    }

    private func serve() {
        do {
            let server = try StoreServer(path: socket)
            stopper = server.stopper
            ready.signal()
            try server.run()
        } catch {
            failure = error
            ready.signal()
        }
        ended.signal()
    }

    private func stop() {
        stopper?.stop()
        ended.wait()
        try? FileManager.default.removeItem(at: directory)
    }
}
