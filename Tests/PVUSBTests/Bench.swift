import HostUSB
import PVUSB
import Simulation
import Testing
import XenStore
import XenStoreServer

/// A simulated host with a driver on it; what may go wrong is put in between.
final class Bench {
    let host: SimulatedHost
    let store: WatchedStore
    let files: FaultyFiles
    /// What the driver takes for its clock; nil for the host's own.
    var clock: (any Clock)?
    /// The effects asked for so far, in order.
    private(set) var effects: [Effect] = []

    init(_ world: World = .builtIn()) {
        host = SimulatedHost(world)
        store = WatchedStore(host)
        files = FaultyFiles(host)
    }

    /// A bench on which pv1 has a controller, made as a user makes it.
    static func withController(_ world: World = .builtIn()) throws -> Bench {
        let bench = Bench(world)
        try bench.succeed(try addController())
        return bench
    }

    /// The same, with a device in pv1.
    static func attached(_ device: String) throws -> Bench {
        let bench = try withController()
        try bench.succeed(try attach(device))
        return bench
    }

    @discardableResult
    func run(_ command: Command, _ options: OperationOptions = OperationOptions()) -> Outcome {
        let seams = Seams(
            store: store, files: files, locks: host, clock: clock ?? host, deviceModel: host)
        effects = []
        let driver = Driver(seams) { [self] effect, _ in effects.append(effect) }
        return driver.run(Operation(command, options))
    }

    /// Runs a command that has to succeed.
    @discardableResult
    func succeed(_ command: Command) throws -> Report {
        let outcome = run(command)
        guard case .report(let report) = outcome else {
            throw Unexpected(outcome: outcome)
        }
        guard report.verdict == nil else { throw Unexpected(outcome: outcome) }
        return report
    }

    /// The last command's writes to files, and to the store within a transaction.
    var writes: [Effect] {
        effects.compactMap { effect in
            guard case .store(let batch) = effect else { return effect.changesWorld ? effect : nil }
            // A single write is committed with it.
            let writes = batch.filter { $0 != .commit }
            return writes.contains(where: \.changesStore) ? .store(writes) : nil
        }
    }

    /// The effects of the last command that change the world.
    var changes: [Effect] { effects.filter(\.changesWorld) }

    func status(_ device: String) throws -> DeviceStatus {
        let outcome = run(.devices)
        guard case .inventory(let inventory) = outcome else {
            throw Unexpected(outcome: outcome)
        }
        return inventory.observation.status(of: try #require(BusID(device)))
    }

    /// Changes nodes as another tool in domain 0 would, at once.
    func meddle(_ requests: [StoreRequest]) throws {
        try host.intervene { world in
            let connection = world.connect()
            _ = world.perform(requests, from: connection)
            world.store.disconnect(connection)
        }
    }

    /// Every node of the store with its value and permissions, a line each.
    func nodes() throws -> [String] {
        try host.world().store.entries.map { "\($0.path) \($0.value) \($0.permissions)" }
    }

    func text(_ path: String) throws -> String? {
        try host.world().text(try #require(StorePath(path)))
    }

    /// The drivers of a device's interfaces in the world, `-` for none.
    func drivers(_ device: String) throws -> [String] {
        let id = try #require(BusID(device))
        return try host.world().usb.device(id)?.interfaces.map { $0.driver?.text ?? "-" } ?? []
    }
}

/// An outcome that a test did not reckon with.
struct Unexpected: Error {
    let outcome: Outcome
}

extension Bench {
    static func device(_ word: String) throws -> DeviceSelector { try DeviceSelector(word) }

    static func addController() throws -> Command {
        .addController(try DomainSelector("pv1"), try #require(ControllerSettings()))
    }

    static func attach(_ device: String, at place: String? = nil) throws -> Command {
        .attach(
            try DomainSelector("pv1"), try DeviceSelector(device),
            at: try place.map { try PlaceWish($0) })
    }

    static func detach(_ device: String) throws -> Command { .detach(try DeviceSelector(device)) }

    static func recover(_ device: String) throws -> Command {
        .recover([try DeviceSelector(device)])
    }
}

/// A write of text, by path.
func writing(_ path: String, _ text: String) throws -> StoreRequest {
    .write(try #require(StorePath(path)), text: text)
}

/// A store in front of another one: somebody may meddle before a batch is performed.
final class WatchedStore: Store {
    private let store: any Store
    /// Called before each batch.
    var before: ([StoreRequest]) throws -> Void = { _ in }

    init(_ store: any Store) {
        self.store = store
    }

    func perform(_ batch: [StoreRequest]) throws(StoreFailure) -> [StoreReply] {
        do {
            try before(batch)
        } catch {
            Issue.record(error)
        }
        return try store.perform(batch)
    }

    /// Has somebody meddle once, before the first batch that commits a write of this path.
    func once(writing path: String, _ body: @escaping () throws -> Void) {
        var isDone = false
        before = { batch in
            let writes = batch.contains { request in
                if case .write(let written, _) = request { written.text == path } else { false }
            }
            guard writes, !isDone else { return }
            isDone = true
            try body()
        }
    }
}

/// Files in front of others: writes and reads may be refused, and somebody may meddle.
final class FaultyFiles: Files {
    private let files: any Files
    /// How many writes were asked for.
    private(set) var writes = 0
    /// Why a write, of that number and path, is refused; nil when it is not.
    var refusesWrite: (Int, String) -> FileErrno? = { _, _ in nil }
    /// Why a read of a path is refused; nil when it is not.
    var refusesRead: (String) -> FileErrno? = { _ in nil }
    /// Called after each write that was done, with its path.
    var after: (String) -> Void = { _ in }

    init(_ files: any Files) {
        self.files = files
    }

    /// Ends every fault, and counts anew.
    func mend() {
        writes = 0
        refusesWrite = { _, _ in nil }
        refusesRead = { _ in nil }
        after = { _ in }
    }

    func list(_ path: String) throws(FileErrno) -> [String] { try files.list(path) }

    func readLink(_ path: String) throws(FileErrno) -> String { try files.readLink(path) }

    func read(_ path: String) throws(FileErrno) -> [UInt8] {
        if let errno = refusesRead(path) { throw errno }
        return try files.read(path)
    }

    func write(_ text: String, to path: String) throws(FileErrno) {
        writes += 1
        if let errno = refusesWrite(writes, path) { throw errno }
        try files.write(text, to: path)
        after(path)
    }

    func replace(_ path: String, with bytes: [UInt8]) throws(FileErrno) {
        try files.replace(path, with: bytes)
    }
}
