import Simulation
import Testing
import USBModel
import XenStoreServer
import XenStoreWire

/// What a simulated QEMU does: with ports of kind `qusb`, with QMP, and when it comes or goes.
struct QEMUWorldTests {
    private static let backend = "/local/domain/0/backend/qusb/1/0"
    private static let frontend = "/local/domain/1/device/vusb/0"
    private static let port = "\(backend)/port/1"

    /// The built-in world with a QEMU for pv1, and a connected controller of four ports.
    private static func world() -> World {
        var world = World.builtIn()
        world.startQEMU(for: 1)
        world.ask(
            .makeDirectory(at(frontend)),
            .setPermissions(
                at(frontend), [StorePermission(.none, 1), StorePermission(.read, 0)]),
            .makeDirectory(at(backend)),
            .setPermissions(
                at(backend), [StorePermission(.none, 0), StorePermission(.read, 1)]))
        world.set("\(frontend)/backend", backend)
        world.set("\(frontend)/state", "1")
        for (name, value) in [
            ("state", "1"), ("online", "1"), ("usb-ver", "2"), ("num-ports", "4"),
        ] {
            world.set("\(backend)/\(name)", value)
        }
        for number in 1...4 { world.set("\(backend)/port/\(number)", "") }
        world.settle()
        return world
    }

    /// The same with the sound device in the first port.
    private static func given() -> World {
        var world = world()
        world.set(port, "1-4")
        world.settle()
        return world
    }

    private func open(_ world: World, _ domain: UInt16 = 1) -> [String] {
        world.qemus.first { $0.domain == domain }?.open.map(\.description) ?? []
    }

    @Test func `a QEMU is a process with open files`() throws {
        let world = Self.given()
        #expect(world.node("/local/domain/1/image/device-model-pid") == "4001")
        #expect(world.node("/local/domain/0/device-model/1/backends/qusb") == "")
        #expect(world.node("\(Self.backend)/hotplug-status") == "connected")
        #expect(try world.read("/proc/4001/comm") == Array("qemu-system-i38\n".utf8))
        #expect(try world.readLink("/proc/4001/exe").hasSuffix("qemu-system-i386"))
        #expect(try world.readLink("/proc/4001/root") == "/")
        let files = try world.list("/proc/4001/fd").map {
            try world.readLink("/proc/4001/fd/\($0)")
        }
        #expect(files.last == "/dev/bus/usb/001/007")
        #expect(throws: FileErrno.noEntry) { try world.list("/proc/4002/fd") }
        #expect(throws: FileErrno.noEntry) { try world.read("/proc/4001/environ") }
    }

    @Test func `a port that is written is opened, and closed when it is cleared`() {
        var world = Self.given()
        #expect(world.links["1-4:1.0"] == "usbfs")
        #expect(world.links["1-4:1.1"] == "usbfs")
        #expect(open(world) == ["1.7"])
        world.set(Self.port, "")
        world.settle()
        let before = Self.world()
        #expect(world.qemus == before.qemus)
        #expect(world.usb == before.usb)
        let nodes = { (world: World) in world.store.entries.map { "\($0.path) \($0.value)" } }
        #expect(nodes(world) == nodes(before))
    }

    @Test func `the same bus id written again changes nothing`() {
        var world = Self.given()
        let before = world.qemus
        world.set(Self.port, "1-4")
        world.settle()
        #expect(world.qemus == before)
        world.set(Self.port, "1-1")
        world.settle()
        #expect(world.qemus == before)
        #expect(world.links["1-1:1.0"] == "usbhid")
    }

    @Test func `a replugged device is not taken again`() throws {
        var world = Self.given()
        let id = try #require(BusID("1-4"))
        let pulled = world.unplug(id)
        let device = try #require(pulled)
        world.settle()
        #expect(open(world) == [])
        world.plug(device)
        world.settle()
        #expect(open(world) == [])
        #expect(world.links["1-4:1.0"] == "snd-usb-audio")
        world.set(Self.port, "")
        world.settle()
        world.set(Self.port, "1-4")
        world.settle()
        #expect(open(world) == ["1.8"])
    }

