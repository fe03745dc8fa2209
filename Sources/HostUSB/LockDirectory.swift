internal import CLinux
internal import USBModel

/// The locks between pvusb processes, as files of one directory.
///
/// Each is a lock of an open file description (fcntl(2), F_OFD_SETLK): it vanishes with the
/// process, and two objects of one process exclude each other. Files are never removed: whoever
/// waits for a removed file's lock would share it with nobody.
public final class LockDirectory: Locks {
    /// The directory's path.
    public let path: String

    private let directory: Descriptor
    private var held: [String: HeldLock] = [:]

    /// A lock this object has; it goes with the open file.
    private final class HeldLock {
        let file: Descriptor

        init(_ file: consuming Descriptor) {
            self.file = file
        }
    }

    /// Opens the directory, made with mode 0700 when there is none; its parent must be there.
    ///
    /// - Throws: ``LocksFailure`` when it cannot be made, is no directory, or when somebody else
    ///   owns it or may write to it.
    public init(path: String) throws(LocksFailure) {
        self.path = path
        do {
            directory = try Self.open(path)
        } catch {
            throw LocksFailure("the lock directory \(path) cannot be used: \(error)")
        }
        guard pvusb_is_ours(directory.number) == 1 else {
            throw LocksFailure("the lock directory \(path) belongs to others or is open to them")
        }
    }

    private static func open(_ path: String) throws(FileErrno) -> Descriptor {
        let path = try checkedPath(path)
        let made = unsafe pvusb_make_private_directory(path)
        guard made == 0 || FileErrno(rawValue: -made) == .exists else {
            throw FileErrno(rawValue: -made)
        }
        return try Descriptor(owning: unsafe pvusb_open_directory(path))
    }

    /// Tries to take a lock without waiting; taking one that this object has is a success.
    public func tryLock(_ name: String) throws(LocksFailure) -> LockAnswer {
        if held[name] != nil { return .taken }
        do {
            let file = try Descriptor(
                owning: unsafe pvusb_open_or_create_at(
                    directory.number, Self.fileName(name)))
            let result = pvusb_ofd_lock(file.number)
            if FileErrno(rawValue: -result) == .again { return .held(by: Self.writer(of: file)) }
            _ = try checked(result)
            try file.replaceContents(with: "\(pvusb_getpid())\n")
            held[name] = HeldLock(file)
            return .taken
        } catch {
            throw failure(name, error)
        }
    }

    /// Gives a lock back; one that this object does not have is left alone.
    public func unlock(_ name: String) {
        guard let lock = held.removeValue(forKey: name) else { return }
        // The next holder's number must not be mistaken for ours before it is written.
        try? lock.file.replaceContents(with: "")
        _ = pvusb_ofd_unlock(lock.file.number)
    }

    /// Looks who has a lock, without taking it; `.taken` means free, or held by this object.
    public func holder(of name: String) throws(LocksFailure) -> LockAnswer {
        if held[name] != nil { return .taken }
        do {
            let file = try Descriptor(
                owning: unsafe pvusb_open_at(directory.number, Self.fileName(name)))
            guard try checked(pvusb_ofd_is_locked(file.number)) == 1 else { return .taken }
            return .held(by: Self.writer(of: file))
        } catch .noEntry {
            return .taken
        } catch {
            throw failure(name, error)
        }
    }

    private func failure(_ name: String, _ error: FileErrno) -> LocksFailure {
        LocksFailure("the lock \(path)/\(Self.fileName(name)) cannot be used: \(error)")
    }

    /// The process id in a lock's file; nil when there is none, or no sensible one.
    private static func writer(of file: borrowing Descriptor) -> Int32? {
        guard let bytes = try? file.readAll(limit: writerMax) else { return nil }
        let line = String(decoding: bytes, as: UTF8.self).prefix { $0 != "\n" }
        return Int32(decimal: line)
    }

    /// The longest file of a process id, in bytes.
    private static let writerMax = 16
}

extension LockDirectory {
    /// A lock's file: the name, other bytes than `[A-Za-z0-9._-]` as `%2f`, and `.lock`.
    static func fileName(_ name: String) -> String {
        name.utf8.map(encoded).joined() + ".lock"
    }

    private static func encoded(_ byte: UInt8) -> String {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f:
            String(UnicodeScalar(byte))
        default: "%" + byte.hexText(digits: 2)
        }
    }
}
