internal import Foundation
internal import XenStoreServer

/// The embedded store behind a socket, served by a thread until it is stopped.
///
/// Made, stopped and waited for by a test's thread; the semaphores order what the two threads touch,
/// which the compiler can't see.
package final class ServedStore: @unchecked Sendable {
    private let directory: TemporaryDirectory
    private let ready = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    private var stopper: Stopper?
    private var failure: (any Error)?

    /// The socket's path.
    package var path: String { directory.path("socket") }

    /// Runs a body beside a server.
    package static func run(_ body: (ServedStore) throws -> Void) throws {
        let served = try ServedStore()
        defer { served.stop() }
        try body(served)
    }

    /// Starts the server.
    package init() throws {
        directory = try TemporaryDirectory()
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
    package func stop() {
        guard let stopper else { return }
        self.stopper = nil
        stopper.stop()
        ended.wait()
    }
}
