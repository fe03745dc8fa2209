import PVUSB
import Simulation
import Testing

/// Controllers that QEMU serves come and go.
struct QEMUControllerTests {
    private static let kinds = [ControllerKind.qusb, .deviceModel].map {
        QEMUCase(kind: $0, device: "1-4")
    }

    @Test(arguments: kinds)
    func `the store is what it was before the controller came`(item: QEMUCase) throws {
        let bench = Bench(QEMUCase.world())
        let before = try bench.snapshot()
        try bench.succeed(try item.addController())
        try bench.succeed(try item.attach())
        try bench.succeed(try item.removeController())
        #expect(try bench.snapshot() == before)
        #expect(try bench.drivers("1-4") == item.home)
    }

    @Test(arguments: kinds)
    func `by force it goes with its device`(item: QEMUCase) throws {
        let bench = Bench(QEMUCase.world())
        let before = try bench.snapshot()
        try bench.succeed(try item.addController())
        try bench.succeed(try item.attach())
        try bench.succeed(try item.removeController(force: true))
        #expect(try bench.snapshot() == before)
    }

    /// libxl's numbers (libxl_usb.c, `libxl__device_usbctrl_add_qmp`).
    @Test(arguments: [
        (UInt8(1), UInt8(2), "piix3-usb-uhci"), (2, 6, "usb-ehci"), (3, 15, "nec-usb-xhci"),
    ])
    func `QEMU is told of a controller as libxl tells it`(
        version: UInt8, ports: UInt8, driver: String
    ) throws {
        let bench = Bench()
        let settings = try #require(
            ControllerSettings(kind: .deviceModel, version: version, ports: ports))
        try bench.succeed(.addController(try DomainSelector("win10"), settings))
        let added = try bench.host.world().qemus.flatMap(\.peripherals)
        #expect(added.map(\.id) == ["xenusb-0"])
        #expect(added.map(\.driver) == [driver])
        #expect(added.map(\.ports) == [Int(ports)])
    }

    @Test func `a controller that QEMU refuses leaves nothing behind`() throws {
        let item = QEMUCase(kind: .deviceModel, device: "1-4")
        let bench = Bench(QEMUCase.world())
        let before = try bench.nodes()
        try bench.changeQEMU(of: 3) { $0.answers = false }
        #expect(
            bench.run(try item.addController()).error
                == PVUSBError(
                    .failed, "QEMU does not emulate controller 0 of win10",
                    cause: "QEMU does not answer"))
        // Whether QEMU has it nobody knows: its nodes stay until QEMU says so.
        #expect(try bench.text("/libxl/3/device/vusb/0/online") == "0")
        try bench.changeQEMU(of: 3) { $0.answers = true }
        try bench.succeed(try item.removeController())
        #expect(try bench.nodes() == before)
    }

    @Test(arguments: [false, true])
    func `a guest that does not let go keeps its controller, which takes no device`(
        force: Bool
    ) throws {
        let item = QEMUCase(kind: .deviceModel, device: "1-4")
        let bench = try item.attached()
        try bench.changeQEMU(of: 3) { $0.guestEjects = false }
        let outcome = bench.run(try item.removeController(force: force))
        let failure = outcome.report?.goals.compactMap(\.error).first
        #expect(
            failure
                == PVUSBError(
                    .failed,
                    "the guest has not let go of controller 0 of win10 within 10 s",
                    cause: "QEMU removes a controller only when the guest agrees",
                    remedy: "try again, or shut the guest down"))
        #expect(try bench.drivers("1-4") == item.home, "its device came back first")
        #expect(try bench.text("/libxl/3/device/vusb/0/type") == "devicemodel")
        #expect(
            bench.run(try item.attach(at: "0")).error
                == PVUSBError(
                    .refused, "controller 0 of win10 is going away", remedy: "pvusb list"))
        try bench.changeQEMU(of: 3) { $0.guestEjects = true }
        try bench.host.intervene { $0.settle() }
        try bench.succeed(try item.removeController(force: force))
        #expect(try bench.text("/libxl/3/device/vusb") == nil)
    }

    @Test func `a controller that xl made without QEMU is one when a device comes`() throws {
        let item = QEMUCase(kind: .deviceModel, device: "1-4")
        let bench = try item.withController()
        try bench.changeQEMU(of: 3) { $0.peripherals = [] }
        try bench.succeed(try item.attach())
        #expect(
            try bench.host.world().qemus.last?.peripherals.map(\.id) == ["xenusb-0", "xenusb-1-7"])
    }

    // MARK: - auto

    struct Choice: CustomTestStringConvertible {
        let testDescription: String
        let guest: String
        let kind: ControllerKind
        var make: @Sendable (inout World) -> Void = { _ in }
    }

    static let choices = [
        Choice(testDescription: "HVM", guest: "win10", kind: .deviceModel),
        Choice(testDescription: "PV", guest: "pv1", kind: .pv),
        Choice(testDescription: "PVH", guest: "pvh1", kind: .pv),
        Choice(
            testDescription: "PV with QEMU, usbback loaded", guest: "pv1", kind: .pv,
            make: { $0.startQEMU(for: 1) }),
        Choice(
            testDescription: "PV with QEMU, no usbback", guest: "pv1", kind: .qusb,
            make: {
                $0.startQEMU(for: 1)
                $0.usb.drivers.removeAll { $0.text == "usbback" }
            }),
        Choice(
            testDescription: "HVM whose QEMU is gone", guest: "win10", kind: .pv,
            make: { $0.killQEMU(of: 3) }),
    ]

    @Test(arguments: choices)
    func `a kind that can work is taken, libxl's if it can`(choice: Choice) throws {
        var world = World.builtIn()
        choice.make(&world)
        let bench = Bench(world)
        let add = Command.addController(
            try DomainSelector(choice.guest), wish: ControllerWish())
        let report = try bench.succeed(add)
        guard case .controllerAdded(_, let settings)? = report.goals.first?.goal else {
            Issue.record("another goal: \(report)")
            return
        }
        #expect(settings == ControllerSettings(kind: choice.kind))
    }

    @Test func `where no kind can work, it is said why for each`() throws {
        var world = World.builtIn()
        world.usb.drivers.removeAll { $0.text == "usbback" }
        let bench = Bench(world)
        let add = Command.addController(try DomainSelector("pv1"), wish: ControllerWish())
        let error = PVUSBError(
            .refused, "no kind of controller can work in pv1",
            cause: "pv: usbback is not loaded on this host; qusb: it has no QEMU; "
                + "devicemodel: it is no HVM guest",
            remedy: "load usbback, or start the guest with a controller of type=qusb")
        #expect(bench.run(add).error == error)
        #expect(bench.run(try Bench.attach("1-4")).error == error)
        #expect(bench.changes == [])
    }

    @Test func `a SuperSpeed device goes where it can be carried`() throws {
        let bench = Bench(QEMUCase.world())
        let attach = Command.attach(
            try DomainSelector("pv1"), try DeviceSelector("2-1"), at: nil)
        try bench.succeed(attach)
        #expect(try bench.status("2-1").kind == .qusb)
    }
}
