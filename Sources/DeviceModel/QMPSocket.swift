internal import CLinux

/// A connection to a QEMU: a unix socket that never blocks but until a deadline.
struct QMPSocket: ~Copyable {
    private let descriptor: QMPDescriptor
    private var decoder = QMPDecoder()
    private let deadline: UInt64

    /// Connects to a path; QEMU has one place in its queue, so a full one is asked again.
    ///
    /// - Parameter deadline: in nanoseconds of CLOCK_MONOTONIC.
    init(path: String, deadline: UInt64) throws(QMPFailure) {
        descriptor = try Self.connected(to: path, deadline)
        self.deadline = deadline
    }

    private static func connected(
        to path: String, _ deadline: UInt64
    ) throws(QMPFailure) -> QMPDescriptor {
        let descriptor = try QMPDescriptor(pvusb_stream_socket(), "no socket can be made")
        while true {
            let result = unsafe pvusb_stream_connect(descriptor.number, path)
            if result == 0 { return descriptor }
            guard -result == PVUSB_EAGAIN else {
                throw .unreachable("QEMU can't be reached at \(path) (errno \(-result))")
            }
            guard pvusb_monotonic() < deadline else {
                throw .unreachable("QEMU accepts no connection at \(path)")
            }
            // A full queue has no event that could be waited for.
            _ = pvusb_stream_ready(descriptor.number, 0, retryNanoseconds)
        }
    }

    private static let retryNanoseconds: Int64 = 5_000_000

    /// Sends a line, as much at a time as QEMU takes.
    func send(_ line: [UInt8]) throws(QMPFailure) {
        var rest = line[...]
        while !rest.isEmpty {
            let sent = unsafe rest.withUnsafeBufferPointer {
                unsafe pvusb_stream_send(descriptor.number, $0.baseAddress, Int64($0.count))
            }
            if sent > 0 {
                rest = rest.dropFirst(Int(sent))
                continue
            }
            guard -sent == PVUSB_EAGAIN || -sent == PVUSB_EINTR else {
                throw .unreachable("QEMU closed the connection (errno \(-sent))")
            }
            try wait(writing: true)
        }
    }

    /// The next message, waited for until the deadline.
    mutating func receive() throws(QMPFailure) -> QMPMessage {
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        while true {
            if let message = try decoder.next() { return message }
            let count = unsafe buffer.withUnsafeMutableBufferPointer {
                unsafe pvusb_stream_read(descriptor.number, $0.baseAddress, Int64($0.count))
            }
            if count > 0 {
                decoder.append(buffer[..<Int(count)])
                continue
            }
            guard count < 0, -count == PVUSB_EAGAIN || -count == PVUSB_EINTR else {
                throw .unreachable("QEMU closed the connection")
            }
            try wait(writing: false)
        }
    }

    private func wait(writing: Bool) throws(QMPFailure) {
        let now = pvusb_monotonic()
        guard now < deadline else { throw .unreachable("QEMU did not answer in time") }
        _ = pvusb_stream_ready(
            descriptor.number, writing ? 1 : 0, Int64(clamping: deadline - now))
    }
}

/// An open file that closes itself.
struct QMPDescriptor: ~Copyable {
    /// The number, for one call of the kernel: never keep it.
    let number: Int32

    /// Takes over a result of CLinux: a descriptor, or an errno below zero.
    init(_ result: Int32, _ failure: String) throws(QMPFailure) {
        guard result >= 0 else { throw .unreachable("\(failure) (errno \(-result))") }
        number = result
    }

    deinit {
        _ = pvusb_close(number)
    }
}
