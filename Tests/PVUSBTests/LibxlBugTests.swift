import HostUSB
import PVUSB
import Simulation
import Testing

/// What libxl's USB code gets wrong on the USB side, tried on pvusb; docs/bugs.md has the list.
struct LibxlBugTests {
    private static let back = "/local/domain/0/backend/vusb/1/0"

    private static func remove(force: Bool = false) throws -> Command {
        .removeController(try DomainSelector("pv1"), ControllerNumber(0), force: force)
    }

    /// A bench on which pv1 has a device that was pulled.
    private static func pulled(_ device: String) throws -> Bench {
        let bench = try Bench.attached(device)
        let id = try #require(BusID(device))
        try bench.host.intervene { $0.unplug(id) }
        return bench
    }

    // MARK: - Binding and unbinding

    @Test func `an interface's name is written whole, however deep its device is`() throws {
        var world = World.builtIn()
        let deep = try #require(BusID("1-3.4.12.10.4"))
        let model = try #require(BusID("1-3.2"))
        let stick = try #require(world.usb.device(model))
        world.usb = SimulatedUSB(
            devices: world.usb.devices + [stick.moved(to: deep)], drivers: world.usb.drivers)
        let bench = try Bench.withController(world)
        try bench.succeed(try Bench.attach("1-3.4.12.10.4"))
        let name = "1-3.4.12.10.4:1.0"
        #expect(
            bench.fileWrites == [
                .write("/sys/bus/usb/drivers/usb-storage/unbind", name),
                .write("/sys/bus/usb/drivers/usbback/bind", name),
            ])
        try bench.succeed(try Bench.detach("1-3.4.12.10.4"))
        #expect(try bench.drivers("1-3.4.12.10.4") == ["usb-storage"])
    }

    @Test func `an interface that does not come back is told, keeps its note and no other`() throws
    {
        var world = World.builtIn()
        let index = try #require(world.usb.devices.firstIndex { $0.id == BusID("1-1") })
        let first = world.usb.devices[index].interfaces[0]
        let second = InterfaceID(device: first.id.device, configuration: 1, number: 1)
        world.usb.devices[index].interfaces.append(
            SimulatedInterface(
                id: second, attributes: first.attributes, driver: first.driver,
                matches: first.matches))
        let bench = try Bench.withController(world)
        try bench.succeed(try Bench.attach("1-1"))
        var isRefused = false
        bench.files.refusesWrite = { _, path in
            guard path == "/sys/bus/usb/drivers/usbhid/bind", !isRefused else { return nil }
            isRefused = true
            return .inputOutput
        }
        let error = bench.run(try Bench.detach("1-1")).error
        #expect(error?.cause == "EIO")
        #expect(error?.remedy == "pvusb recover 1-1")
        #expect(try bench.drivers("1-1") == ["-", "usbhid"])
        let note = "/libxl/usbback/1-1/1-1@1_0/driver_path"
        #expect(try bench.text(note) == "/sys/bus/usb/drivers/usbhid")
        try bench.succeed(try Bench.recover("1-1"))
        #expect(try bench.drivers("1-1") == ["usbhid", "usbhid"])
    }

    @Test(arguments: [
        "/etc/cron.d", "/sys/bus/usb/drivers/../../pci/drivers/ahci", "/sys/bus/usb/drivers",
        "/sys/bus/usb/drivers/usbback", "/sys/bus/usb/drivers/usbhid/", "usbhid", "",
    ])
    func `a note of xl's that is no driver's directory is no file to write to`(note: String) throws
    {
        let bench = try Bench.attached("1-1")
        try bench.meddle([
            .remove(try #require(StorePath("/libxl/pvusb/device/1-1"))),
            try writing("/libxl/usbback/1-1/1-1@1_0/driver_path", note),
        ])
        try bench.succeed(try Bench.detach("1-1"))
        #expect(
            bench.fileWrites == [
                .write("/sys/bus/usb/drivers/usbback/unbind", "1-1:1.0"),
                .write("/sys/bus/usb/drivers_probe", "1-1:1.0"),
            ])
        #expect(try bench.drivers("1-1") == ["usbhid"])
    }

    @Test func `a note of the device that was on the socket before is not inherited`() throws {
        var world = World.builtIn()
        let index = try #require(world.usb.devices.firstIndex { $0.id == BusID("1-1") })
        world.usb.devices[index].interfaces[0].driver = nil
        let bench = try Bench.withController(world)
        let note = "/libxl/usbback/1-1/1-1@1_0/driver_path"
        try bench.meddle([try writing(note, "/sys/bus/usb/drivers/ftdi_sio")])
        try bench.succeed(try Bench.attach("1-1"))
        #expect(try bench.text(note) == nil)
        try bench.succeed(try Bench.detach("1-1"))
        #expect(bench.fileWrites.last == .write("/sys/bus/usb/drivers_probe", "1-1:1.0"))
        #expect(try bench.drivers("1-1") == ["usbhid"])
    }

    @Test(arguments: ["attach", "detach"])
    func `no transaction is open and no port is being chosen while the kernel works`(
        verb: String
    ) throws {
        let bench = try verb == "attach" ? Bench.withController() : Bench.attached("1-4")
        try bench.succeed(try verb == "attach" ? Bench.attach("1-4") : Bench.detach("1-4"))
        var held: Set<String> = []
        var seen = 0
        for effect in bench.effects {
            switch effect {
            case .store(let batch):
                for request in batch {
                    if request == .begin { held.insert("a transaction") }
                    if request == .commit || request == .abort { held.remove("a transaction") }
                }
            case .lock(let lock): held.insert(lock.name)
            case .unlock(let lock): held.remove(lock.name)
            case .files(let requests) where requests.contains(where: \.changesHost):
                seen += 1
                #expect(held == ["device.1-4"])
            default: continue
            }
        }
        #expect(seen > 2)
    }

    // MARK: - A device that was unplugged

    @Test func `a device that is pulled is shown, and keeps no other from being attached`() throws {
        let bench = try Self.pulled("1-3.2")
        let status = try bench.status("1-3.2")
        #expect(status.state == .assignedAbsent)
        #expect(status.place?.label == "0:1")
        #expect(status.remedy == "pvusb recover 1-3.2")
        let report = try bench.succeed(try Bench.attach("1-1"))
        #expect(report.goals.map(\.label) == ["1-1 in pv1 at 0:2"])
    }

    @Test(arguments: ["by its name", "by its port", "by recover", "with its controller"])
    func `a device that is pulled leaves its port`(how: String) throws {
        let bench = try Self.pulled("1-3.2")
        let wish = try PlaceWish("0:1")
        switch how {
        case "by its name": try bench.succeed(try Bench.detach("1-3.2"))
        case "by its port": try bench.succeed(.detachPlace(try DomainSelector("pv1"), wish))
        case "by recover": try bench.succeed(.recover([]))
        default: try bench.succeed(try Self.remove())
        }
        let left = how == "with its controller" ? nil : ""
        #expect(try bench.text("\(Self.back)/port/1") == left)
        #expect(try bench.text("/libxl/pvusb/device/1-3_2/goal") == nil)
    }

    @Test func `what a destroyed domain left for a pulled device's sake is cleared away`() throws {
        let bench = try Self.pulled("1-3.2")
        try bench.host.intervene { $0.destroy(1, leavingBackend: true) }
        #expect(try bench.text("\(Self.back)/port/1") == "1-3.2")
        try bench.succeed(.recover([]))
        let left = try bench.host.world().storePaths.map(\.text)
            .filter { $0.contains("/vusb") || $0.contains("1-3_2") }
        #expect(left == [])
    }

    // MARK: - Controllers

    @Test func `a controller made for an attach is connected before the device is touched`() throws
    {
        let bench = Bench()
        let report = try bench.succeed(try Bench.attach("1-1"))
        #expect(
            report.goals.first?.steps.map { "\($0.step.text.action) \($0.step.text.value)" } == [
                "create pv usb2 8 ports", "await backend ready", "await connected",
                "claim domain 1 port 0:1", "await listed by usbback", "unbind usbhid",
                "bind usbback", "record attached",
            ])
        #expect(try bench.status("1-1").state == .assigned)
    }

    @Test(arguments: ["pv1", "pvh1"])
    func `a controller made for an attach goes when the guest does not answer`(name: String) throws
    {
        var world = World.builtIn()
        world.guests = world.guests.map { World.Guest(domain: $0.domain, hasFrontend: false) }
        let bench = Bench(world)
        let nodes = try bench.nodes()
        let attach = Command.attach(
            try DomainSelector(name), try DeviceSelector("1-1"), at: nil)
        #expect(bench.run(attach).error?.code == .failed)
        #expect(try bench.nodes() == nodes)
        #expect(try bench.drivers("1-1") == ["usbhid"])
    }

    @Test func `a backend that was quicker than our look is ready all the same`() throws {
        let bench = Bench()
        bench.store.before = { _ in try bench.host.intervene { $0.settle() } }
        let report = try bench.succeed(try Bench.addController())
        #expect(report.goals.first?.steps.map(\.result) == [.done, .alreadySo])
        #expect(try bench.text("\(Self.back)/state") == "4")
    }

    @Test func `a forced removal is not kept by a device that can't come back`() throws {
        let bench = try Bench.attached("1-1")
        bench.files.refusesWrite = { _, path in
            path.hasSuffix("usbback/unbind") ? .inputOutput : nil
        }
        #expect(bench.run(try Self.remove(force: true)).error?.code == .partial)
        #expect(try bench.text("/libxl/1/device/vusb/0/type") == nil)
        #expect(try bench.text("\(Self.back)/state") == nil)
        #expect(try bench.status("1-1").remedy == "pvusb recover 1-1")
        bench.files.mend()
        try bench.succeed(.recover([]))
        #expect(try bench.drivers("1-1") == ["usbhid"])
    }

    @Test func `a controller whose backend is in another domain is looked at and left`() throws {
        let bench = try Bench.withController()
        let elsewhere = "/local/domain/3/backend/vusb/1/0"
        try bench.meddle([try writing("/libxl/1/device/vusb/0/backend", elsewhere)])
        let nodes = try bench.nodes()
        #expect(
            bench.run(try Bench.attach("1-1", at: "0:1")).error
                == PVUSBError(
                    .refused,
                    "the backend of controller 0 of pv1 is in domain 3, not in domain 0"))
        #expect(
            bench.run(try Self.remove()).error
                == PVUSBError(
                    .failed,
                    "controller 0 of pv1 is one that this version of pvusb only looks at",
                    remedy: "use xl usbctrl-detach"))
        #expect(try bench.nodes() == nodes)
    }
}

extension Bench {
    /// The last command's writes to the host's files, in order.
    var fileWrites: [FileRequest] {
        effects.flatMap { effect -> [FileRequest] in
            if case .files(let requests) = effect { requests.filter(\.changesHost) } else { [] }
        }
    }
}
