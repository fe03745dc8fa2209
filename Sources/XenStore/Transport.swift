internal import CLinux
internal import XenStoreWire

/// A way to a server that bytes go and come by; it never blocks but in ``wait(writing:for:)``.
protocol Transport: AnyObject {
    /// The open file, for somebody who waits on several.
    var number: Int32 { get }
    /// The most bytes of whole messages that may leave at once.
    var burstMax: Int { get }
    /// Sends whole messages, as many bytes of them as the other side takes now.
    func send(_ bytes: ArraySlice<UInt8>) throws(StoreFailure) -> Sent
    /// What has come; nil when nothing has.
    func receive() throws(StoreFailure) -> [UInt8]?
    /// Waits until something has come, or also until more can be sent, or the time is over.
    func wait(writing: Bool, for nanoseconds: UInt64)
}

/// What became of bytes to be sent.
enum Sent: Hashable {
    /// So many were taken; 0 for "not now".
    case taken(Int)
    /// The one message was refused as a whole, and will not be answered.
    case refused(StoreErrorName)
}

/// The unix socket of a xenstored.
final class SocketTransport: Transport {
    private let socket: Descriptor
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)

    /// Connects to a path; a server whose queue is full is asked again until the deadline.
    init(path: String, deadline: UInt64) throws(StoreFailure) {
        guard let socket = Descriptor(owning: pvusb_stream_socket()) else {
            throw StoreFailure(.unreachable, "no socket can be made")
        }
        self.socket = socket
        while true {
            let result = unsafe pvusb_stream_connect(self.socket.number, path)
            if result == 0 { return }
            guard -result == PVUSB_EAGAIN else {
                let isDenied = [PVUSB_EACCES, PVUSB_EPERM].contains(-result)
                throw StoreFailure(
                    isDenied ? .denied : .unreachable,
                    "xenstored at \(path) can't be reached (errno \(-result))")
            }
            guard pvusb_monotonic() < deadline else {
                throw StoreFailure(.timedOut, "xenstored at \(path) accepts no connection")
            }
            // A full queue has no event that could be waited for.
            wait(writing: false, for: Self.retryNanoseconds)
        }
    }

    private static let retryNanoseconds: UInt64 = 5_000_000

    var number: Int32 { socket.number }
    var burstMax: Int { 1 << 16 }

    func send(_ bytes: ArraySlice<UInt8>) throws(StoreFailure) -> Sent {
        let sent = unsafe bytes.withUnsafeBufferPointer {
            unsafe pvusb_stream_send(socket.number, $0.baseAddress, Int64($0.count))
        }
        if sent >= 0 { return .taken(Int(sent)) }
        guard -sent == PVUSB_EAGAIN || -sent == PVUSB_EINTR else {
            throw StoreFailure(.closed, "xenstored closed the connection (errno \(-sent))")
        }
        return .taken(0)
    }

    func receive() throws(StoreFailure) -> [UInt8]? {
        try readStream(socket.number, &buffer)
    }

    func wait(writing: Bool, for nanoseconds: UInt64) {
        _ = pvusb_stream_ready(socket.number, writing ? 1 : 0, Int64(clamping: nanoseconds))
    }
}

/// The kernel's device (drivers/xen/xenbus/xenbus_dev_frontend.c): one message a write, and a
/// request that fails is refused by the write itself.
final class DeviceTransport: Transport {
    private let device: Descriptor
    private var buffer = [UInt8](repeating: 0, count: 1 << 13)

    init(path: String) throws(StoreFailure) {
        guard let device = Descriptor(owning: unsafe pvusb_stream_open(path)) else {
            throw StoreFailure(.unreachable, "\(path) can't be opened")
        }
        self.device = device
    }

    var number: Int32 { device.number }
    /// One message at a time.
    var burstMax: Int { 1 }

    func send(_ bytes: ArraySlice<UInt8>) throws(StoreFailure) -> Sent {
        let written = unsafe bytes.withUnsafeBufferPointer {
            unsafe pvusb_stream_write(device.number, $0.baseAddress, Int64($0.count))
        }
        guard written < 0 else { return .taken(Int(written)) }
        guard let name = StoreErrorName(errno: Int32(-written)) else {
            throw StoreFailure(.closed, "the kernel's xenbus device failed (errno \(-written))")
        }
        return .refused(name)
    }

    func receive() throws(StoreFailure) -> [UInt8]? {
        try readStream(device.number, &buffer)
    }

    func wait(writing: Bool, for nanoseconds: UInt64) {
        _ = pvusb_stream_ready(device.number, writing ? 1 : 0, Int64(clamping: nanoseconds))
    }
}

extension StoreErrorName {
    /// The names whose numbers the kernel gives back from a write (xs_wire.h, `xsd_errors`).
    fileprivate init?(errno: Int32) {
        let names: [Int32: StoreErrorName] = [
            1: .notPermitted, 2: .noEntry, 5: .inputOutput, 7: .tooBig, 11: .again,
            13: .accessDenied, 16: .busy, 17: .exists, 22: .invalid, 28: .noSpace,
            38: .unsupported,
        ]
        guard let name = names[errno] else { return nil }
        self = name
    }
}

private func readStream(
    _ descriptor: Int32, _ buffer: inout [UInt8]
) throws(StoreFailure) -> [UInt8]? {
    let count = unsafe buffer.withUnsafeMutableBufferPointer {
        unsafe pvusb_stream_read(descriptor, $0.baseAddress, Int64($0.count))
    }
    if count > 0 { return Array(buffer[..<Int(count)]) }
    guard -count == PVUSB_EAGAIN || -count == PVUSB_EINTR else {
        let cause = count == 0 ? "" : " (errno \(-count))"
        throw StoreFailure(.closed, "xenstored closed the connection\(cause)")
    }
    return nil
}
