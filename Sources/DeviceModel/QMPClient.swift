internal import CLinux

/// The way to the QEMUs of this host: connects, asks one thing and disconnects, under libxl's lock.
///
/// Nothing is held between two commands, so that xl never waits for more than one. A client lives
/// on one thread.
public final class QMPClient: DeviceModelSeam {
    private let sockets: String
    private let locks: String
    private let timeoutMilliseconds: Int

    /// Makes a client.
    ///
    /// - Parameters:
    ///   - sockets: the directory in which libxl has QEMU make its sockets.
    ///   - locks: libxl's directory of userdata, in which the lock is.
    ///   - timeoutMilliseconds: how long one command may take, the lock and the connection included.
    public init(
        sockets: String = "/var/run/xen", locks: String = "/var/lib/xen",
        timeoutMilliseconds: Int = 10_000
    ) {
        self.sockets = sockets
        self.locks = locks
        self.timeoutMilliseconds = timeoutMilliseconds
    }

    /// Asks the QEMU of a domain to do something.
    ///
    /// A time-out does not take a command back: QEMU may still do it.
    public func execute(
        _ command: QMPCommand, guest: QMPGuest
    ) throws(QMPFailure) -> QMPValue {
        let deadline = pvusb_monotonic() + UInt64(clamping: timeoutMilliseconds) * 1_000_000
        let lock = try QMPLock(of: guest, in: locks, deadline: deadline)
        let path = "\(sockets)/qmp-libxl-\(guest.domain)"
        let value = try Self.converse(command, at: path, deadline)
        _ = consume lock
        return value
    }

    /// Greeting, capabilities, the command; whatever else QEMU tells by itself is passed over.
    private static func converse(
        _ command: QMPCommand, at path: String, _ deadline: UInt64
    ) throws(QMPFailure) -> QMPValue {
        var socket = try QMPSocket(path: path, deadline: deadline)
        guard case .greeting = try socket.receive() else {
            throw .malformed("QEMU did not greet")
        }
        _ = try ask(QMPCommand("qmp_capabilities"), id: 1, &socket)
        return try ask(command, id: 2, &socket)
    }

    private static var unasked: QMPFailure {
        .malformed("QEMU answered what it was not asked")
    }

    private static func ask(
        _ command: QMPCommand, id: Int, _ socket: inout QMPSocket
    ) throws(QMPFailure) -> QMPValue {
        try socket.send(try command.line(id: id))
        while true {
            switch try socket.receive() {
            case .event: continue
            case .greeting: throw .malformed("QEMU greeted twice")
            case .result(let value, let number):
                guard number == id else { throw unasked }
                return value
            case .refusal(let errorClass, let description, let number):
                // What QEMU could not even parse has no id.
                guard number == id || number == nil else { throw unasked }
                throw .refused(errorClass: errorClass, description: description)
            }
        }
    }
}
