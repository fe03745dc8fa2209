import DeviceModel
import HostUSB
import PVUSB
import Simulation
import Testing
import XenStore

extension Bench {
    /// Runs a command in a process that is killed after so many changes of the world.
    func kill(_ command: Command, after changes: Int) throws {
        let life = Life(changes: changes)
        let seams = Seams(
            store: MortalStore(store, life), files: MortalFiles(files, life), locks: host,
            clock: host, deviceModel: MortalQEMU(host, life))
        _ = Driver(seams) { effect, _ in life.note(effect) }.run(Operation(command))
        try #require(life.isOver, "it ended before it could be killed")
        // Locks and connections go with a process; then the others go on.
        try host.intervene {
            $0.locks = [:]
            $0.settle()
        }
    }

    /// How many changes a command makes on a bench like this one.
    func countChanges(_ command: Command) throws -> Int {
        let copy = Bench(try host.world())
        try copy.succeed(command)
        return copy.changes.count
    }
}

/// How long a process lives.
private final class Life {
    private var changes: Int

    init(changes: Int) {
        self.changes = changes
    }

    var isOver: Bool { changes <= 0 }

    func note(_ effect: Effect) {
        if effect.changesWorld { changes -= 1 }
    }
}

private final class MortalStore: Store {
    private let store: any Store
    private let life: Life

    init(_ store: any Store, _ life: Life) {
        self.store = store
        self.life = life
    }

    func perform(_ batch: [StoreRequest]) throws(StoreFailure) -> [StoreReply] {
        guard !life.isOver else { throw StoreFailure(.unreachable, "killed") }
        return try store.perform(batch)
    }
}

private final class MortalFiles: Files {
    private let files: any Files
    private let life: Life

    init(_ files: any Files, _ life: Life) {
        self.files = files
        self.life = life
    }

    func list(_ path: String) throws(FileErrno) -> [String] { try files.list(path) }

    func read(_ path: String) throws(FileErrno) -> [UInt8] { try files.read(path) }

    func readLink(_ path: String) throws(FileErrno) -> String { try files.readLink(path) }

    func write(_ text: String, to path: String) throws(FileErrno) {
        guard !life.isOver else { throw .inputOutput }
        try files.write(text, to: path)
    }

    func replace(_ path: String, with bytes: [UInt8]) throws(FileErrno) {
        try files.replace(path, with: bytes)
    }
}

private final class MortalQEMU: DeviceModelSeam {
    private let qemu: any DeviceModelSeam
    private let life: Life

    init(_ qemu: any DeviceModelSeam, _ life: Life) {
        self.qemu = qemu
        self.life = life
    }

    func execute(_ command: QMPCommand, guest: QMPGuest) throws(QMPFailure) -> QMPValue {
        guard !life.isOver else { throw .unreachable("killed") }
        return try qemu.execute(command, guest: guest)
    }
}

extension Bench {
    /// What a command must not have changed when all is over.
    struct Snapshot: Hashable {
        let nodes: [String]
        let usb: SimulatedUSB
        let ports: [PortTableEntry]
        let qemus: [SimulatedQEMU]
        let locks: [String: Int32]
    }

    /// Everything that counts of the world, when the others have done what they had to do.
    func snapshot() throws -> Snapshot {
        try host.intervene { $0.settle() }
        let world = try host.world()
        return Snapshot(
            nodes: try nodes(), usb: world.usb, ports: world.ports, qemus: world.qemus,
            locks: world.locks)
    }

    /// Has xl do some things one after the other, then lets the others go on.
    func xl(_ actions: (World) -> some Sequence<XLAction>) throws {
        let actions = Array(actions(try host.world()))
        try #require(!actions.isEmpty, "xl has nothing to do")
        var errno: FileErrno?
        try host.intervene { world in
            for action in actions where errno == nil {
                errno = world.perform([action])
                world.settle()
            }
        }
        #expect(errno == nil)
    }

    /// Pulls a device.
    func unplug(_ device: String) throws {
        let id = try #require(BusID(device))
        try host.intervene {
            $0.unplug(id)
            $0.settle()
        }
    }

    /// Pulls a device and plugs it in again.
    func replug(_ device: String, usbbackFirst: Bool = false) throws {
        let id = try #require(BusID(device))
        try host.intervene { world in
            guard let device = world.unplug(id) else { return }
            world.plug(device, usbbackFirst: usbbackFirst)
            world.settle()
        }
    }

    /// Pulls a device and plugs another one into its socket.
    func exchange(_ device: String, for other: String, usbbackFirst: Bool = false) throws {
        let (id, other) = (try #require(BusID(device)), try #require(BusID(other)))
        try host.intervene { world in
            guard let other = world.unplug(other) else { return }
            world.plug(other.moved(to: id), usbbackFirst: usbbackFirst)
            world.settle()
        }
    }
}
