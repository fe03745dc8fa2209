public import HostUSB
public import USBModel
public import XenStore
public import XenStoreWire

/// A host with a real xenstored whose USB side is that of a world file.
///
/// Time is real: backends and guests act when a ``StorePeer`` plays them, in another process or
/// thread. Locks are in `FILE.locks`, as for everybody who uses the world, unless another directory
/// is named.
public final class SimulatedUSBHost {
    /// The store.
    public let store: StoreClient
    /// The USB side.
    public let world: WorldFile

    /// Real time; whoever waits for the store has to listen to it, too.
    public let clock: SystemClock
    private let locks: LockDirectory

    /// Opens a world file and names a server; nothing is connected yet.
    ///
    /// - Parameters:
    ///   - lockDirectory: where the locks are; nil means `FILE.locks`.
    ///   - stopSignals: whether somebody may ask this process to stop.
    /// - Throws: why the file holds no world, or can't be shared.
    public init(
        file path: String, store address: StoreAddress, lockDirectory: String? = nil,
        timeoutMilliseconds: Int = 10_000, stopSignals: SystemClock.StopSignals = .watched
    ) throws(WorldFailure) {
        world = try WorldFile(path)
        store = StoreClient(address, timeoutMilliseconds: timeoutMilliseconds)
        do throws(LocksFailure) {
            locks = try LockDirectory(path: lockDirectory ?? "\(path).locks")
        } catch {
            throw WorldFailure(error.message)
        }
        do throws(FileErrno) {
            clock = try SystemClock(stopSignals: stopSignals)
        } catch {
            throw WorldFailure("signals can't be watched (\(error))")
        }
    }
}

extension SimulatedUSBHost {
    /// Begins to tell when another process changes the world.
    ///
    /// - Throws: the errno with which the kernel refused to watch the file's folder.
    public func fileChanges() throws(FileErrno) -> any ChangeSource {
        try FolderWatch(folderOf: world.path)
    }
}

extension SimulatedUSBHost: Store {
    /// Performs a batch on the real store.
    public func perform(_ batch: [StoreRequest]) throws(StoreFailure) -> [StoreReply] {
        try store.perform(batch)
    }
}

extension SimulatedUSBHost: Files {
    /// Lists a directory of the world's sysfs.
    public func list(_ path: String) throws(FileErrno) -> [String] { try world.list(path) }

    /// Reads a file of the world's sysfs.
    public func read(_ path: String) throws(FileErrno) -> [UInt8] { try world.read(path) }

    /// Reads a link of the world's sysfs.
    public func readLink(_ path: String) throws(FileErrno) -> String { try world.readLink(path) }

    /// Writes to a file of the world's sysfs.
    public func write(_ text: String, to path: String) throws(FileErrno) {
        try world.write(text, to: path)
    }

    /// Replaces a file; only libxl's of the domains may be.
    public func replace(_ path: String, with bytes: [UInt8]) throws(FileErrno) {
        try world.replace(path, with: bytes)
    }
}

extension SimulatedUSBHost: Locks {
    /// Takes a lock of the world's.
    public func tryLock(_ name: String) throws(LocksFailure) -> LockAnswer {
        try locks.tryLock(name)
    }

    /// Gives a lock of the world's back.
    public func unlock(_ name: String) { locks.unlock(name) }

    /// Looks who has a lock of the world's.
    public func holder(of name: String) throws(LocksFailure) -> LockAnswer {
        try locks.holder(of: name)
    }
}
