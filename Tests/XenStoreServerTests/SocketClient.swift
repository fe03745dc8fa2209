import Foundation
import Glibc
import Testing
import XenStoreServer

/// A client with a plain socket that never blocks.
final class SocketClient {
    let number: Int32

    init(_ path: String) throws {
        number = try makeSocket()
        try #require(connectSocket(number, to: path) == 0)
    }

    deinit {
        _ = close(number)
    }

    /// Sends what the socket takes now; returns how many bytes that were.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Int {
        max(0, unsafe Glibc.send(number, bytes, bytes.count, Int32(MSG_NOSIGNAL)))
    }

    /// What has come; nil at the end of the stream.
    func receive() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = unsafe recv(number, &buffer, buffer.count, 0)
        if count > 0 { return Array(buffer[..<count]) }
        return count < 0 && errno == EAGAIN ? [] : nil
    }

    /// Waits, with a bound, until there is something to receive.
    func waitReadable() -> Bool {
        var polled = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&polled, 1, 10_000) == 1
    }
}

/// A server in a directory of its own.
final class SocketParty {
    let directory: URL
    let path: String
    let server: StoreServer

    init() throws {
        directory = try makeDirectory()
        path = directory.appendingPathComponent("socket").path
        server = try StoreServer(path: path)
    }

    deinit {
        try? FileManager.default.removeItem(at: directory)
    }

    func client() throws -> SocketClient {
        let client = try SocketClient(path)
        try server.turn(nanoseconds: 0)
        return client
    }

    /// Turns until nothing is ready.
    func settle(turns: Int = 1) throws {
        for _ in 0..<turns { try server.turn(nanoseconds: 0) }
    }

    /// Turns until so many bytes have come, the stream ended or the bound is reached.
    func receive(_ count: Int, by client: SocketClient, turns: Int = 1000) throws -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<turns where bytes.count < count {
            try server.turn(nanoseconds: 0)
            guard let more = client.receive() else { break }
            bytes += more
        }
        return bytes
    }

    func ask(_ request: [UInt8], _ reply: [UInt8], by client: SocketClient) throws {
        client.send(request)
        #expect(try receive(reply.count, by: client) == reply)
    }

    /// Tells whether the server ends the client's connection within some turns.
    func isEnded(_ client: SocketClient) throws -> Bool {
        for _ in 0..<1000 {
            try server.turn(nanoseconds: 0)
            if client.receive() == nil { return true }
        }
        return false
    }
}

/// A directory of the test's own, with a name short enough for a socket's path.
func makeDirectory() throws -> URL {
    let directory = URL(fileURLWithPath: "/tmp/xss-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
    return directory
}

/// A stream socket that neither blocks nor is bound.
func makeSocket() throws -> Int32 {
    let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let number = socket(AF_UNIX, type, 0)
    try #require(number >= 0)
    return number
}

func connectSocket(_ number: Int32, to path: String) -> Int32 {
    unsafe withAddress(path) { unsafe connect(number, $0, $1) }
}

func bindSocket(_ number: Int32, to path: String) -> Int32 {
    unsafe withAddress(path) { unsafe bind(number, $0, $1) }
}

private func withAddress(
    _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { bytes in
        unsafe bytes.copyBytes(from: path.utf8.prefix(bytes.count - 1))
    }
    return unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
}
