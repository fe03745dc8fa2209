public import HostUSB
public import USBModel
public import XenStore
internal import XenStoreServer
public import XenStoreWire

/// A world behind the seams of a real host: its store, its files, its locks and its time.
///
/// Each effect is applied to the world at once. In a wait, the backends and the guests do the next
/// thing that they would do; when they have nothing to do, the time that is waited for is over
/// without having passed. One made from a file takes part with other processes on the same file:
/// see ``WorldFile``.
public final class SimulatedHost {
    let keeper: any WorldKeeper
    private let client: SimulatedClient
    private let signals: (any Clock)?
    private let sharedLocks: (any Locks)?
    private let changes: WorldChanges?
    private var elapsed: UInt64 = 0

    /// A host in memory only.
    ///
    /// - Parameter process: what a lock's other contenders are told of its holder.
    public convenience init(_ world: World, process: Int32 = 1) {
        self.init(WorldInMemory(world), process: process, signals: nil)
    }

    /// A host whose world is in a file, shared with whoever else uses the file.
    ///
    /// Between two commands time passes: what was about to happen has happened. The locks are
    /// real ones beside the file, in `FILE.locks`, since a killed process must lose them.
    ///
    /// - Parameter stopSignals: whether somebody may ask this process to stop.
    /// - Throws: why the file holds no world, or can't be shared.
    public convenience init(
        file path: String, stopSignals: SystemClock.StopSignals = .watched
    ) throws(WorldFailure) {
        let file = try WorldFile(path)
        try file.letTimePass()
        let locks: LockDirectory
        let clock: SystemClock
        do throws(LocksFailure) {
            locks = try LockDirectory(path: "\(path).locks")
        } catch {
            throw WorldFailure(error.message)
        }
        do throws(FileErrno) {
            clock = try SystemClock(stopSignals: stopSignals)
        } catch {
            throw WorldFailure("signals can't be watched (\(error))")
        }
        let changes = WorldChanges(of: path, clock)
        self.init(file, process: 0, signals: clock, locks: locks, changes: changes)
    }

    private init(
        _ keeper: any WorldKeeper, process: Int32, signals: (any Clock)?,
        locks: (any Locks)? = nil, changes: WorldChanges? = nil
    ) {
        self.keeper = keeper
        self.signals = signals
        sharedLocks = locks
        self.changes = changes
        client = SimulatedClient(process: process)
    }

    /// The world as it is now.
    public func world() throws(WorldFailure) -> World {
        try keeper.update { $0 }
    }

    /// Changes the world behind everybody's back, as a pulled plug does.
    public func intervene(_ body: (inout World) -> Void) throws(WorldFailure) {
        try keeper.update(body)
    }
}

/// Holds a world and lets one at a time change it.
protocol WorldKeeper: AnyObject {
    /// Brings the world up to date, changes it, and keeps the change.
    @discardableResult
    func update<Value>(_ body: (inout World) -> Value) throws(WorldFailure) -> Value
}

private final class WorldInMemory: WorldKeeper {
    private var world: World

    init(_ world: World) {
        self.world = world
    }

    func update<Value>(_ body: (inout World) -> Value) -> Value {
        body(&world)
    }
}

/// Who a host's requests come from: its process, and its connection to the store.
private final class SimulatedClient {
    let process: Int32
    var connection: ConnectionID?

    init(process: Int32) {
        self.process = process
    }
}

extension SimulatedHost: Store {
    /// Performs a batch on the world's store.
    public func perform(_ batch: [StoreRequest]) throws(StoreFailure) -> [StoreReply] {
        do {
            return try keeper.update { world in
                let connection = client.connection ?? world.connect()
                client.connection = connection
                return world.perform(batch, from: connection)
            }
        } catch {
            throw StoreFailure(.unreachable, error.message)
        }
    }
}

extension SimulatedHost: Files {
    /// Lists a directory of the world's sysfs.
    public func list(_ path: String) throws(FileErrno) -> [String] {
        try keeper.touch { world throws(FileErrno) in try world.list(path) }
    }

    /// Reads a file of the world's sysfs.
    public func read(_ path: String) throws(FileErrno) -> [UInt8] {
        try keeper.touch { world throws(FileErrno) in try world.read(path) }
    }

    /// Reads a link of the world's sysfs.
    public func readLink(_ path: String) throws(FileErrno) -> String {
        try keeper.touch { world throws(FileErrno) in try world.readLink(path) }
    }

    /// Writes to a file of the world's sysfs.
    public func write(_ text: String, to path: String) throws(FileErrno) {
        try keeper.touch { world throws(FileErrno) in try world.write(text, to: path) }
    }

    /// Replaces a file; only libxl's of the domains may be.
    public func replace(_ path: String, with bytes: [UInt8]) throws(FileErrno) {
        try keeper.touch { world throws(FileErrno) in try world.replace(path, with: bytes) }
    }
}

extension SimulatedHost: Locks {
    /// Takes a lock of the world's.
    public func tryLock(_ name: String) throws(LocksFailure) -> LockAnswer {
        if let sharedLocks { return try sharedLocks.tryLock(name) }
        return try lock(name, taking: true)
    }

    /// Gives a lock of the world's back.
    public func unlock(_ name: String) {
        if let sharedLocks { return sharedLocks.unlock(name) }
        _ = try? keeper.update { $0.unlock(name, of: client.process) }
    }

    /// Looks who has a lock of the world's.
    public func holder(of name: String) throws(LocksFailure) -> LockAnswer {
        if let sharedLocks { return try sharedLocks.holder(of: name) }
        return try lock(name, taking: false)
    }

    private func lock(_ name: String, taking: Bool) throws(LocksFailure) -> LockAnswer {
        do {
            return try keeper.update { world in
                let holder = world.lock(name, for: client.process, isTest: !taking)
                return holder.map { .held(by: $0) } ?? .taken
            }
        } catch {
            throw LocksFailure(error.message)
        }
    }
}

extension SimulatedHost: Clock {
    /// Nanoseconds of simulated time since this host was opened.
    public var now: UInt64 { elapsed }

    /// Tells whether somebody asked this process to stop.
    public var stopRequested: Bool { signals?.stopRequested ?? false }

    /// Lets the others act; with nobody left to act, the wait is over at once.
    ///
    /// A wait for a change without an event may be for another process, which acts in real time:
    /// with signals at hand, that much time is spent.
    public func wait(for sources: WakeSources, until deadline: UInt64) -> WakeReason {
        if stopRequested { return .stop }
        if sources.contains(.store), hasEvents { return .woken }
        let isBusy = (try? keeper.update { $0.react() }) ?? false
        if isBusy { return .woken }
        if let signals, elapsed < deadline, !sources.isDisjoint(with: [.tick, .hotplug]) {
            let left = deadline - elapsed
            return spend(on: signals) { start in
                let told = sources.contains(.hotplug) ? changes?.wait(atMost: left) : nil
                return told ?? signals.wait(for: sources, until: start + min(left, .max - start))
            }
        }
        elapsed = max(elapsed, deadline)
        return .timedOut
    }

    /// Takes the events of this client's watches: a wait carries no data.
    private var hasEvents: Bool {
        let events = try? keeper.update { world in
            client.connection.map { world.store.takeEvents(for: $0) } ?? []
        }
        return !(events ?? []).isEmpty
    }

    /// Lets real time pass, which counts.
    private func spend(on clock: any Clock, _ wait: (UInt64) -> WakeReason) -> WakeReason {
        let start = clock.now
        let reason = wait(start)
        elapsed += clock.now - start
        return reason
    }
}
