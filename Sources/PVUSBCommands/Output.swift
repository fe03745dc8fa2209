internal import Glibc

/// Where text goes: data to standard output, everything else to standard error.
enum Output {
    /// Writes data, the answer to the command.
    static func data(_ text: String) {
        write(text, to: STDOUT_FILENO)
    }

    /// Writes what is not data.
    static func error(_ text: String) {
        write(text, to: STDERR_FILENO)
    }

    /// Tells whether data goes to a terminal, so that headers help.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    private static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            // A reader that is gone wants no more: `pvusb devices | head -1`.
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }
}
