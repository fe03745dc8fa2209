/// One thing asked of the host's file tree.
///
/// Paths are absolute and rooted at `/`. These are the words that the reader of sysfs and the
/// seam to the real files share.
public enum FileRequest: Hashable, Sendable {
    /// The names in a directory, without `.` and `..`.
    case list(String)
    /// A file's bytes, at most ``readMax``.
    case read(String)
    /// Where a symbolic link points, not followed.
    case readLink(String)
    /// Writes text to an existing file with one `write(2)`, as sysfs attributes want it.
    case write(String, String)
    /// Replaces a file as a whole: a new file beside it, renamed over it.
    case replace(String, [UInt8])

    /// The longest file read, in bytes: a sysfs attribute is one page, libxl's JSON some more.
    public static let readMax = 1 << 20
}

extension FileRequest {
    /// Tells whether the request changes the host.
    public var changesHost: Bool {
        switch self {
        case .write, .replace: true
        case .list, .read, .readLink: false
        }
    }
}

/// What the file tree answered to one request.
public enum FileReply: Hashable, Sendable {
    /// The request is done and has no value.
    case done
    /// The names in a directory, sorted by bytes.
    case names([String])
    /// A file's bytes.
    case bytes([UInt8])
    /// A link's target.
    case link(String)
    /// The request was refused.
    case failure(FileErrno)
}

/// The errno with which the kernel refused a file request.
public struct FileErrno: Error, Hashable, Sendable {
    /// The number, as errno has it on Linux.
    public let rawValue: Int32

    /// Keeps a number as it came.
    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// EPERM, 1: only root may do that.
    public static let notPermitted = FileErrno(rawValue: 1)
    /// ENOENT, 2: no such file.
    public static let noEntry = FileErrno(rawValue: 2)
    /// EIO, 5: the device did not answer.
    public static let inputOutput = FileErrno(rawValue: 5)
    /// EAGAIN, 11: not now; a driver asked for its probe to be deferred.
    public static let again = FileErrno(rawValue: 11)
    /// EACCES, 13: the file's mode forbids it.
    public static let accessDenied = FileErrno(rawValue: 13)
    /// EBUSY, 16: the device has a driver already.
    public static let busy = FileErrno(rawValue: 16)
    /// EEXIST, 17: it exists already.
    public static let exists = FileErrno(rawValue: 17)
    /// ENODEV, 19: no such device, or the driver does not take it.
    public static let noDevice = FileErrno(rawValue: 19)
    /// ENOTDIR, 20: a part of the path is not a directory.
    public static let notDirectory = FileErrno(rawValue: 20)
    /// EINVAL, 22: the kernel does not understand what was written, or the file is no link.
    public static let invalid = FileErrno(rawValue: 22)
    /// EFBIG, 27: the file is longer than is read.
    public static let tooLarge = FileErrno(rawValue: 27)
    /// EROFS, 30: a read-only file system.
    public static let readOnly = FileErrno(rawValue: 30)
}

extension FileErrno: CustomStringConvertible {
    private static let names: [Int32: String] = [
        1: "EPERM", 2: "ENOENT", 5: "EIO", 11: "EAGAIN", 13: "EACCES", 16: "EBUSY", 17: "EEXIST",
        19: "ENODEV", 20: "ENOTDIR", 22: "EINVAL", 27: "EFBIG", 30: "EROFS",
    ]

    /// The errno's name where it is one we expect, else its number.
    public var description: String {
        Self.names[rawValue] ?? "errno \(rawValue)"
    }
}
