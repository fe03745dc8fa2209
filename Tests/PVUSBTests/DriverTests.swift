import PVUSB
import Simulation
import Testing

struct DriverTests {
    static let devices = ["1-1", "1-3.1", "1-3.2", "1-4"]

    /// A bench on which an attach died before its last note, or a detach after its first.
    private static func unfinished(_ device: String, _ goal: String) throws -> Bench {
        let bench = try Bench.attached(device)
        let name = device.replacing(".", with: "_")
        try bench.meddle([try writing("/libxl/pvusb/device/\(name)/goal", goal)])
        return bench
    }

    @Test(arguments: devices)
    func `a device goes to a guest and comes back`(device: String) throws {
        let bench = try Bench.withController()
        try bench.host.intervene { $0.settle() }
        let (before, nodes) = (try bench.host.world(), try bench.nodes())
        let drivers = try bench.drivers(device)
        try bench.succeed(try Bench.attach(device))
        #expect(try bench.status(device).state == .assigned)
        #expect(Set(try bench.drivers(device)) == ["usbback"])
        try bench.succeed(try Bench.detach(device))
        #expect(try bench.status(device).state == .host)
        #expect(try bench.drivers(device) == drivers)
        let after = try bench.host.world()
        #expect(after.usb == before.usb)
        #expect(after.ports == before.ports)
        #expect(after.locks == [:])
        #expect(try bench.nodes() == nodes)
    }

    @Test(arguments: devices)
    func `a command repeated does nothing and succeeds`(device: String) throws {
        let bench = try Bench.withController()
        for command in [try Bench.attach(device), try Bench.detach(device)] {
            try bench.succeed(command)
            let report = try bench.succeed(command)
            #expect(report.goals.map(\.steps) == [[]])
            #expect(bench.changes == [])
        }
    }

    @Test(arguments: devices, ["attach", "detach"])
    func `recover finishes what was begun, and then has nothing to do`(
        device: String, goal: String
    ) throws {
        let bench = try Self.unfinished(device, goal)
        try bench.succeed(.recover([]))
        #expect(try bench.status(device).state == (goal == "attach" ? .assigned : .host))
        #expect(try bench.succeed(.recover([])).goals == [])
        #expect(bench.changes == [])
        #expect(try bench.succeed(try Bench.recover(device)).goals.map(\.steps) == [[]])
        #expect(bench.changes == [])
    }

    @Test func `a controller is added, and then another`() throws {
        let bench = Bench()
        for number in 0...2 {
            let report = try bench.succeed(try Bench.addController())
            #expect(report.goals.map(\.label) == ["controller \(number) in pv1"])
            let path = "/local/domain/0/backend/vusb/1/\(number)/state"
            #expect(["2", "4"].contains(try bench.text(path) ?? ""))
        }
    }

    // MARK: - The dry run

    /// Expects that a command does what its dry run says, and nothing else.
    private func expectHonesty(_ command: Command, on bench: Bench, isRecorded: Bool) throws {
        let nodes = try bench.nodes()
        let dry = bench.run(command, OperationOptions(isDryRun: true))
        #expect(bench.changes == [])
        #expect(try bench.nodes() == nodes)
        guard case .plans(let plans, refusals: []) = dry else { throw Unexpected(outcome: dry) }
        let report = try bench.succeed(command)
        let steps = report.goals.flatMap(\.steps)
        #expect(steps.map(\.step) == plans.flatMap(\.steps))
        #expect(steps.allSatisfy { [.done, .alreadySo].contains($0.result) })
        var recorded = isRecorded
        var expected: [Effect] = []
        for step in steps where step.result == .done {
            if let effect = try expectedChange(of: step.step, isRecorded: recorded) {
                expected.append(effect)
            }
            recorded = recorded || step.step.text.action == "claim"
        }
        #expect(bench.writes == expected)
        #expect(!expected.isEmpty)
    }

    @Test(arguments: devices)
    func `an attach does what its dry run says`(device: String) throws {
        let bench = try Bench.withController()
        try expectHonesty(try Bench.attach(device), on: bench, isRecorded: false)
    }

    @Test(arguments: devices)
    func `a detach does what its dry run says`(device: String) throws {
        let bench = try Bench.attached(device)
        try expectHonesty(try Bench.detach(device), on: bench, isRecorded: true)
    }

