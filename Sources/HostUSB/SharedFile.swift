internal import CLinux
internal import SystemPackage
public import USBModel

/// A file that several processes read and replace as a whole, one at a time.
///
/// They agree through `flock` on a second file, `FILE.lock`, whose inode never changes. A reader
/// keeps the version it read open, so that the kernel can't give its inode to a later one: the
/// same inode at the path means the same bytes.
///
///     try file.exclusively {
///         if let bytes = try file.readIfReplaced() { … }
///         try file.replace(with: bytes)
///     }
public final class SharedFile {
    /// The file's path.
    public let path: String

    private let lock: Descriptor
    private var version: OpenVersion?

    private final class OpenVersion {
        let file: Descriptor

        init(_ file: consuming Descriptor) {
            self.file = file
        }
    }

    /// Names a file; it need not exist yet, its directory must.
    ///
    /// - Throws: the errno with which the kernel refused the lock file.
    public init(_ path: String) throws(FileErrno) {
        self.path = path
        lock = try Descriptor(opening: "\(path).lock", .readWrite, options: .create)
    }

    /// Does something while no other process is in here with the same file.
    public func exclusively<Value, Failure: Error>(
        _ body: () throws(Failure) -> Value, else refuse: (FileErrno) -> Failure
    ) throws(Failure) -> Value {
        let result = pvusb_flock_wait(lock.number)
        guard result >= 0 else { throw refuse(FileErrno(rawValue: -result)) }
        defer { _ = pvusb_flock_unlock(lock.number) }
        return try body()
    }

    /// The file's bytes, if it is not the version that was read or written last.
    ///
    /// - Throws: ENOENT when it does not exist; EFBIG above 64 MiB.
    public func readIfReplaced() throws(FileErrno) -> [UInt8]? {
        if let version, try checked(unsafe pvusb_is_file_at(version.file.number, path)) == 1 {
            return nil
        }
        let file = try Descriptor(opening: path, .readOnly)
        let bytes = try file.readAll(limit: 1 << 26)
        version = OpenVersion(file)
        return bytes
    }

    /// Replaces the file: `FILE.tmp` is written, synced and renamed over it.
    ///
    /// What a killed process left of a `FILE.tmp` is overwritten.
    public func replace(with bytes: [UInt8]) throws(FileErrno) {
        let temporary = "\(path).tmp"
        let file = try Descriptor(opening: temporary, .readWrite, options: [.create, .truncate])
        try file.writeAll(bytes)
        try file.sync()
        _ = try checked(unsafe pvusb_rename(temporary, path))
        version = OpenVersion(file)
    }
}
