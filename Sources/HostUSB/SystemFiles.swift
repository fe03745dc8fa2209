internal import CLinux
internal import SystemPackage
public import USBModel

/// The host's files as the kernel shows them.
///
/// Paths below `/sys` can be mapped to another directory, a captured or made-up tree.
public final class SystemFiles: Files {
    /// The directory that stands for `/sys`.
    public let sysfs: String

    private var temporaries = 0

    /// Makes the seam; `sysfs` is the directory that stands for `/sys`.
    public init(sysfs: String = "/sys") {
        self.sysfs = sysfs
    }

    /// Tells whether the directory that stands for `/sys` is a sysfs (linux/magic.h).
    ///
    /// On any other tree a write changes a file and no device: refuse to change anything there.
    public var sysfsIsReal: Bool {
        guard let path = try? checkedPath(sysfs) else { return false }
        return unsafe pvusb_statfs_type(path) == pvusb_sysfs_magic
    }

    /// Lists the names in a directory, at most ``listMax`` bytes of them, sorted by bytes.
    public func list(_ path: String) throws(FileErrno) -> [String] {
        let path = try mapped(path)
        let bytes = try filled { unsafe pvusb_list(path, &$0, Int64($0.count)) }
        return bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Makes sure that a directory can be listed.
    ///
    /// - Throws: why it can't.
    public func checkDirectory(_ path: String) throws(FileErrno) {
        _ = try Descriptor(opening: try mapped(path), .readOnly, options: .directory)
    }

    /// Reads a file, at most `FileRequest.readMax` bytes; a longer one is EFBIG.
    public func read(_ path: String) throws(FileErrno) -> [UInt8] {
        let file = try Descriptor(opening: try mapped(path), .readOnly)
        // sysfs gives a read all that fits into a page: to ask for the end would be one call in four
        // of a scan.
        return try file.readAll(
            limit: FileRequest.readMax, shortIsEnd: path.hasPrefix("\(Self.sysRoot)/"))
    }

    /// Reads where a symbolic link points, without following it.
    public func readLink(_ path: String) throws(FileErrno) -> String {
        let path = try mapped(path)
        let bytes = try filled { unsafe pvusb_readlink(path, &$0, Int64($0.count)) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Writes text to an existing file with one `write(2)`, repeated only when a signal came.
    public func write(_ text: String, to path: String) throws(FileErrno) {
        try Descriptor(opening: try mapped(path), .writeOnly).writeOnce(Array(text.utf8))
    }

    /// Replaces a file as a whole: a new file beside it, synced, renamed over it, mode 0600.
    ///
    /// After an error the old file or the new one is there, never a mixture.
    public func replace(_ path: String, with bytes: [UInt8]) throws(FileErrno) {
        let path = try mapped(path)
        let directory = Self.directory(of: path)
        let temporary = temporaryPath(in: directory)
        do {
            try Self.create(temporary, holding: bytes)
            _ = try checked(unsafe pvusb_rename(temporary, path))
        } catch {
            // Another's file of that name is not ours to remove.
            if error != .exists { _ = unsafe pvusb_unlink(temporary) }
            throw error
        }
        try Descriptor(opening: directory, .readOnly, options: .directory).sync()
    }
}

// MARK: - Parts

extension SystemFiles {
    /// The most bytes of names that ``list(_:)`` takes; beyond that it is EFBIG.
    public static let listMax = 1 << 22

    private static let sysRoot = "/sys"

    private func mapped(_ path: String) throws(FileErrno) -> String {
        let path = try checkedPath(path)
        guard path == Self.sysRoot || path.hasPrefix("\(Self.sysRoot)/") else { return path }
        return sysfs + path.dropFirst(Self.sysRoot.count)
    }

    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// A name that no reader of the directory looks for, not even libxl's `userdata-*`.
    private func temporaryPath(in directory: String) -> String {
        temporaries += 1
        return "\(directory)/.pvusb-\(pvusb_getpid())-\(pvusb_monotonic())-\(temporaries)"
    }

    private static func create(_ path: String, holding bytes: [UInt8]) throws(FileErrno) {
        let file = try Descriptor(
            opening: path, .writeOnly, options: [.create, .exclusiveCreate, .noFollow])
        try file.writeAll(bytes)
        try file.sync()
    }

    /// Calls `body` with a buffer, and again with a greater one while the kernel wants that.
    private func filled(
        by body: (inout [UInt8]) -> Int64
    ) throws(FileErrno) -> [UInt8] {
        var size = 4_096
        while size <= Self.listMax {
            var buffer = [UInt8](repeating: 0, count: size)
            let result = body(&buffer)
            if result != -Self.rangeError {
                return Array(buffer.prefix(Int(try checked(result))))
            }
            size *= 4
        }
        throw .tooLarge
    }

    /// ERANGE.
    private static let rangeError: Int64 = 34
}
