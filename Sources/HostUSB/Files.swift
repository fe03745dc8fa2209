public import USBModel

/// The seam to the host's files: sysfs, procfs and the few files libxl keeps.
///
/// Each method is one action of the kernel's; a refusal is thrown as its errno. A seam lives on
/// one thread.
public protocol Files: AnyObject {
    /// Lists the names in a directory, without `.` and `..`, sorted by bytes.
    func list(_ path: String) throws(FileErrno) -> [String]
    /// Reads a file, at most `FileRequest.readMax` bytes; a longer one is EFBIG.
    func read(_ path: String) throws(FileErrno) -> [UInt8]
    /// Reads where a symbolic link points, without following it.
    func readLink(_ path: String) throws(FileErrno) -> String
    /// Writes text to an existing file with one `write(2)`; nothing is created or truncated.
    func write(_ text: String, to path: String) throws(FileErrno)
    /// Replaces a file as a whole: a new file beside it, synced, renamed over it, mode 0600.
    func replace(_ path: String, with bytes: [UInt8]) throws(FileErrno)
}

extension Files {
    /// Performs requests in order; a refused one is a reply, not an end.
    public func perform(_ requests: [FileRequest]) -> [FileReply] {
        requests.map(reply)
    }

    private func reply(to request: FileRequest) -> FileReply {
        do {
            switch request {
            case .list(let path): return .names(try list(path))
            case .read(let path): return .bytes(try read(path))
            case .readLink(let path): return .link(try readLink(path))
            case .write(let path, let text): try write(text, to: path)
            case .replace(let path, let bytes): try replace(path, with: bytes)
            }
            return .done
        } catch {
            return .failure(error)
        }
    }
}
