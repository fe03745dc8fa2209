import PVUSB
import Simulation
import Testing

/// Devices and places that an attach refuses before it changes anything.
struct RefusedTargetTests {
    private func refuse(
        _ device: String, to domain: String = "pv1", at place: String? = nil,
        on bench: Bench, _ error: PVUSBError,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let before = try bench.snapshot()
        let command = Command.attach(
            try DomainSelector(domain), try DeviceSelector(device),
            at: try place.map { try PlaceWish($0) })
        let dry = bench.run(command, OperationOptions(isDryRun: true))
        #expect(dry.error == error, sourceLocation: sourceLocation)
        #expect(bench.run(command).error == error, sourceLocation: sourceLocation)
        #expect(bench.changes == [], sourceLocation: sourceLocation)
        #expect(try bench.snapshot() == before, sourceLocation: sourceLocation)
    }

    private static func hub(_ device: String) -> PVUSBError {
        PVUSBError(.refused, "\(device) is a hub; a hub is never given to a guest")
    }

    @Test(arguments: ["1-3", "usb1", "usb2"])
    func `a hub, and a bus's own`(device: String) throws {
        try refuse(device, on: try .withController(), Self.hub(device))
        try refuse(device, at: "0:1", on: try .withController(), Self.hub(device))
    }

    @Test func `a device of no class of its own that has a hub among its interfaces`() throws {
        var world = World.builtIn()
        for device in world.usb.devices.indices where world.usb.devices[device].id == BusID("1-4") {
            #expect(world.usb.devices[device].attributes["bDeviceClass"] == "00")
            world.usb.devices[device].interfaces[1].attributes["bInterfaceClass"] = "09"
        }
        try refuse("1-4", on: try .withController(world), Self.hub("1-4"))
    }

    @Test func `a device that is too fast, with and without a controller`() throws {
        let remedy = "plug it into a USB 2 port or behind a USB 2 hub"
        let error = PVUSBError(
            .refused, "2-1 runs at 5000 Mbit/s, a controller of kind pv carries at most 480 Mbit/s",
            remedy: remedy)
        try refuse("2-1", on: Bench(), error)
        try refuse("2-1", on: try .withController(), error)
        try refuse(
            "2-1", at: "0", on: try .withController(),
            PVUSBError(
                .refused,
                "2-1 runs at 5000 Mbit/s, controller 0 of pv1 carries at most 480 Mbit/s",
                remedy: remedy))
    }

    @Test func `a controller whose backend is in another domain`() throws {
        let bench = try Bench.withController()
        try bench.host.intervene { $0.settle() }
        try bench.meddle([
            try writing("/libxl/1/device/vusb/0/backend", "/local/domain/2/backend/vusb/1/0")
        ])
        try refuse(
            "1-4", at: "0", on: bench,
            PVUSBError(
                .refused, "the backend of controller 0 of pv1 is in domain 2, not in domain 0"))
        // Where nobody names it, another one is made.
        let report = try bench.succeed(try Bench.attach("1-4"))
        #expect(report.goals.map(\.label) == ["1-4 in pv1 at 1:1"])
    }

    @Test(arguments: ["0", "Domain-0"])
    func `domain 0`(word: String) throws {
        let error = PVUSBError(
            .refused, "domain 0 is the host itself; a device or controller goes to a guest")
        try refuse("1-4", to: word, on: try .withController(), error)
        let bench = try Bench.withController()
        let add = Command.addController(
            try DomainSelector(word), try #require(ControllerSettings()))
        #expect(bench.run(add).error == error)
        #expect(bench.changes == [])
    }

    @Test func `a device without interfaces`() throws {
        var world = World.builtIn()
        for device in world.usb.devices.indices where world.usb.devices[device].id == BusID("1-4") {
            world.usb.devices[device].interfaces = []
        }
        try refuse(
            "1-4", on: try .withController(world),
            PVUSBError(
                .refused, "1-4 has no interfaces that a guest could have",
                remedy: "plug it in again"))
    }

    @Test func `a detach of a hub`() throws {
        let bench = try Bench.withController()
        #expect(
            bench.run(try Bench.detach("1-3")).error
                == PVUSBError(.refused, "1-3 is a hub; no guest ever has one"))
        #expect(bench.changes == [])
    }
}

/// Failures on the way back that have to leave something for the next try.
struct LeftForLaterTests {
    @Test func `notes that xl left stay while a noted driver refuses`() throws {
        let bench = try Bench.withController()
        try bench.host.intervene { $0.settle() }
        let id = try #require(BusID("1-4"))
        try bench.xl { $0.xlAttach(id, domain: 1, controller: 0, port: 1) }
        // xl was killed when it had cleared the port.
        try bench.xl { $0.xlDetach(id, domain: 1, controller: 0, port: 1).prefix(3) }
        bench.files.refusesWrite = { _, path in path.hasSuffix("/bind") ? .inputOutput : nil }
        let outcome = bench.run(try Bench.recover("1-4"))
        #expect(outcome.error?.cause == "EIO")
        let note = try bench.text("/libxl/usbback/1-4/1-4@1_0/driver_path")
        #expect(note == "/sys/bus/usb/drivers/snd-usb-audio")
    }

    @Test func `an attach whose new controller somebody removed meanwhile makes another`() throws {
        let bench = Bench()
        try bench.kill(try Bench.attach("1-4"), after: 1)
        try bench.host.intervene { $0.settle() }
        try bench.xl { $0.xlRemoveController(domain: 1, controller: 0) }
        try bench.succeed(try Bench.attach("1-4"))
        #expect(try bench.status("1-4").state == .assigned)
        #expect(try bench.drivers("1-4") == ["usbback", "usbback"])
    }

    @Test func `a forced removal that undoes the attach which made the controller is done`() throws
    {
        let bench = Bench()
        let before = try bench.snapshot()
        try bench.kill(try Bench.attach("1-4"), after: 2)
        let remove = Command.removeController(
            try DomainSelector("pv1"), ControllerNumber(0), force: true)
        try bench.succeed(remove)
        #expect(try bench.snapshot() == before)
    }

    @Test func `an attach that lost its port to another device is undone, not forced`() throws {
        let bench = try Bench.withController()
        try bench.kill(try Bench.attach("1-4"), after: 1)
        let id = try #require(BusID("1-1"))
        let controller = XLController(domain: 1, number: 0)
        try bench.xl { _ in [.clearPort(controller, port: 1)] }
        try bench.xl { $0.xlAttach(id, domain: 1, controller: 0, port: 1) }
        let outcome = bench.run(try Bench.attach("1-4"))
        #expect(outcome.error?.code == .busy)
        #expect(try bench.status("1-4").state == .host)
        #expect(try bench.status("1-1").state == .assigned)
        try bench.succeed(try Bench.attach("1-4"))
        #expect(try bench.status("1-4").place?.label == "0:2")
    }

    @Test func `a controller that another tool removed meanwhile does not keep an attach back`()
        throws
    {
        let bench = Bench()
        try bench.kill(try Bench.attach("1-4"), after: 1)
        try bench.xl { _ in [.removeController(XLController(domain: 1, number: 0))] }
        let outcome = bench.run(try Bench.attach("1-4"))
        if outcome.error != nil {
            #expect(outcome.error?.remedy == "pvusb recover 1-4")
            try bench.succeed(.recover([]))
            try bench.succeed(try Bench.attach("1-4"))
        }
        #expect(try bench.status("1-4").state == .assigned)
    }
}
