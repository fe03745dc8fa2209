import PVUSB
import Simulation
import Testing

/// A device taken back without its drivers: it stays as it is until somebody names it.
struct ParkingTests {
    private static func parked() throws -> Bench {
        let bench = try Bench.attached("1-4")
        try bench.succeed(.detach(try DeviceSelector("1-4"), rebind: false))
        return bench
    }

    @Test func `it has no driver, no port, and says that this is meant`() throws {
        let bench = try Self.parked()
        let status = try bench.status("1-4")
        #expect(status.state == .parked)
        #expect(status.place == nil)
        #expect(status.remedy == nil)
        #expect(try bench.drivers("1-4") == ["-", "-"])
    }

    @Test func `parking it again changes nothing`() throws {
        let bench = try Self.parked()
        try bench.succeed(.detach(try DeviceSelector("1-4"), rebind: false))
        #expect(bench.changes == [])
    }

    @Test func `recover leaves it alone until it is named, then gives its drivers back`() throws {
        let bench = try Self.parked()
        try bench.succeed(.recover([]))
        #expect(try bench.status("1-4").state == .parked)
        try bench.succeed(.recover([try DeviceSelector("1-4")]))
        #expect(try bench.status("1-4").state == .host)
        #expect(try bench.drivers("1-4") == ["snd-usb-audio", "snd-usb-audio"])
    }

    @Test func `it can be given away again, and then gets the drivers it had at first`() throws {
        let bench = try Self.parked()
        try bench.succeed(try Bench.attach("1-4"))
        #expect(try bench.status("1-4").state == .assigned)
        try bench.succeed(try Bench.detach("1-4"))
        #expect(try bench.drivers("1-4") == ["snd-usb-audio", "snd-usb-audio"])
    }

    @Test func `a device that no guest has is not parked`() throws {
        let bench = try Bench.withController()
        try bench.succeed(.detach(try DeviceSelector("1-4"), rebind: false))
        #expect(bench.changes == [])
        #expect(try bench.status("1-4").state == .host)
    }
}
