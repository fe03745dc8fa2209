import Testing

@testable import PVUSBCore

extension Scene {
    /// The domain is gone; its controller's backend is all that is left.
    static func orphaned(
        _ drivers: [String]? = ["usbback"], ports: [String] = ["1-1", "", ""],
        record: Record? = nil, table: [String]? = ["1-1:5:0:1"]
    ) -> Scene {
        var scene = Scene(drivers, ports: ports, record: record, table: table)
        scene.domains.removeAll { $0.id == guest.id }
        scene.controllers = [ControllerView(ports, state: .closed, isOrphan: true)]
        return scene
    }

    /// What a command has to do here, before anything is done.
    func tasks(_ command: Command) throws -> [PVUSBCore.Task] {
        try command.tasks(in: observation)
    }

    /// The plans of a command's tasks.
    func plans(_ command: Command) throws -> [Plan] {
        let seen = observation
        return try command.tasks(in: seen).map { try $0.plan(in: seen) }
    }
}

/// What a destroyed domain left behind.
struct OrphanTests {
    private static func status(_ scene: Scene) -> DeviceStatus {
        scene.observation.status(of: bus("1-1"))
    }

    @Test(
        arguments: [
            (
                .orphaned(), .captured,
                "usbback has 1-1 for domain 5, which is gone"
            ),
            (
                .orphaned(record: Record(.attached)), .captured,
                "usbback has 1-1 for domain 5, which is gone"
            ),
            (
                .orphaned(["usbhid"]), .stale, "a port of domain 5, which is gone, holds 1-1"
            ),
            (
                .orphaned([""], record: Record(.attached)), .stale,
                "a port of domain 5, which is gone, holds 1-1"
            ),
            (.orphaned(nil), .assignedAbsent, "1-1 was unplugged while a guest had it"),
            (
                .orphaned(record: Record(.detach)), .detaching,
                "a detach of 1-1 was begun and not finished"
            ),
        ] as [(Scene, DeviceState, String)])
    func `a device of a domain that is gone is half way back`(
        scene: Scene, state: DeviceState, problem: String
    ) {
        let status = Self.status(scene)
        #expect(status.state == state)
        #expect(status.problems == [problem])
        #expect(status.remedy == "pvusb recover 1-1")
    }

    @Test(arguments: [Record?.none, Record(.attached), Record(.detach)])
    func `recover takes the device back, then removes what is left`(record: Record?) throws {
        let scene = Scene.orphaned(record: record)
        #expect(
            try scene.tasks(.recover([])) == [
                .recover(bus("1-1"), named: false), .removeOrphan(controllerID()),
            ])
        let home = scene.observation.planHost(of: bus("1-1"))
        #expect(
            home.lines == [
                "record 1-1 detach", "unbind 1-1:1.0 usbback", "clear 1-1 domain 5 port 0:1",
                "await 1-1 released by usbback",
                record == nil ? "probe 1-1:1.0" : "bind 1-1:1.0 usbhid", "forget 1-1",
            ])
        #expect(scene.observation.planRecovery(of: bus("1-1"), named: false) == home)
    }

    @Test func `an attach that lacked its last note only has nobody to be finished for`() {
        let scene = Scene.orphaned(record: Record(.attach))
        let seen = scene.observation
        #expect(
            seen.planRecovery(of: bus("1-1"), named: false)
                == seen.planHost(of: bus("1-1")))
    }

    @Test func `it is not removed while a port holds a device`() {
        let error = PVUSBError(
            .failed, "what is left of controller 0 of domain 5, which is gone, holds 1-1",
            remedy: "pvusb recover 1-1")
        for drivers in [["usbback"], ["usbhid"], nil] {
            let seen = Scene.orphaned(drivers).observation
            #expect(failure { _ = try seen.planOrphan(controllerID()) } == error)
        }
    }

    @Test func `it is removed when its devices are back`() throws {
        let scene = Scene.orphaned(["usbhid"], ports: ["", "", ""], table: [])
        let plans = try scene.plans(.recover([]))
        #expect(plans.map(\.goal) == [.controllerRemoved(controllerID())])
        #expect(plans.map(\.steps) == [[.removeOrphan(controllerID())]])
        #expect(plans.map(\.lines) == [["remove domain 5 controller 0 left behind"]])
        #expect(plans.map(\.label) == ["no controller 0 in domain 5"])
    }

    @Test func `one that was made anew, or is gone, is left alone`() throws {
        for controllers in [[ControllerView([""])], []] {
            var scene = Scene.orphaned()
            scene.controllers = controllers
            #expect(try scene.observation.planOrphan(controllerID()).steps == [])
        }
    }

    @Test func `nobody has to name it, and nobody can`() throws {
        let scene = Scene.orphaned()
        let named = Command.recover([.busID(bus("1-1"))])
        #expect(try scene.tasks(named) == [.recover(bus("1-1"), named: true)])
        #expect(try Scene().tasks(.recover([])) == [])
    }

    @Test func `a device that can't be read keeps what holds it`() throws {
        var scene = Scene.orphaned(nil)
        scene.unreadable = [UnreadableDevice(name: "1-1", reason: "descriptors is missing")]
        let seen = scene.observation
        #expect(failure { _ = try seen.planOrphan(controllerID()) }?.code == .failed)
    }

    @Test func `it holds its domain's lock, and gives way to whoever has it`() {
        let task = PVUSBCore.Task.removeOrphan(controllerID())
        #expect(task.locks == [Lock(.domain(domid(5)))])
        #expect(task.yieldsToOthers)
    }
}

