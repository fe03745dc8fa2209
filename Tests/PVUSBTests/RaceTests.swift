import PVUSB
import Simulation
import Testing

/// Another tool acts in the midst of a command.
struct RaceTests {
    private static let back = "/local/domain/0/backend/vusb/1/0"

    /// The nodes of a controller as another tool makes them, as far as anybody looks at them.
    private static func controller(_ number: Int) throws -> [StoreRequest] {
        let libxl = "/libxl/1/device/vusb/\(number)"
        let back = "/local/domain/0/backend/vusb/1/\(number)"
        let front = "/local/domain/1/device/vusb/\(number)"
        return [
            try writing("\(libxl)/type", "pv"), try writing("\(libxl)/backend", back),
            try writing("\(libxl)/num-ports", "1"), try writing("\(libxl)/usb-ver", "2"),
            try writing("\(back)/online", "1"), try writing("\(back)/state", "1"),
            try writing("\(back)/num-ports", "1"), try writing("\(back)/port/1", ""),
            try writing("\(front)/state", "1"),
        ]
    }

    @Test func `a controller of another tool's is not withdrawn for ours`() throws {
        var world = World.builtIn()
        world.usb.drivers.removeAll { $0 == .usbback }
        let bench = Bench(world)
        bench.store.once(writing: "/libxl/1/device/vusb/0/type") {
            try bench.meddle(try Self.controller(0))
        }
        let outcome = bench.run(try Bench.addController())
        #expect(outcome.error != nil)
        #expect(try bench.text("/libxl/1/device/vusb/0/type") == "pv")
        #expect(try bench.text("/libxl/1/device/vusb/1/type") == nil)
    }

    @Test func `a controller number that is taken meanwhile is passed, and said so`() throws {
        let bench = Bench()
        bench.store.once(writing: "/libxl/1/device/vusb/0/type") {
            try bench.meddle(try Self.controller(0))
        }
        let report = try bench.succeed(try Bench.addController())
        #expect(report.goals.map(\.label) == ["controller 1 in pv1"])
    }

    @Test func `a name among the controllers that is none does not block a new one`() throws {
        let bench = Bench()
        try bench.meddle([try writing("/libxl/1/device/vusb/7", "")])
        let outcome = bench.run(try Bench.addController())
        #expect(outcome.error == nil)
    }

    @Test func `a port that is taken meanwhile is passed, and said so`() throws {
        let bench = try Bench.withController()
        bench.store.once(writing: "\(Self.back)/port/1") {
            try bench.meddle([try writing("\(Self.back)/port/1", "9-9")])
        }
        let report = try bench.succeed(try Bench.attach("1-1"))
        #expect(report.goals.map(\.label) == ["1-1 in pv1 at 0:2"])
        #expect(report.goals.first?.status?.place?.label == "0:2")
        #expect(try bench.text("\(Self.back)/port/1") == "9-9")
    }

    @Test func `as many as want the same port may be quicker`() throws {
        let bench = try Bench.withController()
        var taken = 0
        bench.store.before = { batch in
            let next = try writing("\(Self.back)/port/\(taken + 1)", "1-1")
            guard taken < 8, batch.contains(next) else { return }
            taken += 1
            try bench.meddle([try writing("\(Self.back)/port/\(taken)", "9-\(taken)")])
        }
        let report = try bench.succeed(try Bench.attach("1-1"))
        #expect(taken == 8)
        #expect(report.goals.map(\.label) == ["1-1 in pv1 at 1:1"])
    }

    @Test func `a port that was asked for and is taken meanwhile is busy`() throws {
        let bench = try Bench.withController()
        bench.store.once(writing: "\(Self.back)/port/1") {
            try bench.meddle([try writing("\(Self.back)/port/1", "9-9")])
        }
        let outcome = bench.run(try Bench.attach("1-1", at: "0:1"))
        #expect(outcome.error?.exitCode == 9)
        #expect(try bench.status("1-1").state == .host)
    }