    @Test(arguments: devices, ["attach", "detach"])
    func `a recovery does what its dry run says`(device: String, goal: String) throws {
        let bench = try Self.unfinished(device, goal)
        try expectHonesty(.recover([]), on: bench, isRecorded: true)
    }

    @Test func `a controller is added as its dry run says`() throws {
        try expectHonesty(try Bench.addController(), on: Bench(), isRecorded: false)
        let remove = Command.removeController(try DomainSelector("pv1"), ControllerNumber(0))
        try expectHonesty(remove, on: try Bench.withController(), isRecorded: false)
        try expectHonesty(remove, on: try Bench.attached("1-4"), isRecorded: true)
    }

    @Test(arguments: devices)
    func `a device that xl attached comes back as its dry run says`(device: String) throws {
        let bench = try Bench.attached(device)
        let name = device.replacing(".", with: "_")
        // xl leaves no record of ours, but its own notes.
        try bench.meddle([.remove(try #require(StorePath("/libxl/pvusb/device/\(name)")))])
        try expectHonesty(try Bench.detach(device), on: bench, isRecorded: false)
        #expect(try bench.status(device).state == .host)
    }
}

struct WaitingTests {
    private static func world() -> World {
        var world = World.builtIn()
        world.guests = world.guests.map { World.Guest(domain: $0.domain, hasFrontend: false) }
        return world
    }

    @Test func `a guest without a driver leaves the device untouched`() throws {
        let bench = try Bench.withController(Self.world())
        let (before, nodes) = (try bench.host.world(), try bench.nodes())
        let outcome = bench.run(try Bench.attach("1-4"))
        #expect(
            outcome.error
                == PVUSBError(
                    .failed,
                    "controller 0 of pv1 is waiting, not connected, after 10 s; "
                        + "1-4 is with its host drivers now",
                    remedy: "check that usbback is loaded and the guest has the driver xen-hcd"))
        #expect(bench.changes == [])
        let after = try bench.host.world()
        #expect(after.usb == before.usb)
        #expect(try bench.nodes() == nodes)
        #expect(after.locks == [:])
    }

    @Test func `a wait tells its time to the tenth of a second`() throws {
        let bench = try Bench.withController(Self.world())
        let outcome = bench.run(
            try Bench.attach("1-4"), OperationOptions(waitMilliseconds: 500))
        #expect(outcome.error?.message.contains("after 0.5 s") ?? false)
    }

    @Test func `a controller without a backend is taken back`() throws {
        var world = World.builtIn()
        world.usb.drivers.removeAll { $0 == .usbback }
        let bench = Bench(world)
        let nodes = try bench.nodes()
        let outcome = bench.run(try Bench.addController())
        #expect(outcome.error?.code == .failed)
        #expect(try bench.nodes() == nodes)
    }
}

struct ToolstackTests {
    @Test func `a toolstack runs commands in a row on one host`() async throws {
        let toolstack = Toolstack {
            let host = SimulatedHost(World.builtIn())
            return Seams(store: host, files: host, locks: host, clock: host)
        }
        let added = await toolstack.run(try Bench.addController())
        #expect(added.error == nil)
        let attached = await toolstack.run(try Bench.attach("1-4"))
        #expect(attached.error == nil)
        guard case .inventory(let inventory) = await toolstack.run(.devices) else {
            Issue.record("a look ended without an inventory")
            return
        }
        let device = try #require(BusID("1-4"))
        #expect(inventory.observation.status(of: device).state == .assigned)
    }

    @Test func `seams that can't be made are an outcome`() async {
        let error = PVUSBError(.permission, "not for you")
        let toolstack = Toolstack { () throws(PVUSBError) in throw error }
        #expect(await toolstack.run(.devices) == .failed(error))
    }

    @Test func `without a store the host's devices are seen, and nothing is done`() async throws {
        let toolstack = Toolstack {
            let host = SimulatedHost(World.builtIn())
            return Seams(store: nil, files: host, locks: host, clock: host)
        }
        guard case .inventory(let inventory) = await toolstack.run(.devices) else {
            Issue.record("a look ended without an inventory")
            return
        }
        #expect(inventory.observation.host.devices.count == 9)
        let outcome = await toolstack.run(try Bench.attach("1-4"))
        #expect(
            outcome
                == .failed(
                    PVUSBError(
                        .failed, "there is no xenstored to ask",
                        remedy: "run pvusb in domain 0, or on a world file: --sandbox FILE")))
    }
}