/// A domid that was used again while the earlier domain's backend was still there.
struct ReusedDomainTests {
    /// Domain 5 lives, with these controllers; the orphan's number is 3.
    private static func scene(
        _ record: Record? = nil, _ controllers: [ControllerView] = [], held: String = "1-1"
    ) -> Scene {
        var scene = Scene(["usbback"], record: record, table: ["1-1:5:3:1"])
        scene.controllers =
            controllers
            + [ControllerView([held], id: controllerID(3), state: .closed, isOrphan: true)]
        return scene
    }

    @Test(arguments: [
        Record?.none, Record(.attached, at: place(1, on: 3)),
        Record(.attached, at: place(1, on: 3), vm: "/vm/before"),
    ])
    func `a device of the earlier domain is not the later one's`(record: Record?) {
        let seen = Self.scene(record).observation
        #expect(seen.status(of: bus("1-1")).state == .captured)
        #expect(
            seen.planRecovery(of: bus("1-1"), named: true) == seen.planHost(of: bus("1-1")))
    }

    @Test func `it can be taken back by name`() {
        let scene = Self.scene(Record(.attached, at: place(1, on: 3), vm: "/vm/before"))
        #expect(
            scene.observation.planHost(of: bus("1-1")).lines == [
                "record 1-1 detach", "unbind 1-1:1.0 usbback", "clear 1-1 domain 5 port 3:1",
                "await 1-1 released by usbback", "bind 1-1:1.0 usbhid", "forget 1-1",
            ])
    }

    @Test func `what is left behind is no place for a device`() {
        let scene = Self.scene(held: "")
        let seen = scene.observation
        for word in ["3", "3:1"] {
            #expect(
                failure { _ = try seen.planAttach(of: bus("1-1"), to: guest, at: wish(word)) }
                    != nil)
        }
    }

    @Test(arguments: [Record?.none, Record(.attached, at: place(2))])
    func `of two ports that hold a device the one left behind goes unasked`(
        record: Record?
    ) throws {
        // Nobody could name it: there is no such domain any more, or another one has its number.
        let scene = Self.scene(record, [ControllerView(["1-1", ""])])
        let seen = scene.observation
        let status = seen.status(of: bus("1-1"))
        #expect(status.state == .contested)
        #expect(status.remedy == "pvusb recover 1-1")
        let device = DeviceSelector.busID(bus("1-1"))
        for command in [Command.recover([device]), .detach(device)] {
            #expect(
                try scene.plans(command).map(\.lines)
                    == [["unbind 1-1:1.0 usbback", "clear 1-1 domain 5 port 3:1"]])
        }
    }

    @Test func `a new controller is not made on top of what is left behind`() throws {
        // Nodes under that number are taken for the controller's own: what is left would count as
        // made already, or be removed under a device that usbback has.
        var scene = Self.scene()
        scene.controllers = [
            ControllerView(["1-1"], id: controllerID(0), state: .closed, isOrphan: true)
        ]
        let plan = try scene.observation.planController(
            for: guest, ControllerWish(settings()))
        #expect(plan.goal != .controllerAdded(controllerID(0), settings()))
    }

    @Test func `what is left behind goes when its port is free`() throws {
        let plans = try Self.scene(held: "").plans(.recover([]))
        #expect(plans.map(\.lines).contains(["remove domain 5 controller 3 left behind"]))
    }
}