    @Test func `a QEMU that is killed leaves everything as it is`() {
        var world = Self.given()
        let nodes = world.store.entries
        world.killQEMU(of: 1)
        world.settle()
        #expect(world.store.entries == nodes)
        #expect(world.links["1-4:1.0"] == "-")
        #expect(world.links["1-4:1.1"] == "-")
    }

    @Test func `a QEMU that ends hands its devices back`() {
        var world = Self.given()
        world.stopQEMU(of: 1)
        #expect(world.links["1-4:1.0"] == "snd-usb-audio")
    }

    @Test func `a destroyed domain's QEMU hands its devices back`() {
        var world = Self.given()
        world.destroy(1)
        world.settle()
        #expect(world.links["1-4:1.0"] == "snd-usb-audio")
        #expect(world.node("/local/domain/0/device-model/1") == nil)
        #expect(world.qemus.map(\.domain) == [3])
    }

    @Test func `a controller that closes lets go of its devices`() {
        var world = Self.given()
        world.set("\(Self.backend)/online", "0")
        world.set("\(Self.backend)/state", "5")
        world.settle()
        #expect(world.node("\(Self.backend)/state") == "6")
        #expect(open(world) == [])
        #expect(world.links["1-4:1.0"] == "snd-usb-audio")
    }

    @Test func `a device that another QEMU has is not opened`() {
        var world = Self.given()
        _ = world.ask(Self.controller(), domain: 3)
        #expect(
            world.ask(Self.device("xenusb-1-7", number: 7), domain: 3)
                == Self.refused("failed to open host usb device 1:7"))
    }

    // MARK: - QMP

    private static func controller(
        _ id: String = "xenusb-0", _ driver: String = "nec-usb-xhci"
    ) -> QEMURequest {
        .add(driver: driver, id: id, properties: ["p2": .number(4), "p3": .number(4)])
    }

    private static func device(
        _ id: String, number: Int, bus: String = "xenusb-0.0", port: String = "1"
    ) -> QEMURequest {
        .add(
            driver: "usb-host", id: id,
            properties: [
                "bus": .text(bus), "port": .text(port), "hostbus": .number(1),
                "hostaddr": .number(number),
            ])
    }

    private static func refused(_ description: String) -> QEMUAnswer {
        .refused(errorClass: "GenericError", description: description)
    }

    @Test func `QMP adds and removes as QEMU does`() {
        var world = World.builtIn()
        let before = world
        #expect(world.ask(Self.controller(), domain: 3) == .done)
        #expect(world.ask(Self.device("xenusb-1-7", number: 7), domain: 3) == .done)
        #expect(world.links["1-4:1.0"] == "-", "opened, and not claimed")
        #expect(open(world, 3) == ["1.7"])
        let root = "/machine/peripheral"
        #expect(
            world.ask(.list(path: root), domain: 3)
                == .names(["type", "xenusb-0", "xenusb-1-7"]))
        #expect(
            world.ask(.get(path: "\(root)/xenusb-1-7", property: "parent_bus"), domain: 3)
                == .text("\(root)/xenusb-0/xenusb-0.0"))
        #expect(
            world.ask(.get(path: "\(root)/xenusb-1-7", property: "port"), domain: 3) == .text("1"))
        #expect(world.ask(.status, domain: 3) == .text("running"))
        #expect(world.ask(.remove(id: "xenusb-1-7"), domain: 3) == .done)
        #expect(world.links["1-4:1.0"] == "snd-usb-audio")
        #expect(world.ask(.remove(id: "xenusb-0"), domain: 3) == .done)
        world.settle()
        #expect(world == before)
    }

    static let refusals: [(QEMURequest, String)] = [
        (controller(), "Duplicate device ID 'xenusb-0'"),
        (controller("x", "qemu-xhci"), "'qemu-xhci' is not a valid device model name"),
        (
            .add(driver: "nec-usb-xhci", id: "x", properties: ["p2": .text("4")]),
            "Invalid parameter type for 'p2', expected: uint64"
        ),
        (
            .add(driver: "usb-host", id: "x", properties: ["hostbus": .text("1")]),
            "Invalid parameter type for 'hostbus', expected: uint64"
        ),
        (device("x", number: 7, bus: "xenusb-9.0"), "Bus 'xenusb-9.0' not found"),
        (
            device("x", number: 7, port: "5"),
            "usb port 5 (bus xenusb-0.0) not found (in use?)"
        ),
        (
            device("x", number: 7, port: "2"),
            "usb port 2 (bus xenusb-0.0) not found (in use?)"
        ),
        (device("x", number: 99), "failed to find host usb device 1:99"),
        (
            device("x", number: 7, bus: "xenusb-2.0"),
            "Warning: speed mismatch trying to attach usb device to bus \"xenusb-2.0\""
        ),
    ]

    @Test(arguments: refusals)
    func `QMP refuses as QEMU does`(request: QEMURequest, sentence: String) {
        var world = World.builtIn()
        _ = world.ask(Self.controller(), domain: 3)
        _ = world.ask(Self.controller("xenusb-2", "usb-ehci"), domain: 3)
        _ = world.ask(Self.device("xenusb-1-2", number: 2, port: "2"), domain: 3)
        let before = world
        #expect(world.ask(request, domain: 3) == Self.refused(sentence))
        #expect(world == before)
    }

    @Test func `what is not there can't be removed, and who is not there does not answer`() {
        var world = World.builtIn()
        #expect(
            world.ask(.remove(id: "x"), domain: 3)
                == .refused(errorClass: "DeviceNotFound", description: "Device 'x' not found"))
        guard case .unreachable = world.ask(.status, domain: 1) else {
            Issue.record("pv1 has no QEMU")
            return
        }
    }

    @Test func `a controller goes when the guest lets it go`() {
        var world = World.builtIn()
        _ = world.ask(Self.controller(), domain: 3)
        _ = world.ask(Self.device("xenusb-1-7", number: 7), domain: 3)
        world.changeQEMU(of: 3) { $0.guestEjects = false }
        #expect(world.ask(.remove(id: "xenusb-0"), domain: 3) == .done)
        world.settle()
        #expect(open(world, 3) == ["1.7"])
        #expect(
            world.ask(.remove(id: "xenusb-0"), domain: 3)
                == Self.refused("Device xenusb-0 is already in the process of unplug"))
        world.changeQEMU(of: 3) { $0.guestEjects = true }
        world.settle()
        #expect(world.qemus.first?.peripherals == [])
        #expect(world.links["1-4:1.0"] == "snd-usb-audio", "what was at it went with it")
    }

    // MARK: - Files

    @Test func `a world file keeps its QEMUs, and one from before there were any is whole`() throws
    {
        var world = Self.given()
        _ = world.ask(Self.controller(), domain: 3)
        world.changeQEMU(of: 3) { $0.opening = .fails }
        #expect(try World(json: try world.json()).qemus == world.qemus)
        world.qemus = []
        let text = String(decoding: try world.json(), as: UTF8.self)
        #expect(!text.contains("\"qemus\""))
        #expect(try World(json: Array(text.utf8)).qemus == [])
    }

    @Test func `a captured QEMU is the QEMU`() throws {
        var world = Self.given()
        _ = world.ask(Self.controller(), domain: 3)
        world.set("/libxl/3/device/vusb/0/type", "devicemodel")
        world.set("/libxl/3/device/vusb/0/usb-ver", "3")
        world.set("/libxl/3/device/vusb/0/num-ports", "4")
        world.set("/libxl/3/device/vusb/0/port/1", "1-1")
        _ = world.ask(Self.device("xenusb-1-2", number: 2), domain: 3)
        let host = SimulatedHost(world)
        #expect(try World(capturing: host, store: host).qemus == world.qemus)
    }
}
