import PVUSB
import Simulation
import Testing

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
        #expect(try bench.status("1-4").state == .captured)
        try bench.succeed(.recover([]))
        #expect(try bench.status("1-4").state == .host)
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
        try bench.succeed(add)
        #expect(try bench.text("/local/domain/0/backend/vusb/1/0/port/1") == "1-4")
    }
}
