import PVUSBCore
import Testing

struct HostPlanTests {
    static let held = ["1-1", "", ""]
    static let listed = ["1-1:5:0:1"]
    static let wayHome = [
        "record 1-1 detach",
        "unbind 1-1:1.0 usbback",
        "clear 1-1 domain 5 port 0:1",
        "await 1-1 released by usbback",
        "bind 1-1:1.0 usbhid",
        "forget 1-1",
    ]

    private func home(_ scene: Scene) -> [String] {
        scene.observation.planHost(of: bus("1-1")).lines
    }

    private func recovery(_ scene: Scene, named: Bool = false) -> Plan {
        scene.observation.planRecovery(of: bus("1-1"), named: named)
    }

    @Test(arguments: [RecordGoal.attach, .attached, .detach])
    func `a captured device goes the whole way back`(goal: RecordGoal) {
        let scene = Scene(["usbback"], ports: Self.held, record: Record(goal), table: Self.listed)
        #expect(home(scene) == Self.wayHome)
    }

    @Test func `all interfaces leave before any comes back`() {
        let scene = Scene(
            ["usbback", "usbback"], ports: Self.held,
            record: Record(.attached, drivers: ["usbhid", "uas"]), table: Self.listed)
        #expect(
            home(scene) == [
                "record 1-1 detach", "unbind 1-1:1.0 usbback", "unbind 1-1:1.1 usbback",
                "clear 1-1 domain 5 port 0:1", "await 1-1 released by usbback",
                "bind 1-1:1.0 usbhid", "bind 1-1:1.1 uas", "forget 1-1",
            ])
    }

    @Test(arguments: [
        ["", "probe 1-1:1.0"],  // it had none
        ["gone", "probe 1-1:1.0"],  // its driver is not loaded any more
    ])
    func `an interface whose driver can't be given back is probed`(row: [String]) {
        let scene = Scene(
            ["usbback"], ports: Self.held, record: Record(.attached, drivers: [row[0]]),
            table: Self.listed)
        #expect(home(scene).dropFirst(4).first == row[1])
    }

    @Test func `a device that xl gave away gets a record first`() {
        let scene = Scene(["usbback"], ports: Self.held, table: Self.listed)
        let plan = scene.observation.planHost(of: bus("1-1"))
        #expect(plan.steps.first == .record(bus("1-1"), Record(.detach, drivers: [""])))
        #expect(plan.lines.dropFirst(4) == ["probe 1-1:1.0", "forget 1-1"])
    }

    @Test func `an unplugged device's port is cleared`() {
        let scene = Scene(nil, ports: Self.held, record: Record(.attached), table: Self.listed)
        #expect(
            home(scene) == [
                "record 1-1 detach", "clear 1-1 domain 5 port 0:1",
                "await 1-1 released by usbback", "forget 1-1",
            ])
    }

    @Test func `another device on the socket is let go and probed only`() {
        let scene = Scene(
            ["usbback", "uas"], ports: Self.held,
            record: Record(.attached, identity: RecordTests.identity), table: Self.listed)
        #expect(
            home(scene) == [
                "record 1-1 detach", "unbind 1-1:1.0 usbback", "clear 1-1 domain 5 port 0:1",
                "await 1-1 released by usbback", "probe 1-1:1.0", "forget 1-1",
            ])
    }

    @Test(arguments: [
        Scene(), Scene(["", ""]), Scene(["usbhid", ""]),
    ])
    func `a device that is the host's needs nothing`(scene: Scene) {
        #expect(home(scene) == [])
        #expect(recovery(scene).steps == [])
    }

    @Test func `recover finishes an attach that lacks the last note only`() {
        let scene = Scene(
            ["usbback"], ports: Self.held, record: Record(.attach), table: Self.listed)
        let plan = recovery(scene)
        #expect(plan.goal == .assigned(bus("1-1"), place(1)))
        #expect(plan.steps == [.record(bus("1-1"), Record(.attached))])
    }

    @Test(arguments: [
        Scene(["usbback", "usbhid"], ports: held, record: Record(.attach), table: listed),
        Scene(["usbback"], record: Record(.attach)),
        Scene(["usbhid"], ports: held, record: Record(.attached), table: listed),
        Scene(["usbback"], ports: held, record: Record(.detach), table: listed),
        Scene(nil, ports: held, record: Record(.attached), table: listed),
        Scene(["usbhid"], record: Record(.attached)),
        Scene(["usbback"]),
    ])
    func `recover takes everything else that is half done home`(scene: Scene) {
        let plan = recovery(scene)
        #expect(plan.goal == .host(bus("1-1")))
        #expect(plan.lines == home(scene))
        #expect(plan.lines.first == "record 1-1 detach")
        #expect(plan.lines.last == "forget 1-1")
    }

    @Test func `recover leaves a guest's device alone`() {
        let scene = Scene(["usbback"], ports: Self.held, record: Record(.attached))
        #expect(recovery(scene, named: true).steps == [])
    }

    @Test(arguments: [Record(.detach), Record(.attach)])
    func `recover leaves alone what another tool gave away after our record died`(record: Record) {
        let scene = Scene(
            ["usbback"], ports: ["", "1-1", ""], record: record, table: ["1-1:5:0:2"])
        let plan = recovery(scene)
        #expect(
            plan.steps.filter { $0.line.hasPrefix("unbind") || $0.line.hasPrefix("clear") } == [])
    }

    @Test func `recover gives an unbound device to the drivers only when it is named`() {
        let scene = Scene(["", ""])
        #expect(recovery(scene).steps == [])
        #expect(recovery(scene, named: true).lines == ["probe 1-1:1.0", "probe 1-1:1.1"])
    }

    @Test func `recover leaves a parked device alone unless it is named`() {
        let scene = Scene([""], record: Record(.parked, at: nil))
        #expect(recovery(scene).steps == [])
        #expect(
            recovery(scene, named: true).lines
                == [
                    "record 1-1 detach", "unbind 1-1:1.0 usbback", "await 1-1 released by usbback",
                    "bind 1-1:1.0 usbhid", "forget 1-1",
                ])
    }

    @Test func `of a contest only our own claim is withdrawn`() {
        let scene = Scene(
            ["usbback"], ports: ["1-1", "1-1"], record: Record(.attached, at: place(2)),
            table: Self.listed)
        #expect(
            home(scene) == ["record 1-1 detach", "clear 1-1 domain 5 port 0:2", "withdraw 1-1"])
    }

    @Test func `a device that can't be read keeps its port and its record`() {
        var scene = Scene(nil, ports: Self.held, record: Record(.attached), table: Self.listed)
        scene.unreadable = [UnreadableDevice(name: "1-1", reason: "descriptors is missing")]
        // It may be captured, and usbback dies when such a port is cleared.
        #expect(recovery(scene).steps == [])
    }
}

