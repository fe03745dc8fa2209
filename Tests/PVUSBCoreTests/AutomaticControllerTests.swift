import PVUSBCore
import Testing

/// An attach that has to make a controller first.
struct AutomaticControllerTests {
    /// The controllers that are there, the device's speed, and the number of the one to be made.
    struct Row: CustomTestStringConvertible {
        let testDescription: String
        let scene: Scene
        let number: UInt8

        init(
            _ title: String, _ controllers: [ControllerView], speed: USBSpeed? = .full,
            greatest: UInt8? = nil, makes number: UInt8
        ) {
            testDescription = title
            self.number = number
            var scene = Scene()
            scene.devices = [HostDevice("1-1", speed: speed)]
            scene.controllers = controllers
            scene.greatestNumbers[domid(5)] = greatest
            self.scene = scene
        }
    }

    static let rows = [
        Row("none at all", [], makes: 0),
        Row("another domain's only", [ControllerView([""], id: controllerID(of: 6))], makes: 0),
        Row("full", [ControllerView(["9-9", "9-8"])], makes: 1),
        Row(
            "two, both full",
            [ControllerView(["9-9"]), ControllerView(["9-8"], id: controllerID(4))], makes: 5),
        Row("garbage in every port", [ControllerView(["x y", "../.."])], makes: 1),
        Row("without ports", [ControllerView([])], makes: 1),
        Row("version 1, high speed", [ControllerView([""], version: 1)], speed: .high, makes: 1),
        Row("no version, high speed", [ControllerView([""], version: 0)], speed: .high, makes: 1),
        Row("closing", [ControllerView([""], state: .closing)], makes: 1),
        Row("closed", [ControllerView([""], state: .closed)], makes: 1),
        Row(
            "what an earlier domain of the same number left",
            [ControllerView([""], id: controllerID(3), isOrphan: true)], makes: 4),
        Row("QEMU's PV backend", [ControllerView([""], kind: .qusb)], makes: 1),
        Row("emulated", [ControllerView([""], kind: .deviceModel)], makes: 1),
        Row("of a kind nobody knows", [ControllerView([""], kind: nil)], makes: 1),
        Row("in a driver domain", [ControllerView([""], backendDomain: 3)], makes: 1),
        Row("none, but a stray name in the listing", [], greatest: 7, makes: 8),
        Row("full, and a stray name", [ControllerView(["9-9"])], greatest: 2, makes: 3),
    ]

    private static func wayIn(_ number: UInt8) -> [String] {
        [
            "create domain 5 controller \(number) pv usb2 8 ports",
            "await domain 5 controller \(number) backend ready",
            "await domain 5 controller \(number) connected",
            "claim 1-1 domain 5 port \(number):1", "await 1-1 listed by usbback",
            "unbind 1-1:1.0 usbhid", "bind 1-1:1.0 usbback", "record 1-1 attached",
        ]
    }

    private func plan(_ scene: Scene, at word: String? = nil) throws -> Plan {
        try scene.observation.planAttach(of: bus("1-1"), to: guest, at: try word.map(wish))
    }

    @Test(arguments: rows)
    func `where no port fits, a controller is made`(row: Row) throws {
        let plan = try plan(row.scene)
        #expect(plan.lines == Self.wayIn(row.number))
        #expect(plan.goal == .assigned(bus("1-1"), place(1, on: row.number)))
        #expect(plan.label == "1-1 in win10 at \(row.number):1")
    }

    @Test(arguments: [
        (USBSpeed?.some(.full), UInt8(1)),  // version 1 carries full speed
        (.some(.high), 2), (nil, 1),
    ])
    func `where a port fits, none is made`(speed: USBSpeed?, version: UInt8) throws {
        var scene = Scene()
        scene.devices = [HostDevice("1-1", speed: speed)]
        scene.controllers = [
            ControllerView([""], kind: .qusb),
            ControllerView(["9-9", ""], id: controllerID(1), version: version),
        ]
        #expect(try plan(scene).goal == .assigned(bus("1-1"), place(2, on: 1)))
        #expect(try !plan(scene).lines.contains { $0.hasPrefix("create") })
    }

    @Test func `a controller that is still waiting for its guest is used, not doubled`() throws {
        var scene = Scene()
        scene.controllers = [ControllerView([""], state: .initWait)]
        #expect(try plan(scene).lines.first == "await domain 5 controller 0 connected")
    }

    @Test func `a place that was asked for is not replaced by a new controller`() throws {
        var scene = Scene()
        scene.controllers = [ControllerView(["9-9"])]
        for word in ["0", "0:1", "1", "1:1"] {
            #expect(failure { _ = try plan(scene, at: word) } != nil)
        }
    }

