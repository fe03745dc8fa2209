import HostUSB
import PVUSB
import Simulation
import Testing

/// A controller goes: its devices come back first, then its two ends part, then its nodes go.
struct ControllerRemovalTests {
    private static func remove(force: Bool = false) throws -> Command {
        .removeController(try DomainSelector("pv1"), ControllerNumber(0), force: force)
    }

    @Test func `the store is what it was before the controller came`() throws {
        let bench = Bench()
        let before = try bench.nodes()
        try bench.succeed(try Bench.addController())
        try bench.succeed(try Bench.attach("1-3.2"))
        try bench.succeed(try Bench.attach("1-4"))
        try bench.succeed(try Self.remove())
        #expect(try bench.nodes() == before)
        #expect(try bench.drivers("1-3.2") == ["usb-storage"])
        #expect(try bench.drivers("1-4") == ["snd-usb-audio", "snd-usb-audio"])
        #expect(try bench.host.world().locks == [:])
    }

    @Test func `every lock is taken before anything is changed, and given back`() throws {
        let bench = try Bench.attached("1-1")
        bench.run(try Self.remove())
        let locks = bench.effects.compactMap { effect in
            if case .lock(let lock) = effect { lock.name } else { nil }
        }
        #expect(locks == ["device.1-1", "domain.1"])
        let unlocks = bench.effects.compactMap { effect in
            if case .unlock(let lock) = effect { lock.name } else { nil }
        }
        #expect(unlocks == ["domain.1", "device.1-1"])
    }

    @Test(arguments: [false, true])
    func `a guest that does not answer keeps no controller`(force: Bool) throws {
        var world = World.builtIn()
        world.guests = world.guests.map { World.Guest(domain: $0.domain, hasFrontend: false) }
        let bench = Bench(world)
        let before = try bench.nodes()
        try bench.succeed(try Bench.addController())
        let report = try bench.succeed(try Self.remove(force: force))
        let waits = report.goals.first?.steps.filter { $0.step.text.action == "await" }
        let late = "controller 0 of pv1 is closing, not closed, after 10 s"
        #expect(waits?.map(\.result) == (force ? [] : [.failed(late)]))
        #expect(try bench.nodes() == before)
    }

    @Test func `a device that another command works on is not taken back`() throws {
        let bench = try Bench.attached("1-1")
        try bench.host.intervene { _ = $0.lock("device.1-1", for: 99, isTest: false) }
        let nodes = try bench.nodes()
        let outcome = bench.run(try Self.remove(), OperationOptions(waitMilliseconds: 100))
        #expect(outcome.error?.code == .busy)
        #expect(try bench.nodes() == nodes)
        #expect(try bench.host.world().locks == ["device.1-1": 99])
    }

    @Test func `a device that can't come back keeps its controller`() throws {
        let bench = try Bench.attached("1-1")
        bench.files.refusesWrite = { _, path in
            path.hasSuffix("usbback/unbind") ? .inputOutput : nil
        }
        let outcome = bench.run(try Self.remove())
        #expect(outcome.error?.cause == "EIO")
        #expect(try bench.text("/libxl/1/device/vusb/0/type") == "pv")
    }

    @Test func `one that is not there, or of a kind that nobody knows, is refused`() throws {
        let bench = Bench()
        #expect(
            bench.run(try Self.remove()).error
                == PVUSBError(
                    .notFound, "pv1 has no controller 0", remedy: "pvusb list pv1"))
        try bench.succeed(try Bench.addController())
        try bench.meddle([
            .write(try #require(StorePath("/libxl/1/device/vusb/0/type")), text: "vkbd")
        ])
        #expect(
            bench.run(try Self.remove()).error
                == PVUSBError(
                    .failed,
                    "controller 0 of pv1 is one that this version of pvusb only looks at",
                    remedy: "use xl usbctrl-detach"))
    }
}