    @Test func `a claim while the host is read is seen before anything is waited for`() throws {
        let bench = try Bench.withController()
        let settings = try #require(ControllerSettings())
        try bench.succeed(.addController(try DomainSelector("win10"), settings))
        var surveys = 0
        bench.files.refusesRead = { path in
            guard path.hasSuffix("/usbback/port_ids") else { return nil }
            surveys += 1
            guard surveys == 1 else { return nil }
            let port = "/local/domain/0/backend/vusb/3/0/port/1"
            try? bench.meddle([try writing(port, "1-1")])
            try? bench.host.intervene { $0.settle() }
            return nil
        }
        let outcome = bench.run(try Bench.attach("1-1"))
        #expect(
            outcome.error
                == PVUSBError(
                    .busy, "1-1 is on its way into win10 at 0:1",
                    cause: "a port holds 1-1, but usbback does not have it",
                    remedy: "pvusb recover 1-1"))
        #expect(surveys == 2)
        #expect(bench.changes == [])
    }

    @Test func `what usbback lists of a port cleared a moment ago is waited for`() throws {
        let bench = try Bench.withController()
        try bench.meddle([try writing("\(Self.back)/port/3", "1-1")])
        try bench.host.intervene { $0.settle() }
        try bench.meddle([try writing("\(Self.back)/port/3", "")])
        let report = try bench.succeed(try Bench.attach("1-1"))
        #expect(report.goals.map(\.label) == ["1-1 in pv1 at 0:1"])
        let device = try #require(BusID("1-1"))
        #expect(report.goals.first?.steps.first == StepReport(.awaitReleased(device), .done))
    }

    @Test func `a second claim on the device is detected`() throws {
        let bench = try Bench.withController()
        bench.files.after = { path in
            guard path.hasSuffix("/usbback/bind") else { return }
            try? bench.meddle([try writing("\(Self.back)/port/3", "1-1")])
        }
        let outcome = bench.run(try Bench.attach("1-1"))
        #expect(outcome.report?.goals.first?.status?.state == .contested)
        #expect(outcome.error != nil)
    }

    @Test func `a contest that recover can't settle is told`() throws {
        let bench = try Bench.attached("1-1")
        try bench.meddle([
            try writing("\(Self.back)/port/3", "1-1"),
            .remove(try #require(StorePath("/libxl/pvusb/device/1-1"))),
        ])
        let outcome = bench.run(try Bench.recover("1-1"))
        #expect(try bench.status("1-1").state == .contested)
        #expect(outcome.error != nil)
    }

    @Test func `a plug pulled and put back may bring another driver`() throws {
        let bench = try Bench.attached("1-3.2")
        try bench.host.intervene { world in
            for index in world.usb.devices.indices
            where world.usb.devices[index].id == BusID("1-3.2") {
                world.usb.devices[index].interfaces[0].driver = DriverName("ftdi_sio")
            }
        }
        #expect(try bench.status("1-3.2").state == .assignedUncaptured)
        let outcome = bench.run(.recover([]))
        #expect(outcome.error == nil)
        #expect(try bench.status("1-3.2").state == .host)
    }

    @Test func `a plug pulled and put back is taken again by an attach`() throws {
        let bench = try Bench.attached("1-1")
        try bench.host.intervene { world in
            for index in world.usb.devices.indices
            where world.usb.devices[index].id == BusID("1-1") {
                world.usb.devices[index].interfaces[0].driver = DriverName("usbhid")
            }
        }
        let outcome = bench.run(try Bench.attach("1-1"))
        #expect(outcome.error == nil)
        #expect(try bench.status("1-1").state == .assigned)
    }

    @Test func `what usbback still lists is waited for before it is probed`() throws {
        let bench = try Bench.attached("1-1")
        // Another tool cleared the port a moment ago, and usbback has not noticed yet.
        try bench.meddle([
            .remove(try #require(StorePath("/libxl/pvusb/device/1-1"))),
            try writing("\(Self.back)/port/1", ""),
        ])
        _ = bench.run(try Bench.recover("1-1"))
        #expect(try bench.status("1-1").state == .host)
    }

    @Test func `the records of a newer pvusb are not touched, nor their devices`() throws {
        let bench = try Bench.attached("1-1")
        try bench.meddle([
            try writing("/libxl/pvusb/version", "2"),
            try writing("/libxl/pvusb/device/1-1/goal", "detach"),
        ])
        let outcome = bench.run(.recover([]))
        #expect(bench.changes == [])
        #expect(
            outcome.error?.message.hasPrefix(
                "the records in the store were written by a newer pvusb") ?? false)
        #expect(try bench.text("/libxl/pvusb/device/1-1/goal") == "detach")
    }

    @Test func `a device of a domain that was destroyed comes back when it is recovered`() throws {
        let bench = try Bench.attached("1-1")
        try bench.meddle([
            .remove(try #require(StorePath("/local/domain/1"))),
            .remove(try #require(StorePath("/libxl/1"))),
        ])
        _ = bench.run(.recover([]))
        #expect(try bench.status("1-1").state == .host)
        #expect(try bench.drivers("1-1") == ["usbhid"])
    }
}
