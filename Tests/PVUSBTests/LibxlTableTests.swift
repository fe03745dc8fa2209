import PVUSB
import Simulation
import Testing

/// The snippets of docs/libxl.md as they stand there, each with what comes of it.
struct LibxlTableTests {
    /// A toolstack on a host whose domain pv1 has a controller, and the device in it, if any.
    private static func toolstack(_ device: String? = nil) throws -> Toolstack {
        let bench = try device.map { try Bench.attached($0) } ?? Bench.withController()
        let world = try bench.host.world()
        return Toolstack {
            let host = SimulatedHost(world)
            return Seams(store: host, files: host, locks: host, clock: host)
        }
    }

    /// What is seen after a device is pulled that pv1 has.
    private static func pulled(_ device: String) throws -> Observation {
        let bench = try Bench.attached(device)
        let id = try #require(BusID(device))
        try bench.host.intervene { $0.unplug(id) }
        return try inventory(bench.run(.list(nil))).observation
    }

    private static func inventory(_ outcome: Outcome) throws -> Inventory {
        guard case .inventory(let inventory) = outcome else { throw Unexpected(outcome: outcome) }
        return inventory
    }

    // MARK: - Controllers

    @Test func `usbctrl_add gives the new controller's number`() async throws {
        let toolstack = try Self.toolstack()
        var devid: UInt8?
        guard let settings = ControllerSettings(version: 2, ports: 8) else {
            throw PVUSBError(.usage, "version 1 or 2, ports 1 to 31")
        }
        let outcome = await toolstack.run(.addController(.name("pv1"), settings))
        if case .report(let report) = outcome, report.verdict == nil,
            case .controllerAdded(let id, _)? = report.goals.first?.goal
        {
            devid = id.number.number
        }
        #expect(devid == 1)
    }

    @Test func `usbctrl_remove takes the devices back first`() async throws {
        let toolstack = try Self.toolstack("1-4")
        let outcome = await toolstack.run(.removeController(.name("pv1"), ControllerNumber(0)))
        #expect(outcome.error == nil)
        let seen = try Self.inventory(await toolstack.run(.list(nil))).observation
        #expect(seen.controllers == [])
        #expect(seen.status(of: try #require(BusID("1-4"))).state == .host)
    }

    @Test func `usbctrl_destroy does not wait for the guest`() async throws {
        let toolstack = try Self.toolstack("1-4")
        let outcome = await toolstack.run(
            .removeController(.name("pv1"), ControllerNumber(0), force: true))
        #expect(outcome.error == nil)
        let steps = outcome.report?.goals.last?.steps.map(\.step.text.action)
        #expect(steps == ["close", "remove"])
        let seen = try Self.inventory(await toolstack.run(.list(nil))).observation
        #expect(seen.controllers == [])
        #expect(seen.status(of: try #require(BusID("1-4"))).state == .host)
    }

    @Test func `usbctrl_list is a value, and none is no error`() async throws {
        let toolstack = try Self.toolstack()
        var controllers: [ControllerView] = []
        let outcome = await toolstack.run(.list(.name("pv1")))
        if case .inventory(let seen) = outcome {
            controllers = seen.observation.controllers.filter { $0.id.domain == seen.domain }
        }
        #expect(controllers.map(\.id.number.number) == [0])
        #expect(controllers.map(\.kind) == [.pv])
        #expect(controllers.map(\.version) == [2])
        #expect(controllers.map(\.ports.count) == [8])
        #expect(controllers.map(\.backendDomain.number) == [0])
        let other = try Self.inventory(await toolstack.run(.list(.name("pvh1"))))
        #expect(other.observation.controllers.filter { $0.id.domain == other.domain } == [])
        let nobody = await toolstack.run(.list(.name("nobody")))
        #expect(nobody.error?.code == .notFound)
    }

    @Test func `usbctrl_getinfo has libxl's twelve fields`() async throws {
        let toolstack = try Self.toolstack("1-4")
        var found: ControllerInfo?
        let wish = PlaceWish(controller: ControllerNumber(0), port: nil)
        let outcome = await toolstack.run(.show(.domain(.name("pv1"), wish)))
        if case .inventory(let inventory) = outcome { found = inventory.observation.details.first }
        let info = try #require(found)
        #expect(info.kind == .pv)
        #expect(info.id.number.number == 0)
        #expect((info.version, info.portCount) == (2, 8))
        #expect(info.backend == "/local/domain/0/backend/vusb/1/0")
        #expect(info.backendDomain == .zero)
        #expect(info.frontend == "/local/domain/1/device/vusb/0")
        #expect(info.id.domain.number == 1)
        #expect(info.frontendState?.forShowing == .connected)
        #expect(info.eventChannel?.forShowing == "8")
        #expect(info.requestRing?.forShowing == "8")
        #expect(info.connectionRing?.forShowing == "9")
        #expect(info.backendState == .connected)
        #expect(info.isOnline == true)
    }

    @Test func `devid_to_device_usbctrl is a look-up in what was seen`() async throws {
        let seen = try Self.inventory(await Self.toolstack().run(.list(.name("pv1")))).observation
        let domain = try #require(DomainID(1))
        let controller = seen.controller(
            ControllerID(domain: domain, number: ControllerNumber(0)))
        #expect(controller?.ports.count == 8)
        let other = ControllerID(domain: domain, number: ControllerNumber(1))
        #expect(seen.controller(other) == nil)
    }

    // MARK: - Devices

