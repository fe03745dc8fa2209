import Foundation
import TestSupport
import Testing
import XenStoreWire

@testable import XenStore

struct SocketTransportTests {
    private let path = StorePath.root / "a"

    private func failure(at socket: String, timeout: Int = 2_000) -> StoreFailure? {
        #expect(throws: StoreFailure.self) {
            let client = StoreClient(.socket(socket), timeoutMilliseconds: timeout)
            _ = try client.perform([.read(path)])
        }
    }

    @Test(arguments: [
        ("/no/such/socket", 2),  // ENOENT
        ("/etc/passwd", 111),  // ECONNREFUSED: a file, but no socket
        ("/tmp/" + String(repeating: "x", count: 108), 36),  // ENAMETOOLONG
    ])
    func `a socket that nobody serves can't be reached`(socket: String, errno: Int) {
        let reason = "xenstored at \(socket) can't be reached (errno \(errno))"
        #expect(failure(at: socket) == StoreFailure(.unreachable, reason))
    }

    /// A socket that listens, and whose queue no more clients fit into.
    private func withFullSocket(_ body: (String) throws -> Void) throws {
        let socket = FileManager.default.temporaryDirectory
            .appendingPathComponent("pvusb-\(UUID().uuidString.prefix(8))").path
        defer { _ = unsafe unlink(socket) }
        let listener = try LocalSocket()
        #expect(listener.bind(to: socket) == 0)
        #expect(listen(listener.number, 0) == 0)
        var waiting: [LocalSocket] = []
        repeat { waiting.append(try LocalSocket()) } while waiting.last?.connect(to: socket) == 0
        try body(socket)
    }

    @Test func `a server that accepts nobody ends in a time-out`() throws {
        try withFullSocket { socket in
            let reason = "xenstored at \(socket) accepts no connection"
            #expect(failure(at: socket, timeout: 20) == StoreFailure(.timedOut, reason))
        }
    }

    @Test func `a server that ends is told, and the next call connects anew`() throws {
        let served = try ServedStore()
        let client = StoreClient(.socket(served.path), timeoutMilliseconds: 2_000)
        #expect(try client.perform([.read(path)]) == [.failure(.noEntry)])
        served.stop()
        let error = #expect(throws: StoreFailure.self) { _ = try client.perform([.read(path)]) }
        #expect(error?.code == .closed)
        #expect(error?.message.hasPrefix("xenstored closed the connection") == true)
        #expect(failure(at: served.path)?.code == .unreachable)
    }
}

/// The kernel's device, with a pseudo-terminal in its place: a character device whose other side
/// the test writes and reads.
struct DeviceTransportTests {
    private let path = StorePath.root / "a"

    @Test func `a request and its reply go through the kernel's device`() throws {
        let terminal = try PseudoTerminal()
        let address = try #require(StoreAddress(existing: terminal.path))
        #expect(address == .device(terminal.path))
        #expect(address.path == terminal.path)
        let request = try StoreRequest.read(path).message(requestID: 1)
        try terminal.write(request.answered("value").bytes)
        let client = StoreClient(address, timeoutMilliseconds: 2_000)
        #expect(try client.perform([.read(path)]).map(\.text) == ["value"])
        #expect(terminal.read(request.bytes.count) == request.bytes)
    }

    @Test func `a device that says nothing ends in a time-out`() throws {
        let terminal = try PseudoTerminal()
        let client = StoreClient(.device(terminal.path), timeoutMilliseconds: 20)
        let error = #expect(throws: StoreFailure.self) { _ = try client.perform([.read(path)]) }
        #expect(error == StoreFailure(.timedOut, "xenstored did not answer in time"))
    }

    @Test func `a device that ends is a closed connection`() {
        let client = StoreClient(.device("/dev/null"), timeoutMilliseconds: 2_000)
        let error = #expect(throws: StoreFailure.self) { _ = try client.perform([.read(path)]) }
        #expect(error == StoreFailure(.closed, "xenstored closed the connection"))
    }

    @Test func `a device that is not there can't be opened`() {
        let error = #expect(throws: StoreFailure.self) {
            let client = StoreClient(.device("/no/such/device"), timeoutMilliseconds: 2_000)
            _ = try client.perform([.read(path)])
        }
        #expect(error == StoreFailure(.unreachable, "/no/such/device can't be opened"))
    }

    @Test func `the number with which the kernel refuses a write is a refusal's name`() throws {
        #expect(try DeviceTransport(path: "/dev/full").send([1, 2, 3]) == .refused(.noSpace))
    }
}

/// A unix stream socket of a test's own, which does not block.
private final class LocalSocket {
    let number: Int32

    init() throws {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        number = socket(AF_UNIX, type, 0)
        try #require(number >= 0)
    }

    deinit {
        _ = close(number)
    }

    func bind(to path: String) -> Int32 {
        unsafe withAddress(path) { unsafe Glibc.bind(number, $0, $1) }
    }

    func connect(to path: String) -> Int32 {
        unsafe withAddress(path) { unsafe Glibc.connect(number, $0, $1) }
    }

    private func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) {
            unsafe $0.copyBytes(from: path.utf8)
        }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, size)
            }
        }
    }
}

/// Both sides of a pseudo-terminal that changes no byte.
private final class PseudoTerminal {
    private let master: Int32
    private let slave: Int32

    /// The device's path.
    let path: String

    init() throws {
        var (master, slave): (Int32, Int32) = (-1, -1)
        var name = [CChar](repeating: 0, count: 64)
        var mode = termios()
        unsafe cfmakeraw(&mode)
        try #require(unsafe openpty(&master, &slave, &name, &mode, nil) == 0)
        // A test that finds nothing to read fails, and does not wait.
        try #require(fcntl(master, F_SETFL, O_NONBLOCK) == 0)
        self.master = master
        // It stays open, so that what is written waits for the one who opens it next.
        self.slave = slave
        path = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        _ = close(slave)
        _ = close(master)
    }

    func write(_ bytes: [UInt8]) throws {
        try #require(unsafe Glibc.write(master, bytes, bytes.count) == bytes.count)
    }

    func read(_ count: Int) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: count)
        let length = unsafe Glibc.read(master, &buffer, count)
        return Array(buffer.prefix(max(0, length)))
    }
}
