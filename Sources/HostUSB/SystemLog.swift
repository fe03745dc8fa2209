internal import CLinux

/// The system's log, as syslog(3) reaches it: a datagram a line to a unix socket.
public final class SystemLog {
    /// Where the system's log listens (`_PATH_LOG`).
    public static let usualPath = "/dev/log"
    /// Facility daemon, severity notice (RFC 3164, 4.1.1).
    private static let priority = 3 * 8 + 5
    /// The longest line, in bytes; what is beyond it is cut.
    public static let bytesMax = 2000

    private let path: String

    /// Names a log; nothing is opened until a line is written.
    public init(path: String = SystemLog.usualPath) {
        self.path = path
    }

    /// Writes a line, with who this process is in front of it; a log that is not there is no
    /// failure.
    public func write(_ line: String) {
        let process = pvusb_process()
        let head = "<\(Self.priority)>pvusb[\(process)]: uid=\(pvusb_user()) pid=\(process) "
        let bytes = Array((head + line).utf8.prefix(Self.bytesMax))
        _ = unsafe pvusb_log_send(path, bytes, Int64(bytes.count))
    }
}
