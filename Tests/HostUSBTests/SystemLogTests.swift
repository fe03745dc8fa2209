import Foundation
import HostUSB
import TestSupport
import Testing

struct SystemLogTests {
    /// A socket that a log would listen at.
    private final class Listener {
        let descriptor: Int32

        init(_ path: String) throws {
            descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            unsafe withUnsafeMutableBytes(of: &address.sun_path) { bytes in
                unsafe bytes.copyBytes(from: path.utf8)
            }
            let bound = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(bound == 0)
        }

        /// The next datagram; there is one already.
        func next() -> String {
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = unsafe recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
            return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        }

        deinit { close(descriptor) }
    }

    @Test func `a line goes to the log with who wrote it`() throws {
        let directory = try TemporaryDirectory()
        let listener = try Listener(directory.path("log"))
        SystemLog(path: directory.path("log")).write("goal=host")
        let process = getpid()
        #expect(
            listener.next() == "<29>pvusb[\(process)]: uid=\(getuid()) pid=\(process) goal=host")
    }

    @Test func `a line that is too long is cut`() throws {
        let directory = try TemporaryDirectory()
        let listener = try Listener(directory.path("log"))
        SystemLog(path: directory.path("log")).write(String(repeating: "x", count: 9000))
        #expect(listener.next().utf8.count == SystemLog.bytesMax)
    }

    @Test(arguments: ["/nowhere/log", "/" + String(repeating: "p", count: 200)])
    func `a log that is not there is no failure`(path: String) {
        SystemLog(path: path).write("goal=host")
    }
}
