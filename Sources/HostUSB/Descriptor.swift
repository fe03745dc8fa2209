internal import CLinux
internal import SystemPackage
internal import USBModel

/// An open file that closes itself.
struct Descriptor: ~Copyable {
    private let file: FileDescriptor

    /// Takes over a result of CLinux: a descriptor, or an errno below zero.
    init(owning result: Int32) throws(FileErrno) {
        file = FileDescriptor(rawValue: try checked(result))
    }

    /// Opens a file; it is not inherited by other programs.
    init(
        opening path: String, _ mode: FileDescriptor.AccessMode,
        options: FileDescriptor.OpenOptions = []
    ) throws(FileErrno) {
        let path = try checkedPath(path)
        file = try systemCall {
            try FileDescriptor.open(
                FilePath(path), mode, options: options.union(.closeOnExec),
                permissions: [.ownerRead, .ownerWrite])
        }
    }

    deinit {
        try? file.close()
    }

    /// The number, for one call of the kernel: never keep it.
    var number: Int32 { file.rawValue }

    /// Reads what is left of a file; more than `limit` bytes are EFBIG.
    ///
    /// - Parameter shortIsEnd: whether a read that gives less than was asked for gave the rest.
    func readAll(limit: Int, shortIsEnd: Bool = false) throws(FileErrno) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: Self.bufferSize)
        while true {
            let count = try readSome(&buffer)
            guard bytes.count + count <= limit else { throw .tooLarge }
            bytes += buffer[..<count]
            if count == 0 || (shortIsEnd && count < buffer.count) { return bytes }
        }
    }

    /// A page: a read of sysfs gives no more, of binary attributes as little as of others
    /// (fs/kernfs/file.c, `kernfs_file_read_iter`), so that a shorter one shows the end.
    static let bufferSize = 4_096

    private func readSome(_ buffer: inout [UInt8]) throws(FileErrno) -> Int {
        try systemCall {
            try unsafe buffer.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
        }
    }

    /// Writes with one `write(2)`; a short one is EIO.
    func writeOnce(_ bytes: [UInt8]) throws(FileErrno) {
        guard try writeSome(bytes[...]) == bytes.count else { throw .inputOutput }
    }

    /// Writes all bytes, with as many `write(2)` as it takes.
    func writeAll(_ bytes: [UInt8]) throws(FileErrno) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = try writeSome(rest)
            guard count > 0 else { throw .inputOutput }
            rest = rest.dropFirst(count)
        }
    }

    private func writeSome(_ bytes: ArraySlice<UInt8>) throws(FileErrno) -> Int {
        try systemCall {
            try unsafe bytes.withUnsafeBytes { try unsafe file.write($0) }
        }
    }

    /// Empties the file, and writes text from its start.
    func replaceContents(with text: String) throws(FileErrno) {
        try systemCall {
            try file.resize(to: 0, retryOnInterrupt: true)
            _ = try file.seek(offset: 0, from: .start)
        }
        try writeAll(Array(text.utf8))
    }

    /// Writes what is cached to the disk.
    func sync() throws(FileErrno) {
        _ = try checked(pvusb_fsync(number))
    }
}

/// Throws the errno that a wrapper of CLinux returned below zero.
func checked<Value: FixedWidthInteger>(_ result: Value) throws(FileErrno) -> Value {
    guard result >= 0 else {
        throw FileErrno(rawValue: Int32(truncatingIfNeeded: 0 &- result))
    }
    return result
}

/// Refuses a path that the kernel would see cut off at a NUL.
func checkedPath(_ path: String) throws(FileErrno) -> String {
    guard !path.isEmpty else { throw .noEntry }
    guard !path.utf8.contains(0) else { throw .invalid }
    return path
}

private func systemCall<Value>(_ body: () throws -> Value) throws(FileErrno) -> Value {
    do {
        return try body()
    } catch let error as Errno {
        throw FileErrno(rawValue: error.rawValue)
    } catch {
        throw .inputOutput
    }
}