    @Test func `a device that no controller could carry gets none made`() {
        var scene = Scene()
        scene.devices = [HostDevice("1-1", speed: .superSpeed)]
        scene.controllers = []
        #expect(
            failure { _ = try plan(scene) }
                == PVUSBError(
                    .refused,
                    "1-1 runs at 5000 Mbit/s, a controller of kind pv carries at most 480 Mbit/s",
                    remedy: "plug it into a USB 2 port or behind a USB 2 hub"))
    }

    @Test func `after the last number none is made`() {
        var scene = Scene()
        scene.controllers = [ControllerView(["9-9"], id: controllerID(255))]
        #expect(
            failure { _ = try plan(scene) }
                == PVUSBError(.failed, "win10 has used the controller number 255"))
    }

    @Test func `the record says so from the first change on, until the attach is done`() throws {
        var scene = Scene(["usbhid", ""])
        scene.controllers = []
        let made = Record(.attach, at: nil, created: controllerID(0), drivers: ["usbhid", ""])
        let claimed = Record(.attach, created: controllerID(0), drivers: ["usbhid", ""])
        let plan = try plan(scene)
        #expect(
            plan.steps == [
                .createControllerFor(
                    Registration(device: bus("1-1"), record: made), controllerID(0), settings()),
                .awaitBackend(controllerID(0)), .awaitConnected(controllerID(0)),
                .claim(Claim(device: bus("1-1"), place: place(1), record: claimed)),
                .awaitListed(bus("1-1"), place(1)),
                .unbind(interface("1-1:1.0"), from: driverName("usbhid")),
                .bind(interface("1-1:1.0"), to: .usbback),
                .bind(interface("1-1:1.1"), to: .usbback),
                .record(bus("1-1"), Record(.attached, drivers: ["usbhid", ""])),
            ])
    }
}

/// An attach that made a controller and was interrupted.
struct ContinuedControllerTests {
    private static func begun(
        at place: Place? = nil, vm: String? = "/vm/a", in controllers: ControllerView...
    ) -> Scene {
        var scene = Scene(
            record: Record(.attach, at: place, created: controllerID(1), vm: vm))
        scene.controllers = controllers
        return scene
    }

    private static func plan(_ scene: Scene, at word: String? = nil) throws -> Plan {
        try scene.observation.planAttach(of: bus("1-1"), to: guest, at: try word.map(wish))
    }

    private static let waiting = ControllerView(
        ["", ""], id: controllerID(1), state: .initialising)

    @Test(arguments: [nil, "1", "1:1"])
    func `it goes on with the controller that it made`(word: String?) throws {
        let scene = Self.begun(in: ControllerView(["9-9"]), Self.waiting)
        let plan = try Self.plan(scene, at: word)
        #expect(
            plan.lines == [
                "await domain 5 controller 1 connected", "claim 1-1 domain 5 port 1:1",
                "await 1-1 listed by usbback", "unbind 1-1:1.0 usbhid", "bind 1-1:1.0 usbback",
                "record 1-1 attached",
            ])
        let record = Record(.attach, at: place(1, on: 1), created: controllerID(1))
        #expect(
            plan.steps.contains(
                .claim(Claim(device: bus("1-1"), place: place(1, on: 1), record: record))))
    }

    @Test func `it goes on in the port that it claimed there`() throws {
        var scene = Self.begun(
            at: place(2, on: 1), in: ControllerView([""]),
            ControllerView(["", "1-1"], id: controllerID(1)))
        scene.table = ["1-1:5:1:2"]
        let plan = try Self.plan(scene)
        let open = plan.steps.filter { !$0.holds(in: scene.observation) }.map(\.line)
        #expect(open == ["unbind 1-1:1.0 usbhid", "bind 1-1:1.0 usbback", "record 1-1 attached"])
        #expect(plan.steps.last == .record(bus("1-1"), Record(.attached, at: place(2, on: 1))))
    }

    @Test func `where the controller is gone by now, another is made`() throws {
        let lines = try Self.plan(Self.begun()).lines
        #expect(lines.first == "create domain 5 controller 0 pv usb2 8 ports")
    }

    @Test func `for another domain it is in the way`() {
        var scene = Self.begun()
        let other = DomainView(id: domid(6), name: "other", vm: "/vm/b")
        scene.domains.append(other)
        let seen = scene.observation
        #expect(
            failure { _ = try seen.planAttach(of: bus("1-1"), to: other, at: nil) }
                == PVUSBError(
                    .unfinished, "an attach of 1-1 was begun and not finished",
                    remedy: "pvusb recover 1-1"))
    }

    @Test func `a later domain's controller of the same number is not taken for ours`() throws {
        let scene = Self.begun(vm: "/vm/before", in: Self.waiting)
        let plan = try? Self.plan(scene)
        for case .claim(let claim)? in plan?.steps.map(Optional.init) ?? [] {
            #expect(claim.record.created == nil)
        }
    }
}

