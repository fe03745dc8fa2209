import HostUSB
import PVUSB
import Simulation
import Testing

/// A controller goes by force, whatever becomes of its devices.
struct ForcedRemovalTests {
    private static func remove() throws -> Command {
        .removeController(try DomainSelector("pv1"), ControllerNumber(0), force: true)
    }

    @Test func `its devices come back as far as they can, and nobody waits for the guest`() throws {
        var world = World.builtIn()
        world.guests = world.guests.map { World.Guest(domain: $0.domain, frontend: .neverCloses) }
        let bench = Bench(world)
        let before = try bench.snapshot()
        try bench.succeed(try Bench.addController())
        try bench.succeed(try Bench.attach("1-4"))
        let clock = ActingClock(bench.host)
        bench.clock = clock
        let report = try bench.succeed(try Self.remove())
        #expect(
            report.goals.map(\.label) == ["1-4 with its host drivers", "no controller 0 in pv1"])
        #expect(clock.elapsedMilliseconds == 0)
        #expect(try bench.snapshot() == before)
    }

    @Test func `a device that can't come back does not keep it, and is recovered later`() throws {
        let bench = Bench()
        let before = try bench.snapshot()
        try bench.succeed(try Bench.addController())
        try bench.succeed(try Bench.attach("1-4"))
        try bench.succeed(try Bench.attach("1-1"))
        bench.files.mend()
        bench.files.refusesWrite = { number, path in
            path.hasSuffix("/usbback/unbind") && number > 1 ? .inputOutput : nil
        }
        let outcome = bench.run(try Self.remove())
        #expect(
            outcome.error
                == PVUSBError(
                    .partial,
                    "1 of 3 failed, the first because 1-4:1.0 could not be unbound from usbback; "
                        + "1-4 is detaching now", cause: "EIO", remedy: "pvusb recover 1-4"))
        #expect(
            outcome.report?.goals.last?.steps.map(\.step.line) == [
                "destroy domain 1 controller 0"
            ])
        #expect(try bench.text("/libxl/1/device/vusb/0/type") == nil)
        #expect(try bench.text("/local/domain/0/backend/vusb") == nil)
        #expect(try bench.drivers("1-1") == ["usbhid"])
        #expect(try bench.status("1-4").state == .detaching)
        bench.files.mend()
        try bench.succeed(.recover([]))
        #expect(try bench.snapshot() == before)
    }

    @Test func `garbage in its ports does not keep it`() throws {
        let bench = Bench()
        let before = try bench.snapshot()
        try bench.succeed(try Bench.addController())
        try bench.meddle([
            try writing("/local/domain/0/backend/vusb/1/0/port/3", "../../etc")
        ])
        try bench.succeed(try Self.remove())
        #expect(try bench.snapshot() == before)
    }
}

extension Step {
    /// The step as a person reads it, on one line.
    fileprivate var line: String {
        [text.action, text.target, text.value].filter { !$0.isEmpty }.joined(separator: " ")
    }
}
