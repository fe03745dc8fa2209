import CLinux
import DeviceModel
import Foundation
import TestSupport

/// A QEMU on a thread of its own: a unix socket whose clients it serves one after the other, by a
/// script.
final class FakeQEMU: @unchecked Sendable {
    /// What it does when a client has come, or has sent a line.
    enum Act: Sendable {
        /// Sends text as it is.
        case send(String)
        /// Sends text a byte at a time.
        case drip(String)
        /// Waits for a line.
        case hear
        /// Does nothing until the client has gone.
        case keepSilent
        /// Closes the connection.
        case hangUp
    }

    static let greeting =
        #"{"QMP": {"version": {"qemu": {"micro": 0, "minor": 2, "major": 9}}, "capabilities": []}}"#
        + "\r\n"
    static let ready = #"{"return": {}, "id": 1}"# + "\r\n"

    let directory: TemporaryDirectory
    private let lock = NSLock()
    private var heardLines: [String] = []
    private let listener: Int32

    /// Makes a socket and serves so many clients, each by its own script.
    init(_ scripts: [[Act]], domain: UInt16 = 3) throws {
        directory = try TemporaryDirectory()
        listener = pvusb_stream_socket()
        let path = directory.path("qmp-libxl-\(domain)")
        guard unsafe pvusb_stream_bind(listener, path) == 0, pvusb_stream_listen(listener, 1) == 0
        else {
            throw POSIXError(.EADDRINUSE)
        }
        let listener = listener
        let thread = Thread { [weak self] in
            for script in scripts {
                _ = pvusb_stream_ready(listener, 0, Self.patience)
                let client = pvusb_stream_accept(listener)
                guard client >= 0 else { break }
                self?.serve(client, script)
                _ = pvusb_close(client)
            }
        }
        thread.start()
    }

    deinit {
        _ = pvusb_close(listener)
    }

    /// A minute: a test that waits so long has failed.
    private static let patience: Int64 = 60_000_000_000

    /// The lines that clients sent, in order.
    var heard: [String] { lock.withLock { heardLines } }

    func client(timeoutMilliseconds: Int = 60_000) -> QMPClient {
        QMPClient(
            sockets: directory.path, locks: directory.path,
            timeoutMilliseconds: timeoutMilliseconds)
    }

    private func serve(_ client: Int32, _ script: [Act]) {
        var pending: [UInt8] = []
        for act in script {
            switch act {
            case .send(let text): send(Array(text.utf8)[...], to: client)
            case .drip(let text): for byte in text.utf8 { send([byte], to: client) }
            case .hear:
                guard let line = Self.line(from: client, &pending) else { return }
                lock.withLock { heardLines.append(line) }
            case .keepSilent: _ = Self.line(from: client, &pending)
            case .hangUp: return
            }
        }
    }

    private func send(_ bytes: ArraySlice<UInt8>, to client: Int32) {
        unsafe bytes.withUnsafeBufferPointer {
            _ = unsafe pvusb_stream_send(client, $0.baseAddress, Int64($0.count))
        }
    }

    /// The next line without its end; nil when the client has gone.
    private static func line(from client: Int32, _ pending: inout [UInt8]) -> String? {
        while true {
            if let end = pending.firstIndex(of: 0x0a) {
                defer { pending.removeSubrange(...end) }
                return String(decoding: pending[..<end], as: UTF8.self)
            }
            var buffer = [UInt8](repeating: 0, count: 4096)
            _ = pvusb_stream_ready(client, 0, patience)
            let count = unsafe pvusb_stream_read(client, &buffer, Int64(buffer.count))
            guard count > 0 else { return nil }
            pending += buffer[..<Int(count)]
        }
    }
}
