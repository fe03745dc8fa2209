import PVUSB
import Simulation
import Testing

/// What `recover` does, each row reached as it happens in life.
struct RecoveryTests {
    static let devices = ["1-3.2", "1-4"]
    static let homes = ["1-3.2": ["usb-storage"], "1-4": ["snd-usb-audio", "snd-usb-audio"]]

    private static func goal(_ device: String) -> String {
        "/libxl/pvusb/device/\(device.replacing(".", with: "_"))/goal"
    }

    /// Expects a half-done state that is told, with what to type.
    private func expect(
        _ state: DeviceState, of device: String, on bench: Bench,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let status = try bench.status(device)
        #expect(status.state == state, sourceLocation: sourceLocation)
        #expect(status.remedy == "pvusb recover \(device)", sourceLocation: sourceLocation)
        #expect(!status.problems.isEmpty, sourceLocation: sourceLocation)
    }

    @Test(arguments: devices)
    func `an attach that lacks its last note only is finished`(device: String) throws {
        let bench = try Bench.withController()
        let attach = try Bench.attach(device)
        try bench.kill(attach, after: try bench.countChanges(attach) - 1)
        try expect(.attaching, of: device, on: bench)
        try bench.succeed(.recover([]))
        #expect(bench.changes.count == 1)
        let status = try bench.status(device)
        #expect(status.state == .assigned)
        #expect(status.remedy == nil)
        #expect(try bench.text(Self.goal(device)) == "attached")
        #expect(try bench.drivers(device) == Self.homes[device]?.map { _ in "usbback" })
    }

    @Test(arguments: devices)
    func `an attach that died earlier is undone`(device: String) throws {
        let attach = try Bench.attach(device)
        let count = try Bench.withController().countChanges(attach)
        #expect(count >= 4)
        for changes in 1..<count - 1 {
            let bench = try Bench.withController()
            let before = try bench.snapshot()
            try bench.kill(attach, after: changes)
            try expect(.attaching, of: device, on: bench)
            try bench.succeed(.recover([]))
            #expect(try bench.status(device).state == .host)
            #expect(try bench.snapshot() == before)
        }
    }

    @Test(arguments: devices)
    func `an attach that had made a controller is undone with it`(device: String) throws {
        let attach = try Bench.attach(device)
        let count = try Bench().countChanges(attach)
        for changes in 1..<count - 1 {
            let bench = Bench()
            let before = try bench.snapshot()
            try bench.kill(attach, after: changes)
            try expect(.attaching, of: device, on: bench)
            try bench.succeed(.recover([]))
            #expect(try bench.snapshot() == before)
        }
    }

    @Test(arguments: devices)
    func `a detach that died is finished`(device: String) throws {
        let detach = try Bench.detach(device)
        let count = try Bench.attached(device).countChanges(detach)
        #expect(count >= 4)
        for changes in 1..<count {
            let bench = try Bench.withController()
            let before = try bench.snapshot()
            try bench.succeed(try Bench.attach(device))
            try bench.kill(detach, after: changes)
            try expect(.detaching, of: device, on: bench)
            try bench.succeed(.recover([]))
            #expect(try bench.status(device).state == .host)
            #expect(try bench.snapshot() == before)
        }
    }

    @Test(arguments: devices)
    func `of a device that was unplugged the port is cleared and the record dropped`(
        device: String
    ) throws {
        let bench = try Bench.withController()
        let before = try bench.snapshot()
        try bench.succeed(try Bench.attach(device))
        let id = try #require(BusID(device))
        let pulled = try #require(try bench.host.world().usb.device(id))
        try bench.unplug(device)
        try expect(.assignedAbsent, of: device, on: bench)
        try bench.succeed(.recover([]))
        #expect(try bench.nodes() == before.nodes)
        #expect(try bench.snapshot().ports == [])
        try bench.host.intervene { $0.plug(pulled, usbbackFirst: true) }
        #expect(try bench.drivers(device) == Self.homes[device])
    }

    @Test(arguments: devices)
    func `a device that was replugged and has its host drivers stays with them`(
        device: String
    ) throws {
        let bench = try Bench.withController()
        let before = try bench.snapshot()
        try bench.succeed(try Bench.attach(device))
        try bench.replug(device)
        try expect(.assignedUncaptured, of: device, on: bench)
        try bench.succeed(.recover([]))
        #expect(try bench.status(device).state == .host)
        #expect(try bench.drivers(device) == Self.homes[device])
        #expect(try bench.nodes() == before.nodes)
        #expect(try bench.snapshot().ports == [])
    }

    @Test(arguments: devices)
    func `a device that was replugged and that usbback took back is the guest's`(
        device: String
    ) throws {
        let bench = try Bench.attached(device)
        try bench.replug(device, usbbackFirst: true)
        #expect(try bench.status(device).state == .assigned)
        #expect(try bench.status(device).remedy == nil)
        try bench.succeed(.recover([]))
        #expect(bench.changes == [])
    }

    @Test(arguments: [false, true])
    func `another device on the socket gets its own drivers, never the recorded ones`(
        usbbackFirst: Bool
    ) throws {
        let bench = try Bench.withController()
        let before = try bench.snapshot()
        try bench.succeed(try Bench.attach("1-4"))
        try bench.exchange("1-4", for: "1-3.1", usbbackFirst: usbbackFirst)
        #expect(try bench.drivers("1-4") == [usbbackFirst ? "usbback" : "ftdi_sio"])
        try expect(.stale, of: "1-4", on: bench)
        try bench.succeed(.recover([]))
        #expect(try bench.status("1-4").state == .host)
        #expect(try bench.drivers("1-4") == ["ftdi_sio"])
        #expect(try bench.nodes() == before.nodes)
        #expect(try bench.snapshot().ports == [])
    }

    @Test
    func `another device that comes while one is taken back is not given the recorded drivers`()
        throws
    {
        let bench = try Bench.attached("1-4")
        bench.store.once(writing: "/local/domain/0/backend/vusb/1/0/port/1") {
            try bench.exchange("1-4", for: "1-3.1", usbbackFirst: true)
        }
        _ = bench.run(try Bench.detach("1-4"))
        let binds = bench.effects.compactMap { effect -> String? in
            guard case .files(let requests) = effect, case .write(let path, _)? = requests.first
            else { return nil }
            return path
        }
        #expect(!binds.contains("/sys/bus/usb/drivers/snd-usb-audio/bind"))
        bench.run(.recover([]))
        #expect(try bench.drivers("1-4") == ["ftdi_sio"])
    }

    @Test(arguments: devices)
    func `a parked device is left alone unless it is named`(device: String) throws {
        let bench = try Bench.withController()
        let before = try bench.snapshot()
        try bench.succeed(try Bench.attach(device))
        try bench.succeed(.detach(try DeviceSelector(device), rebind: false))
        try bench.succeed(.recover([]))
        #expect(bench.changes == [])
        #expect(try bench.status(device).state == .parked)
        try bench.succeed(try Bench.recover(device))
        #expect(try bench.snapshot() == before)
    }
}
