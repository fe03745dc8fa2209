public import HostUSB
public import USBModel

/// The USB side of the world in a file: sysfs, without the world's store and guests, for whom time
/// passes somewhere else (``StorePeer``).
extension WorldFile: Files {
    /// Lists a directory of the world's sysfs.
    public func list(_ path: String) throws(FileErrno) -> [String] {
        try touch { world throws(FileErrno) in try world.list(path) }
    }

    /// Reads a file of the world's sysfs.
    public func read(_ path: String) throws(FileErrno) -> [UInt8] {
        try touch { world throws(FileErrno) in try world.read(path) }
    }

    /// Reads a link of the world's sysfs.
    public func readLink(_ path: String) throws(FileErrno) -> String {
        try touch { world throws(FileErrno) in try world.readLink(path) }
    }

    /// Writes to a file of the world's sysfs.
    public func write(_ text: String, to path: String) throws(FileErrno) {
        try touch { world throws(FileErrno) in try world.write(text, to: path) }
    }

    /// Replaces a file; only libxl's of the domains may be.
    public func replace(_ path: String, with bytes: [UInt8]) throws(FileErrno) {
        try touch { world throws(FileErrno) in try world.replace(path, with: bytes) }
    }
}

extension WorldKeeper {
    /// Changes the world with a body that may fail; what a failed one changed stays.
    func attempt<Value, Failure: Error>(
        _ body: (inout World) throws(Failure) -> Value
    ) throws(WorldFailure) -> Result<Value, Failure> {
        try update { world in
            do throws(Failure) {
                return .success(try body(&world))
            } catch {
                return .failure(error)
            }
        }
    }

    /// Does to the world's files what the kernel may refuse.
    func touch<Value>(
        _ body: (inout World) throws(FileErrno) -> Value
    ) throws(FileErrno) -> Value {
        let result: Result<Value, FileErrno>
        do {
            result = try attempt(body)
        } catch {
            throw .inputOutput
        }
        return try result.get()
    }
}
