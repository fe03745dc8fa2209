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

/// Two ports hold a device, the second one since another tool wrote it.
struct ContestRecoveryTests {
    private static let port = "/local/domain/0/backend/vusb/1/0/port"

    @Test func `our own claim is withdrawn where usbback has let go of it already`() throws {
        let bench = try Bench.attached("1-4")
        // The same controller: usbback dies of it and forgets the port.
        try bench.meddle([try writing("\(Self.port)/3", "1-4")])
        try bench.host.intervene { $0.settle() }
        #expect(try bench.status("1-4").state == .contested)
        let report = try bench.succeed(.recover([]))
        #expect(report.goals.map(\.label) == ["1-4 in pv1 at 0:3"])
        #expect(try bench.text("\(Self.port)/1") == "")
        #expect(try bench.text("\(Self.port)/3") == "1-4")
        #expect(try bench.text("/libxl/pvusb/device/1-4/goal") == nil)
        #expect(try bench.drivers("1-4") == ["usbback", "usbback"])
    }

    @Test func `usbback lets go before our port is cleared, and the other one can be taken back`()
        throws
    {
        let bench = try Bench.attached("1-4")
        let guest = try DomainSelector("pvh1")
        try bench.succeed(.addController(guest, try #require(ControllerSettings())))
        try bench.host.intervene { $0.settle() }
        let other = "/local/domain/0/backend/vusb/2/0/port/1"
        try bench.meddle([try writing(other, "1-4")])
        try bench.host.intervene { $0.settle() }
        #expect(try bench.status("1-4").state == .contested)
        // What the other port holds is for a second recovery, and the first one says so.
        #expect(
            bench.run(.recover([])).error
                == PVUSBError(
                    .failed,
                    "another tool was at work: a port holds 1-4, but usbback does not have it; "
                        + "1-4 is assigned-uncaptured now", remedy: "pvusb recover 1-4"))
        #expect(try bench.text("\(Self.port)/1") == "")
        #expect(try bench.text(other) == "1-4")
        // Only the other controller, which named a registered device, has closed.
        #expect(try bench.text("/local/domain/0/backend/vusb/1/0/state") == "4")
        try bench.succeed(.recover([]))
        #expect(try bench.status("1-4").state == .host)
        #expect(try bench.drivers("1-4") == ["snd-usb-audio", "snd-usb-audio"])
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

/// A domain was destroyed while it had a device.
struct DestroyedDomainTests {
    /// The nodes of a host whose domain was destroyed when it had nothing.
    private static func bare() throws -> [String] {
        let bench = try Bench.withController()
        try bench.host.intervene {
            $0.settle()
            $0.destroy(1)
        }
        return try left(on: bench)
    }

    /// libxl prunes `backend` with the last backend of any kind, pvusb only what is its own.
    private static func left(on bench: Bench) throws -> [String] {
        try bench.nodes().filter { !$0.hasPrefix("/local/domain/0/backend ") }
    }

    private static func destroyed(
        leavingBackend: Bool, _ make: () throws -> Bench
    ) throws -> Bench {
        let bench = try make()
        try bench.host.intervene {
            $0.settle()
            $0.destroy(1, leavingBackend: leavingBackend)
            $0.settle()
        }
        return bench
    }

    private static func comesBack(_ bench: Bench, _ state: DeviceState) throws {
        #expect(try bench.status("1-4").state == state)
        #expect(try bench.status("1-4").remedy == "pvusb recover 1-4")
        try bench.succeed(.recover([]))
        #expect(try bench.status("1-4").state == .host)
        #expect(try bench.drivers("1-4") == ["snd-usb-audio", "snd-usb-audio"])
        #expect(try left(on: bench) == bare())
        #expect(try bench.snapshot().ports == [])
        try bench.succeed(.recover([]))
        #expect(bench.changes == [])
    }

    @Test func `its device and what is left of it are taken back`() throws {
        let bench = try Self.destroyed(leavingBackend: true) { try .attached("1-4") }
        try Self.comesBack(bench, .captured)
    }

    @Test func `a record of what xl has given back already goes`() throws {
        let bench = try Self.destroyed(leavingBackend: false) { try .attached("1-4") }
        #expect(try bench.drivers("1-4") == ["snd-usb-audio", "snd-usb-audio"])
        try Self.comesBack(bench, .stale)
    }

    @Test func `a device that xl had given away is taken back, too`() throws {
        let bench = try Self.destroyed(leavingBackend: true) {
            let bench = try Bench.withController()
            try bench.host.intervene { $0.settle() }
            let id = try #require(BusID("1-4"))
            try bench.xl { $0.xlAttach(id, domain: 1, controller: 0, port: 2) }
            return bench
        }
        try Self.comesBack(bench, .captured)
    }

    @Test func `a detach that was cut short is finished`() throws {
        let bench = try Self.destroyed(leavingBackend: true) {
            let bench = try Bench.attached("1-4")
            try bench.kill(try Bench.detach("1-4"), after: 2)
            return bench
        }
        try Self.comesBack(bench, .detaching)
    }

    @Test func `an attach that was cut short is undone`() throws {
        for changes in 1...4 {
            let bench = try Self.destroyed(leavingBackend: true) {
                let bench = try Bench.withController()
                try bench.kill(try Bench.attach("1-4"), after: changes)
                return bench
            }
            try Self.comesBack(bench, .attaching)
        }
    }

    @Test func `an attach that lacked its last note only is undone`() throws {
        let bench = try Self.destroyed(leavingBackend: true) {
            let bench = try Bench.withController()
            try bench.kill(try Bench.attach("1-4"), after: 5)
            return bench
        }
        #expect(try bench.status("1-4").state == .attaching)
        withKnownIssue("the first recovery notes it as attached to a domain that is gone") {
            try bench.succeed(.recover([]))
        }
        // The second one finds a device that usbback has for a domain that is gone.
        try bench.succeed(.recover([]))
        #expect(try bench.status("1-4").state == .host)
        #expect(try Self.left(on: bench) == Self.bare())
    }

    @Test func `an attach that had made its controller is undone`() throws {
        for changes in 1...5 {
            let bench = try Self.destroyed(leavingBackend: true) {
                let bench = Bench()
                try bench.kill(try Bench.attach("1-4"), after: changes)
                return bench
            }
            try Self.comesBack(bench, .attaching)
        }
    }

    @Test func `of an unplugged device all that is left goes`() throws {
        let bench = try Self.destroyed(leavingBackend: true) { try .attached("1-4") }
        try bench.unplug("1-4")
        #expect(try bench.status("1-4").state == .assignedAbsent)
        try bench.succeed(.recover([]))
        #expect(try Self.left(on: bench) == Self.bare())
    }

    @Test func `a parked device stays so`() throws {
        let bench = try Self.destroyed(leavingBackend: true) {
            let bench = try Bench.attached("1-4")
            try bench.succeed(.detach(try DeviceSelector("1-4"), rebind: false))
            return bench
        }
        try bench.succeed(.recover([]))
        #expect(try bench.status("1-4").state == .parked)
        try bench.succeed(try Bench.recover("1-4"))
        #expect(try Self.left(on: bench) == Self.bare())
    }

    @Test func `a later domain of the same number does not get the device`() throws {
        let bench = try Self.destroyed(leavingBackend: true) { try .attached("1-4") }
        try bench.host.intervene {
            $0.create(1, name: "later", type: .pv, uuid: "1d3f6f0a-0009")
        }
        withKnownIssue("it is shown as assigned to the later domain, and recover leaves it so") {
            let state = try bench.status("1-4").state
            #expect(state == .captured)
            try bench.succeed(.recover([]))
        }
        withKnownIssue("recover by name has nothing to do either") {
            try bench.succeed(try Bench.recover("1-4"))
            let state = try bench.status("1-4").state
            #expect(state == .host)
        }
        // This much works: somebody who does not believe it takes it back.
        try bench.succeed(try Bench.detach("1-4"))
        #expect(try bench.drivers("1-4") == ["snd-usb-audio", "snd-usb-audio"])
        try bench.succeed(.recover([]))
        #expect(try bench.text("/local/domain/0/backend/vusb") == nil)
    }

    @Test func `a controller of a later domain is not made over a device of the earlier one`()
        throws
    {
        let bench = try Self.destroyed(leavingBackend: true) { try .attached("1-4") }
        try bench.host.intervene {
            $0.create(1, name: "later", type: .pv, uuid: "1d3f6f0a-0009")
        }
        let add = Command.addController(
            try DomainSelector("later"), try #require(ControllerSettings()))
        withKnownIssue("what is left counts as made, and is waited for in vain") {
            try bench.succeed(add)
        }
        #expect(try bench.text("/local/domain/0/backend/vusb/1/0/port/1") == "1-4")
    }
}
