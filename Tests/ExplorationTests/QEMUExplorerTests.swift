import Exploration
import PVUSBCore
import Simulation
import Testing

/// Commands that die anywhere, where QEMU has the devices.
struct QEMUExplorerTests {
    /// A kind, the guest that can have it, and a device with one or two interfaces.
    struct Row: CustomTestStringConvertible {
        let kind: ControllerKind
        let device: String
        var testDescription: String { "\(kind.rawValue) \(device)" }
        var guest: String { kind == .qusb ? "pv1" : "win10" }
    }

    static let rows = [ControllerKind.qusb, .deviceModel].flatMap { kind in
        ["1-1", "1-4"].map { Row(kind: kind, device: $0) }
    }

    /// A world in which pv1 has a QEMU, too.
    static func world() -> World {
        var world = World.builtIn()
        world.startQEMU(for: 1)
        return world
    }

    /// The same with a controller of the kind, made as a user makes it.
    static func worldWithController(_ row: Row) throws -> World {
        var world = world()
        let version: UInt8 = row.kind == .deviceModel ? 3 : 2
        let settings = try #require(ControllerSettings(kind: row.kind, version: version))
        let outcome = world.run(.addController(try DomainSelector(row.guest), settings))
        #expect(outcome?.error == nil)
        world.settle()
        return world
    }

    static func attached(_ row: Row) throws -> World {
        var world = try worldWithController(row)
        let outcome = world.run(try attach(row))
        #expect(outcome?.error == nil)
        return world
    }

    private static func attach(_ row: Row) throws -> Command {
        .attach(try DomainSelector(row.guest), try DeviceSelector(row.device), at: nil)
    }

    private static func id(_ row: Row) throws -> BusID { try #require(BusID(row.device)) }

    private static func explore(
        _ world: World, _ command: Command, _ row: Row, worlds: Int
    ) throws {
        var explorer = Explorer(world: world, command: command, device: try id(row))
        #expect(explorer.crashes().map(\.description) == [])
        #expect(explorer.worlds.count >= worlds)
    }

    @Test(arguments: rows)
    func `an attach dies anywhere and is shown, recovered and repeated`(row: Row) throws {
        try Self.explore(
            try Self.worldWithController(row), try Self.attach(row), row, worlds: 3)
    }

    @Test(arguments: rows)
    func `a detach dies anywhere and is shown, recovered and repeated`(row: Row) throws {
        try Self.explore(
            try Self.attached(row), .detach(.busID(try Self.id(row))), row, worlds: 4)
    }

    @Test(arguments: rows)
    func `a detach that parks dies anywhere and is shown, recovered and repeated`(row: Row) throws {
        try Self.explore(
            try Self.attached(row), .detach(.busID(try Self.id(row)), rebind: false), row,
            worlds: 4)
    }

    @Test(arguments: rows)
    func `a controller's removal dies anywhere and is shown, recovered and repeated`(
        row: Row
    ) throws {
        let remove = Command.removeController(
            try DomainSelector(row.guest), ControllerNumber(0))
        try Self.explore(try Self.attached(row), remove, row, worlds: 6)
    }

    @Test(arguments: rows.filter { $0.kind == .deviceModel })
    func `an attach that has to make a controller dies anywhere and leaves nothing behind`(
        row: Row
    ) throws {
        try Self.explore(Self.world(), try Self.attach(row), row, worlds: 6)
    }

    @Test(arguments: rows.filter { $0.kind == .qusb })
    func `without usbback an attach makes a controller of QEMU's, and dies anywhere`(
        row: Row
    ) throws {
        var world = Self.world()
        world.usb.drivers.removeAll { $0.text == "usbback" }
        try Self.explore(world, try Self.attach(row), row, worlds: 6)
    }

    @Test(arguments: rows)
    func `an attach of what QEMU can't open dies anywhere and leaves nothing behind`(
        row: Row
    ) throws {
        for opening in [SimulatedQEMU.Opening.refuses, .fails] {
            var world = try Self.worldWithController(row)
            for domain: UInt16 in [1, 3] { world.changeQEMU(of: domain) { $0.opening = opening } }
            try Self.explore(world, try Self.attach(row), row, worlds: 3)
        }
    }

    @Test(arguments: rows)
    func `a replugged device's attach dies anywhere and is shown, recovered and repeated`(
        row: Row
    ) throws {
        var world = try Self.attached(row)
        if let device = world.unplug(try Self.id(row)) { world.plug(device) }
        world.settle()
        try Self.explore(world, try Self.attach(row), row, worlds: 4)
        try Self.explore(world, .recover([]), row, worlds: 3)
    }

    @Test(arguments: rows)
    func `a recovery after QEMU was killed dies anywhere and is repeated`(row: Row) throws {
        var world = try Self.attached(row)
        world.killQEMU(of: row.kind == .qusb ? 1 : 3)
        world.settle()
        try Self.explore(world, .recover([]), row, worlds: 3)
    }

    @Test(arguments: rows)
    func `a recovery after the guest was destroyed dies anywhere and is repeated`(row: Row) throws {
        for leavingBackend in [false, true] {
            var world = try Self.attached(row)
            world.destroy(row.kind == .qusb ? 1 : 3, leavingBackend: leavingBackend)
            world.settle()
            try Self.explore(world, .recover([]), row, worlds: 2)
        }
    }

    @Test(arguments: rows)
    func `a detach of what xl attached dies anywhere and is shown, recovered and repeated`(
        row: Row
    ) throws {
        var world = try Self.worldWithController(row)
        let domain: UInt16 = row.kind == .qusb ? 1 : 3
        let actions = world.xlAttach(try Self.id(row), domain: domain, controller: 0, port: 2)
        #expect(world.perform(actions) == nil)
        world.settle()
        try Self.explore(world, .detach(.busID(try Self.id(row))), row, worlds: 4)
    }
}
