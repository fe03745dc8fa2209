internal import CLinux
internal import USBModel

/// Our own locks, and those of libxl's files about domains, which are of another make.
///
/// libxl locks with `flock` a file that its holder removes before closing it (libxl_internal.c,
/// `libxl__lock_file`). Who gets the lock of a file that was removed meanwhile has nothing, and
/// tries again with the new one.
public final class UserdataLocks: Locks {
    private let own: any Locks
    private let directory: String
    private var held: [String: HeldLock] = [:]

    /// A lock this object has; it goes with the open file.
    private final class HeldLock {
        private let path: String
        private let file: Descriptor

        init(_ file: consuming Descriptor, _ path: String) {
            self.file = file
            self.path = path
        }

        deinit {
            // Before the file is closed, or another's lock would be removed.
            _ = unsafe pvusb_unlink(path)
        }
    }

    /// Adds libxl's locks, which begin with `userdata-l.`, to others.
    ///
    /// - Parameter directory: where libxl's files are.
    public init(besides own: any Locks, directory: String = "/var/lib/xen") {
        self.own = own
        self.directory = directory
    }

    /// Tries to take a lock without waiting; taking one that this object has is a success.
    public func tryLock(_ name: String) throws(LocksFailure) -> LockAnswer {
        guard Self.isLibxls(name) else { return try own.tryLock(name) }
        guard held[name] == nil else { return .taken }
        let path = "\(directory)/\(name)"
        do throws(FileErrno) {
            guard let file = try Self.locked(try checkedPath(path)) else { return .held(by: nil) }
            held[name] = file
            return .taken
        } catch {
            throw LocksFailure("libxl's lock \(path) can't be taken: \(error)")
        }
    }

    /// The lock, as libxl takes it; nil when somebody else has it.
    private static func locked(_ path: String) throws(FileErrno) -> HeldLock? {
        while true {
            let file = try Descriptor(owning: unsafe pvusb_open_lock(path))
            let result = pvusb_flock_try(file.number)
            if FileErrno(rawValue: -result) == .again { return nil }
            _ = try checked(result)
            if unsafe pvusb_is_file_at(file.number, path) == 1 { return HeldLock(file, path) }
        }
    }

    /// Gives a lock back; one that this object does not have is left alone.
    public func unlock(_ name: String) {
        guard Self.isLibxls(name) else { return own.unlock(name) }
        held[name] = nil
    }

    /// Looks who has a lock, without taking it; nobody asks that of libxl's, which name no process.
    public func holder(of name: String) throws(LocksFailure) -> LockAnswer {
        guard Self.isLibxls(name) else { return try own.holder(of: name) }
        return .taken
    }

    private static func isLibxls(_ name: String) -> Bool { name.hasPrefix("userdata-l.") }
}