    @Test func `usbdev_add takes any name of a device and gives the port`() async throws {
        let toolstack = try Self.toolstack()
        var port: String?
        let (hostbus, hostaddr) = (UInt8(1), UInt8(6))
        let device = DeviceSelector.address(BusAddress(bus: hostbus, device: hostaddr))
        let outcome = await toolstack.run(.attach(.name("pv1"), device, at: nil))
        if case .report(let report) = outcome, report.verdict == nil,
            case .assigned(_, let place)? = report.goals.first?.goal
        {
            port = place.label
        }
        #expect(port == "0:1")
        let seen = try Self.inventory(await toolstack.run(.devices)).observation
        #expect(seen.status(of: try #require(BusID("1-3.2"))).place?.label == "0:1")
    }

    @Test func `usbdev_add takes the controller and the port that were asked for`() async throws {
        let toolstack = try Self.toolstack()
        let wish = PlaceWish(controller: ControllerNumber(0), port: PortNumber(3))
        let outcome = await toolstack.run(
            .attach(.name("pv1"), try DeviceSelector("1-4"), at: wish))
        #expect(outcome.report?.goals.map(\.label) == ["1-4 in pv1 at 0:3"])
    }

    @Test func `usbdev_remove takes a controller and a port`() async throws {
        let toolstack = try Self.toolstack("1-4")
        let wish = PlaceWish(controller: ControllerNumber(0), port: PortNumber(1))
        let outcome = await toolstack.run(.detachPlace(.name("pv1"), wish))
        #expect(outcome.error == nil)
        let seen = try Self.inventory(await toolstack.run(.devices)).observation
        #expect(seen.status(of: try #require(BusID("1-4"))).state == .host)
    }

    @Test func `usbdev_list is every occupied port of a domain`() async throws {
        let toolstack = try Self.toolstack("1-4")
        _ = await toolstack.run(try Bench.attach("1-1", at: "0:5"))
        var devices: [String] = []
        let outcome = await toolstack.run(.list(.name("pv1")))
        if case .inventory(let seen) = outcome {
            let own = seen.observation.controllers.filter { $0.id.domain == seen.domain }
            for controller in own {
                for (port, device) in controller.occupied {
                    devices.append("\(controller.id.number.number):\(port.number) \(device)")
                }
            }
        }
        #expect(devices == ["0:1 1-4", "0:5 1-1"])
    }

    @Test func `ctrlport_to_device_usbdev tells a free port from an unplugged device`() async throws
    {
        let toolstack = try Self.toolstack("1-3.2")
        let seen = try Self.inventory(await toolstack.run(.list(.name("pv1")))).observation
        let id = ControllerID(domain: try #require(DomainID(1)), number: ControllerNumber(0))
        func look(at port: PortNumber, in seen: Observation) -> String {
            switch seen.content(of: Place(controller: id, port: port)) {
            case .device(let device):
                seen.host.device(device)?.address.description ?? "\(device) is not plugged in"
            case .free: "free"
            case .missing: "no such port"
            case .unreadable(let text): "no bus id: \(text.forShowing)"
            }
        }
        #expect(look(at: try #require(PortNumber(1)), in: seen) == "1.6")
        #expect(look(at: try #require(PortNumber(2)), in: seen) == "free")
        #expect(look(at: try #require(PortNumber(9)), in: seen) == "no such port")
        let pulled = try Self.pulled("1-3.2")
        #expect(look(at: try #require(PortNumber(1)), in: pulled) == "1-3.2 is not plugged in")
    }

    // MARK: - Types

    @Test func `an enumeration's words are libxl's`() {
        #expect(ControllerKind.allCases.map(\.rawValue) == ["pv", "qusb", "devicemodel"])
        let kind = ControllerKind(rawValue: "qusb")
        #expect(kind == .qusb)
        #expect(ControllerKind(rawValue: "auto") == nil)
        #expect(ControllerKind(rawValue: "PV") == nil)
    }

    @Test func `a usbctrl's defaults are libxl's`() {
        let settings = ControllerSettings()
        #expect(settings == ControllerSettings(kind: .pv, version: 2, ports: 8))
        #expect(ControllerSettings.automatic(.pv) == settings)
    }

    // MARK: - How

    @Test func `a command runs while its caller goes on`() async throws {
        let toolstack = try Self.toolstack()
        let running = Task { await toolstack.run(.list(nil)) }
        let outcome = await running.value
        #expect(try Self.inventory(outcome).observation.controllers.count == 1)
    }

    @Test func `a command runs on the caller's own thread`() throws {
        let host = SimulatedHost(.builtIn())
        let seams = Seams(store: host, files: host, locks: host, clock: host)
        let outcome = Driver(seams).run(Operation(.devices))
        #expect(try Self.inventory(outcome).observation.host.devices.count == 9)
    }

    @Test func `a command is asked for its effects one by one`() throws {
        var world = World.builtIn()
        let connection = world.connect()
        var effects = 0
        var operation = Operation(.devices)
        var answer: Answer?
        var outcome: Outcome?
        while outcome == nil {
            switch operation.next(answer) {
            case .store(let batch): answer = .store(world.perform(batch, from: connection))
            case .files(let requests): answer = .files(world.perform(requests))
            case .finished(let end): outcome = end
            default: answer = .stop
            }
            effects += 1
        }
        let ended = try #require(outcome)
        #expect(try Self.inventory(ended).observation.host.devices.count == 9)
        #expect(effects == 5)
    }

    @Test func `an outcome's error has a code, a cause and a remedy`() async throws {
        let toolstack = try Self.toolstack("1-4")
        let outcome = await toolstack.run(try Bench.attach("9-9"))
        let error = outcome.error
        let words = [error?.message, error?.cause, error?.remedy]
        #expect(words == ["there is no device '9-9'", nil, "pvusb devices"])
        #expect(error?.code == .notFound)
        #expect(error?.exitCode == 5)
    }
}
