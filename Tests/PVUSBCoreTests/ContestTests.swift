import Testing

@testable import PVUSBCore

/// Two ports hold a device.
struct ContestTests {
    private static func scene(
        _ record: Record?, _ drivers: [String] = ["usbback", "usbback"],
        table: [String]? = ["1-1:5:0:1"]
    ) -> Scene {
        Scene(drivers, ports: ["1-1", "1-1", ""], record: record, table: table)
    }

    private static func detach(_ scene: Scene, from port: UInt8? = nil) throws -> Plan {
        let seen = scene.observation
        let command: Command =
            try port.map { .detachPlace(.name("win10"), try wish("0:\($0)")) }
            ?? .detach(.busID(bus("1-1")))
        let tasks = try command.tasks(in: seen)
        #expect(tasks.count == 1)
        return try tasks[0].plan(in: seen)
    }

    private static func ours(_ port: UInt8) -> Record { Record(.attached, at: place(port)) }

    @Test func `our own claim is withdrawn, and the other port keeps the device`() throws {
        let scene = Self.scene(Self.ours(2))
        let lines = ["record 1-1 detach", "clear 1-1 domain 5 port 0:2", "withdraw 1-1"]
        let seen = scene.observation
        let plans = [
            try Self.detach(scene), try Self.detach(scene, from: 2),
            seen.planRecovery(of: bus("1-1"), named: false),
            seen.planRecovery(of: bus("1-1"), named: true), seen.planParking(of: bus("1-1")),
        ]
        for plan in plans {
            #expect(plan.lines == lines)
            #expect(plan.goal == .withdrawn(bus("1-1"), from: place(2)))
        }
    }

    @Test func `usbback lets go of what it has for our port before the port is cleared`() throws {
        let plan = try Self.detach(Self.scene(Self.ours(1)))
        #expect(
            plan.lines == [
                "record 1-1 detach", "unbind 1-1:1.0 usbback", "unbind 1-1:1.1 usbback",
                "clear 1-1 domain 5 port 0:1", "withdraw 1-1",
            ])
        #expect(plan.goal == .withdrawn(bus("1-1"), from: place(1)))
        #expect(plan.steps.last == .withdrawRecord(bus("1-1")))
    }

    @Test func `only what usbback has is taken from it`() throws {
        let scene = Self.scene(Self.ours(1), ["usbback", "uas"])
        #expect(
            try Self.detach(scene).lines == [
                "record 1-1 detach", "unbind 1-1:1.0 usbback", "clear 1-1 domain 5 port 0:1",
                "withdraw 1-1",
            ])
    }

    static let strangers: [Record?] = [
        nil, Record(.attached, at: place(3)), Record(.attach, at: nil), Record(.parked),
    ]

    @Test(arguments: strangers.filter { $0?.goal != .parked })
    func `where no claim is ours, somebody has to say which one goes`(record: Record?) throws {
        let scene = Self.scene(record)
        let status = scene.observation.status(of: bus("1-1"))
        #expect(status.state == .contested)
        // Not the one that usbback has the device for.
        #expect(status.remedy == "pvusb detach 5 0:2")
        let error = PVUSBError(.unfinished, "2 ports hold 1-1", remedy: "pvusb detach 5 0:2")
        #expect(failure { _ = try Self.detach(scene) } == error)
        #expect(failure { _ = try scene.plans(.recover([])) } == error)
        #expect(failure { _ = try scene.plans(.recover([.busID(bus("1-1"))])) } == error)
    }

    @Test func `without a table the first port is named`() {
        let scene = Self.scene(nil, table: nil)
        #expect(scene.observation.status(of: bus("1-1")).remedy == "pvusb detach 5 0:1")
    }

    @Test(arguments: strangers.filter { $0?.goal != .parked })
    func `the port that is named lets it go, and the record stays`(record: Record?) throws {
        let free = try Self.detach(Self.scene(record), from: 2)
        #expect(free.lines == ["clear 1-1 domain 5 port 0:2"])
        #expect(free.goal == .withdrawn(bus("1-1"), from: place(2)))
        let bound = try Self.detach(Self.scene(record), from: 1)
        #expect(
            bound.lines == [
                "unbind 1-1:1.0 usbback", "unbind 1-1:1.1 usbback", "clear 1-1 domain 5 port 0:1",
            ])
        #expect(bound.goal == .withdrawn(bus("1-1"), from: place(1)))
    }

    @Test func `of three ports one goes, and it is still contested`() throws {
        var scene = Self.scene(nil)
        scene.controllers = [ControllerView(["1-1", "1-1", "1-1"])]
        let plan = try Self.detach(scene, from: 3)
        #expect(plan.lines == ["clear 1-1 domain 5 port 0:3"])
        #expect(plan.goal == .withdrawn(bus("1-1"), from: place(3)))
    }

    @Test func `an unplugged device leaves our port like any other`() throws {
        var scene = Self.scene(Self.ours(1))
        scene.devices = []
        #expect(
            try Self.detach(scene).lines == [
                "record 1-1 detach", "clear 1-1 domain 5 port 0:1", "withdraw 1-1",
            ])
    }

    @Test(arguments: [
        (["", "9-9", ""], PVUSBError.Code.notFound, "port 0:1 of win10 holds no device"),
        (["x y"], .notFound, "port 0:1 of win10 holds no device"),
        ([], .notFound, "win10 has no port 0:1"),
    ])
    func `a port that holds no device has none to let go`(
        ports: [String], code: PVUSBError.Code, message: String
    ) {
        let scene = Scene(ports: ports)
        #expect(
            failure { _ = try Self.detach(scene, from: 1) }
                == PVUSBError(code, message, remedy: "pvusb list win10"))
    }

    @Test func `a port that was given to another device meanwhile is not cleared`() {
        let seen = Scene(ports: ["9-9"]).observation
        let task = PVUSBCore.Task.detach(bus("1-1"), from: place(1), rebind: true)
        #expect(
            failure { _ = try task.plan(in: seen) }
                == PVUSBError(
                    .busy, "port 0:1 of domain 5 does not hold 1-1 any more",
                    remedy: "pvusb list"))
    }

    @Test func `a place without a port is no place to take a device from`() throws {
        let command = Command.detachPlace(.name("win10"), try wish("0"))
        #expect(
            failure { _ = try Scene().tasks(command) }
                == PVUSBError(.usage, "'0' names no port: write CONTROLLER:PORT"))
    }

    @Test func `a hub is in no guest`() throws {
        var scene = Scene()
        scene.devices = [HostDevice("1-1", ["hub"], isHub: true)]
        #expect(
            failure { _ = try Self.detach(scene) }
                == PVUSBError(.refused, "1-1 is a hub; no guest ever has one"))
    }
}