struct ControllerPlanTests {
    static let numbers: [(present: [UInt8], next: UInt8)] = [
        ([], 0), ([0], 1), ([0, 3], 4), ([7], 8),
    ]

    @Test(arguments: numbers)
    func `a new controller gets the number after the greatest`(
        present: [UInt8], next: UInt8
    ) throws {
        var scene = Scene()
        scene.controllers = present.map { ControllerView([""], id: controllerID($0)) }
        // Another domain's numbers do not count.
        scene.controllers.append(ControllerView([""], id: controllerID(100, of: 6)))
        let plan = try scene.observation.planController(
            for: guest, ControllerWish(settings(ports: 4)))
        #expect(
            plan.lines == [
                "create domain 5 controller \(next) pv usb2 4 ports",
                "await domain 5 controller \(next) backend ready",
            ])
        #expect(plan.label == "controller \(next) in win10")
    }

    @Test func `after the last number there is none`() {
        var scene = Scene()
        scene.controllers = [ControllerView([""], id: controllerID(255))]
        let seen = scene.observation
        #expect(
            failure {
                _ = try seen.planController(
                    for: guest, ControllerWish(settings()))
            }
                == PVUSBError(.failed, "win10 has used the controller number 255"))
    }

    @Test(arguments: [ControllerKind.qusb, .deviceModel])
    func `a kind that this build does not make is refused`(kind: ControllerKind) throws {
        let settings = try #require(ControllerSettings(kind: kind))
        let seen = Scene().observation
        #expect(
            failure { _ = try seen.planController(for: guest, ControllerWish(settings)) } != nil)
    }

    @Test(arguments: [(UInt8(0), UInt8(8)), (3, 8), (2, 0), (2, 32)])
    func `settings outside libxl's limits are none`(version: UInt8, ports: UInt8) {
        #expect(ControllerSettings(version: version, ports: ports) == nil)
    }
}
