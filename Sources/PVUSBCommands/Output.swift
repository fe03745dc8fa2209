internal import Glibc
internal import PVUSB

/// Where text goes: data to standard output, everything else to standard error.
enum Output {
    /// Writes data, the answer to the command.
    ///
    /// - Throws: that it could not be written, as to a full disk; a reader that is gone wanted
    ///   no more (`pvusb devices | head -1`).
    static func data(_ text: String) throws(PVUSBError) {
        let error = write(text, to: STDOUT_FILENO)
        guard error == 0 || error == EPIPE else {
            let name = unsafe String(cString: strerror(error))
            throw PVUSBError(.failed, "standard output can't be written", cause: name)
        }
    }

    /// Writes data to a reader who may go; tells whether there is one still.
    static func isRead(_ text: String) -> Bool {
        write(text, to: STDOUT_FILENO) == 0
    }

    /// Writes what is not data.
    static func error(_ text: String) {
        _ = write(text, to: STDERR_FILENO)
    }

    /// Tells whether data goes to a terminal, so that headers help.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Writes all of a text; the errno of a failure, else 0.
    private static func write(_ text: String, to descriptor: Int32) -> Int32 {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return errno }
            bytes = bytes.dropFirst(count)
        }
        return 0
    }
}
