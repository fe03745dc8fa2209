import PVUSB
import Simulation
import Testing

/// Half-way states that pvusb alone does not make, or that only a kill at one place leaves.
struct StrangerTests {
    private static let port = "/local/domain/0/backend/vusb/1/0/port"
    private static let record = "/libxl/pvusb/device"

    @Test func `a hub on the socket of an assigned device is stale, and recover forgets it`() throws
    {
        let bench = try Bench.attached("1-1")
        try bench.exchange("1-1", for: "1-3")
        #expect(try bench.status("1-1").state == .stale)
        #expect(try bench.status("1-1").remedy == "pvusb recover 1-1")
        try bench.succeed(.recover([]))
        #expect(try bench.status("1-1").state == .hub)
        #expect(try bench.text("\(Self.port)/1") == "")
        #expect(try bench.text("\(Self.record)/1-1/goal") == nil)
    }

    @Test func `a hub is not given away while a record is about its socket, nor after`() throws {
        let bench = try Bench.attached("1-1")
        try bench.exchange("1-1", for: "1-3")
        #expect(bench.run(try Bench.attach("1-1")).error?.code == .refused)
    }

    @Test(arguments: ["", "x", "/local/domain/0/backend/vusb/1/0/port/99"])
    func `a record whose port makes no sense is replaced by the next attach`(port: String) throws {
        let bench = try Bench.withController()
        try bench.succeed(try Bench.attach("1-1"))
        try bench.meddle([
            try writing("\(Self.record)/1-1/port", port), try writing("\(Self.port)/1", ""),
            try writing("\(Self.port)/2", "1-1"),
        ])
        try bench.succeed(.recover([]))
        let status = try bench.status("1-1")
        #expect([DeviceState.host, .assigned].contains(status.state))
        #expect(status.remedy == nil)
    }

    @Test func `a removal that was killed is shown, and recover ends it`() throws {
        let remove = Command.removeController(try DomainSelector("pv1"), ControllerNumber(0))
        let before = try Bench().nodes()
        let count = try Bench.attached("1-1").countChanges(remove)
        for changes in 1..<count {
            let bench = try Bench.attached("1-1")
            try bench.kill(remove, after: changes)
            try bench.succeed(.recover([]))
            #expect(try bench.drivers("1-1") == ["usbhid"])
            // What was asked to go is gone, or was not asked yet.
            let isGone = try bench.nodes() == before
            let online = try bench.text("/local/domain/0/backend/vusb/1/0/online")
            #expect(isGone || online == "1")
        }
    }

    @Test func `a controller that was asked to go takes no device, and says so`() throws {
        let bench = try Bench.withController()
        try bench.host.intervene { $0.settle() }
        try bench.meddle([try writing("/local/domain/0/backend/vusb/1/0/online", "0")])
        #expect(
            bench.run(try Bench.attach("1-1", at: "0:1")).error
                == PVUSBError(
                    .busy, "controller 0 of pv1 is being removed", remedy: "pvusb recover"))
        try bench.succeed(try Bench.attach("1-1"))
        #expect(try bench.text("/local/domain/0/backend/vusb/1/1/port/1") == "1-1")
    }

    @Test func `a dry run of recover plans for what it would have emptied itself`() throws {
        let bench = try Bench.attached("1-1")
        try bench.host.intervene {
            $0.settle()
            $0.destroy(1, leavingBackend: true)
            $0.settle()
        }
        let outcome = bench.run(.recover([]), OperationOptions(isDryRun: true))
        guard case .plans(let plans, let refusals) = outcome else {
            throw Unexpected(outcome: outcome)
        }
        #expect(refusals == [])
        #expect(plans.map(\.goal).count == 2)
        #expect(plans.last?.steps.map(\.text.action) == ["remove"])
    }

    @Test func `a detach without rebinding of a device that is gone succeeds`() throws {
        let bench = try Bench.attached("1-1")
        try bench.unplug("1-1")
        try bench.succeed(.detach(try DeviceSelector("1-1"), rebind: false))
        #expect(try bench.text("\(Self.port)/1") == "")
        #expect(try bench.text("\(Self.record)/1-1/goal") == nil)
    }

    @Test func `a detach by place is repeated wherever it was killed`() throws {
        let detach = Command.detachPlace(try DomainSelector("pv1"), try PlaceWish("0:1"))
        let count = try Bench.attached("1-1").countChanges(detach)
        for changes in 1..<count {
            let bench = try Bench.attached("1-1")
            try bench.kill(detach, after: changes)
            try bench.succeed(detach)
            #expect(try bench.drivers("1-1") == ["usbhid"])
            #expect(try bench.text("\(Self.record)/1-1/goal") == nil)
        }
    }

    @Test func `a live guest whose controller's record is lost keeps its devices`() throws {
        let bench = try Bench.attached("1-1")
        try bench.host.intervene { $0.settle() }
        try bench.meddle([.remove(try #require(StorePath("/libxl/1/device/vusb")))])
        #expect(try bench.status("1-1").state == .assigned)
        try bench.succeed(.recover([]))
        #expect(try bench.drivers("1-1") == ["usbback"])
        try bench.succeed(try Bench.detach("1-1"))
        #expect(try bench.drivers("1-1") == ["usbhid"])
    }

    @Test func `what usbback has forgotten is no guest's, and comes back`() throws {
        let bench = try Bench.attached("1-1")
        try bench.host.intervene { $0.ports = [] }
        let status = try bench.status("1-1")
        #expect(status.state == .captured)
        #expect(status.problems == ["usbback has 1-1, but not for port 0:1, which holds it"])
    }

    @Test(arguments: ["2", "x", "", "01x"])
    func `records of a version that is not known are only read, and that is told`(
        version: String
    ) throws {
        let bench = try Bench.attached("1-1")
        try bench.meddle([try writing("/libxl/pvusb/version", version)])
        let before = try bench.nodes()
        for command in [try Bench.detach("1-1"), try Bench.attach("1-4")] {
            #expect(
                bench.run(command).error
                    == PVUSBError(
                        .failed,
                        "the records in the store were written by a newer pvusb; they are only read",
                        remedy: "use the newer pvusb"))
        }
        #expect(try bench.nodes() == before)
        guard case .inventory(let inventory) = bench.run(.devices) else { return }
        #expect(
            inventory.observation.oddities.map(\.message) == [
                "/libxl/pvusb/version holds '\(version)', which is no version of the records that "
                    + "this pvusb writes"
            ])
    }

    @Test func `recover tells of what it leaves alone because nobody named it`() throws {
        let bench = try Bench.attached("1-1")
        try bench.meddle([
            .remove(try #require(StorePath("\(Self.record)/1-1"))),
            try writing("\(Self.port)/1", ""),
        ])
        #expect(try bench.status("1-1").state == .captured)
        #expect(try bench.succeed(.recover([])).unnamed == [try #require(BusID("1-1"))])
        try bench.succeed(try Bench.recover("1-1"))
        #expect(try bench.drivers("1-1") == ["usbhid"])
    }
}