/// An attach that made a controller and is undone.
struct WithdrawnControllerTests {
    private static let wayBack = [
        "record 1-1 detach", "unbind 1-1:1.0 usbback", "await 1-1 released by usbback",
        "bind 1-1:1.0 usbhid",
    ]
    private static let removed = ["remove domain 5 controller 1"]
    private static let parted =
        ["close domain 5 controller 1", "await domain 5 controller 1 closed"] + removed

    private static func scene(
        _ controller: ControllerView?, at place: Place? = nil, vm: String? = "/vm/a"
    ) -> Scene {
        var scene = Scene(
            record: Record(.attach, at: place, created: controllerID(1), vm: vm))
        scene.controllers = [ControllerView(["", ""])] + [controller].compactMap { $0 }
        return scene
    }

    private static func controller(
        _ ports: [String] = ["", ""], _ state: XenbusState? = .connected, isOrphan: Bool = false
    ) -> ControllerView {
        ControllerView(ports, id: controllerID(1), state: state, isOrphan: isOrphan)
    }

    /// The way back is the same whoever asks for it.
    private static func expect(
        _ scene: Scene, _ lines: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let seen = scene.observation
        let plans = [
            seen.planHost(of: bus("1-1")), seen.planRecovery(of: bus("1-1"), named: false),
            seen.planRecovery(of: bus("1-1"), named: true),
        ]
        for plan in plans { #expect(plan.lines == lines, sourceLocation: sourceLocation) }
    }

    @Test(arguments: [XenbusState?.none, .initialising, .initWait, .closing, .closed])
    func `one that never came to life goes at once`(state: XenbusState?) {
        let scene = Self.scene(Self.controller([""], state))
        Self.expect(scene, Self.wayBack + Self.removed + ["forget 1-1"])
    }

    @Test func `one whose ends work is parted first`() {
        let scene = Self.scene(Self.controller())
        Self.expect(scene, Self.wayBack + Self.parted + ["forget 1-1"])
    }

    @Test func `it goes after the device has left its port`() {
        var scene = Self.scene(Self.controller(["1-1", ""]), at: place(1, on: 1))
        scene.table = ["1-1:5:1:1"]
        var way = Self.wayBack
        way.insert("clear 1-1 domain 5 port 1:1", at: 2)
        Self.expect(scene, way + Self.parted + ["forget 1-1"])
    }

    @Test(arguments: ["9-9", "1-1.1"])
    func `it stays while another device uses it`(other: String) {
        let scene = Self.scene(Self.controller(["", other]))
        Self.expect(scene, Self.wayBack + ["forget 1-1"])
    }

    @Test func `it stays when the domain is another by now`() {
        let scene = Self.scene(Self.controller(), vm: "/vm/before")
        Self.expect(scene, Self.wayBack + ["forget 1-1"])
    }

    @Test func `what is left of it when the domain is gone is not this plan's to remove`() {
        var scene = Self.scene(Self.controller(isOrphan: true))
        scene.domains.removeAll { $0.id == guest.id }
        Self.expect(scene, Self.wayBack + ["forget 1-1"])
    }

    @Test func `one that is gone is not looked for`() {
        Self.expect(Self.scene(nil), Self.wayBack + ["forget 1-1"])
    }

    @Test func `it stays while a port holds what is no device`() {
        // The removal would give way to whatever is in the port, for ever.
        let scene = Self.scene(Self.controller(["", "../../etc"]))
        Self.expect(scene, Self.wayBack + ["forget 1-1"])
    }

    @Test func `it is parted before a device is left without a driver`() {
        let plan = Self.scene(Self.controller()).observation.planParking(of: bus("1-1"))
        #expect(
            plan.lines == [
                "record 1-1 detach", "unbind 1-1:1.0 usbback", "await 1-1 released by usbback",
                "unbind 1-1:1.0 usbhid",
            ] + Self.parted + ["record 1-1 parked"])
        #expect(plan.steps.last == .record(bus("1-1"), Record(.parked, at: nil)))
    }
}
