internal import Glibc

/// Writes a text to standard output; a reader that has gone is no error here.
func write(_ text: String) { put(text, 1) }

/// Writes a text to standard error.
func complain(_ text: String) { put("explore: " + text, 2) }

/// Ends the process.
func leave(_ code: Int32) -> Never { exit(code) }

private func put(_ text: String, _ descriptor: Int32) {
    var bytes = Array((text + "\n").utf8)[...]
    while !bytes.isEmpty {
        let count = unsafe bytes.withUnsafeBytes {
            unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
        }
        guard count > 0 else { return }
        bytes = bytes.dropFirst(count)
    }
}
