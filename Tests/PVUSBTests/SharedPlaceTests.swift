import PVUSB
import Simulation
import Testing

/// A device of the same guest, on the same controller.
struct NeighbourTests {
    /// A bench on which pv1 has the stick, and what there is to see of it.
    private static func bench() throws -> (Bench, DeviceStatus) {
        let bench = try Bench.attached("1-3.2")
        return (bench, try bench.status("1-3.2"))
    }

    @Test func `it is not touched by an attach that dies anywhere, nor by what undoes it`() throws {
        let count = try Self.bench().0.countChanges(try Bench.attach("1-4"))
        for changes in 1..<count {
            let (bench, before) = try Self.bench()
            try bench.kill(try Bench.attach("1-4"), after: changes)
            #expect(try bench.status("1-3.2") == before)
            try bench.succeed(.recover([]))
            #expect(try bench.status("1-3.2") == before)
        }
    }

    @Test func `it is not touched by a detach that dies anywhere, nor by what ends it`() throws {
        let (whole, _) = try Self.bench()
        try whole.succeed(try Bench.attach("1-4"))
        for changes in 1..<(try whole.countChanges(try Bench.detach("1-4"))) {
            let (bench, before) = try Self.bench()
            try bench.succeed(try Bench.attach("1-4"))
            try bench.kill(try Bench.detach("1-4"), after: changes)
            try bench.succeed(.recover([]))
            #expect(try bench.status("1-3.2") == before)
        }
    }
}

/// Two ports hold a device, the second one since another tool wrote it.
struct ContestRecoveryTests {
    private static let port = "/local/domain/0/backend/vusb/1/0/port"
    private static let other = "/local/domain/0/backend/vusb/2/0/port/1"

    /// A bench on which usbback has 1-4 for pv1, and a port of pvh1 holds it, too.
    private static func claimedTwice() throws -> Bench {
        let bench = try Bench.attached("1-4")
        let guest = try DomainSelector("pvh1")
        try bench.succeed(.addController(guest, try #require(ControllerSettings())))
        try bench.host.intervene { $0.settle() }
        try bench.meddle([try writing(other, "1-4")])
        try bench.host.intervene { $0.settle() }
        #expect(try bench.status("1-4").state == .contested)
        return bench
    }

    @Test func `our own claim is withdrawn where usbback has let go of it already`() throws {
        let bench = try Bench.attached("1-4")
        // The same controller: usbback dies of it and forgets the port.
        try bench.meddle([try writing("\(Self.port)/3", "1-4")])
        try bench.host.intervene { $0.settle() }
        #expect(try bench.status("1-4").state == .contested)
        let report = try bench.succeed(.recover([]))
        #expect(report.goals.map(\.label) == ["1-4 no longer claimed for pv1 at 0:1"])
        #expect(try bench.text("\(Self.port)/1") == "")
        #expect(try bench.text("\(Self.port)/3") == "1-4")
        #expect(try bench.text("/libxl/pvusb/device/1-4/goal") == nil)
        #expect(try bench.drivers("1-4") == ["usbback", "usbback"])
    }

    @Test func `usbback lets go before our port is cleared, and the other one can be taken back`()
        throws
    {
        let bench = try Self.claimedTwice()
        // What the other port holds is for a second recovery, and the first one says so.
        let report = try bench.succeed(.recover([]))
        #expect(report.goals.map(\.label) == ["1-4 no longer claimed for pv1 at 0:1"])
        #expect(report.goals.first?.status?.remedy == "pvusb recover 1-4")
        #expect(try bench.text("\(Self.port)/1") == "")
        #expect(try bench.text(Self.other) == "1-4")
        // Only the other controller, which named a registered device, has closed.
        #expect(try bench.text("/local/domain/0/backend/vusb/1/0/state") == "4")
        try bench.succeed(.recover([]))
        #expect(try bench.status("1-4").state == .host)
        #expect(try bench.drivers("1-4") == ["snd-usb-audio", "snd-usb-audio"])
    }

    @Test func `a detach brings home what another port only claims, and that claim is shown`()
        throws
    {
        let bench = try Self.claimedTwice()
        let report = try bench.succeed(try Bench.detach("1-4"))
        #expect(report.goals.map(\.label) == ["1-4 with its host drivers"])
        #expect(try bench.drivers("1-4") == ["snd-usb-audio", "snd-usb-audio"])
        #expect(try bench.text(Self.other) == "1-4")
        #expect(try bench.status("1-4").remedy == "pvusb recover 1-4")
        try bench.succeed(.recover([]))
        #expect(try bench.status("1-4").state == .host)
        #expect(try bench.text(Self.other) == "")
    }

    @Test func `where no claim is ours, the place that is named lets go`() throws {
        let bench = try Bench.attached("1-4")
        try bench.meddle([
            .remove(try #require(StorePath("/libxl/pvusb/device/1-4"))),
            try writing("\(Self.port)/3", "1-4"),
        ])
        let remedy = try bench.status("1-4").remedy
        #expect(remedy == "pvusb detach 1 0:3")
        try bench.succeed(.detachPlace(try DomainSelector("1"), try PlaceWish("0:3")))
        #expect(try bench.text("\(Self.port)/3") == "")
        #expect(try bench.status("1-4").state == .assigned)
    }
}
