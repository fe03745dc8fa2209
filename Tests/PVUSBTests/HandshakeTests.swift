import PVUSB
import Simulation
import Testing
import XenStoreServer

/// The two ends of a controller take their time, or never get there.
struct HandshakeTests {
    private static func world(_ frontend: World.Guest.Frontend) -> World {
        var world = World.builtIn()
        world.guests = world.guests.map { World.Guest(domain: $0.domain, frontend: frontend) }
        return world
    }

    /// From now on pv1 answers in another way.
    private static func act(
        at milliseconds: UInt64, _ frontend: World.Guest.Frontend
    ) -> ActingClock.Act {
        ActingClock.Act(milliseconds: milliseconds) { $0.guests[0].frontend = frontend }
    }

    /// pv1's driver says that its end is gone.
    private static func guestCloses(_ world: inout World) {
        let guest = world.store.connect(domain: 1)
        let path = StorePath("/local/domain/1/device/vusb/0/state")
        _ = path.map { world.store.perform(.write($0, text: "6"), from: guest) }
        world.store.disconnect(guest)
    }

    /// A clock for the bench's commands from now on.
    private static func clock(_ bench: Bench, _ acts: ActingClock.Act...) -> ActingClock {
        let clock = ActingClock(bench.host, acts)
        bench.clock = clock
        return clock
    }

    private static let remedy =
        "check that usbback is loaded and the guest has the driver xen-hcd"

    private static func remove() throws -> Command {
        .removeController(try DomainSelector("pv1"), ControllerNumber(0))
    }

    // MARK: - Connecting

    @Test(arguments: [0, 1, 3000, 9999] as [UInt64])
    func `a guest that connects late, but in time, gets the device then`(time: UInt64) throws {
        let bench = try Bench.withController(Self.world(.none))
        let clock = Self.clock(bench, Self.act(at: time, .wellBehaved))
        try bench.succeed(try Bench.attach("1-4"))
        #expect(clock.elapsedMilliseconds == time)
        #expect(try bench.status("1-4").state == .assigned)
    }

    @Test(arguments: [
        (10_000, 10_000, "10 s"), (10_000, 10_001, "10 s"), (2500, 2600, "2.5 s"),
        (1000, 60_000, "1 s"),
    ])
    func `one that connects too late, or never, is not waited for any longer`(
        limit: Int, time: UInt64, told: String
    ) throws {
        let bench = try Bench.withController(Self.world(.none))
        let before = try bench.snapshot()
        let clock = Self.clock(bench, Self.act(at: time, .wellBehaved))
        let outcome = bench.run(
            try Bench.attach("1-4"), OperationOptions(waitMilliseconds: limit))
        #expect(
            outcome.error
                == PVUSBError(
                    .failed,
                    "controller 0 of pv1 is waiting, not connected, after \(told); "
                        + "1-4 is with its host drivers now", remedy: Self.remedy))
        #expect(clock.elapsedMilliseconds == UInt64(limit))
        #expect(bench.changes == [])
        #expect(try bench.snapshot() == before)
    }

    @Test func `a controller that was made for a guest that never connects goes again`() throws {
        let bench = Bench(Self.world(.none))
        let before = try bench.snapshot()
        let clock = Self.clock(bench)
        let outcome = bench.run(try Bench.attach("1-4"))
        #expect(
            outcome.error
                == PVUSBError(
                    .failed,
                    "controller 0 of pv1 is waiting, not connected, after 10 s; "
                        + "1-4 is with its host drivers now", remedy: Self.remedy))
        #expect(clock.elapsedMilliseconds == 10_000)
        #expect(try bench.snapshot() == before)
    }

    @Test func `a controller that was made for a guest that connects late is used`() throws {
        let bench = Bench(Self.world(.none))
        let clock = Self.clock(bench, Self.act(at: 7000, .wellBehaved))
        try bench.succeed(try Bench.attach("1-4"))
        #expect(clock.elapsedMilliseconds == 7000)
        #expect(try bench.text("/libxl/pvusb/device/1-4/controller") == nil)
    }

    @Test func `a backend that is further than waiting when it is first seen is ready`() throws {
        let bench = Bench()
        bench.store.before = { batch in
            guard batch.contains(where: { if case .watch = $0 { true } else { false } }) else {
                return
            }
            try bench.host.intervene { $0.settle() }
        }
        let clock = Self.clock(bench)
        let report = try bench.succeed(try Bench.addController())
        #expect(try bench.text("/local/domain/0/backend/vusb/1/0/state") == "4")
        #expect(report.goals.first?.steps.map(\.result) == [.done, .done])
        #expect(clock.elapsedMilliseconds == 0)
    }

    @Test func `without usbback a controller is waited for, then taken back`() throws {
        var world = World.builtIn()
        world.usb.drivers.removeAll { $0 == .usbback }
        let bench = Bench(world)
        let before = try bench.snapshot()
        let clock = Self.clock(bench)
        #expect(
            bench.run(try Bench.addController()).error
                == PVUSBError(
                    .failed, "controller 0 of pv1 is initialising, not backend ready, after 10 s",
                    remedy: Self.remedy))
        #expect(clock.elapsedMilliseconds == 10_000)
        #expect(try bench.snapshot() == before)
    }

    // MARK: - Connecting twice

    @Test func `a guest that went and comes back gets the device then`() throws {
        let bench = try Bench.withController()
        try bench.host.intervene {
            $0.settle()
            Self.guestCloses(&$0)
            $0.settle()
        }
        #expect(try bench.text("/local/domain/0/backend/vusb/1/0/state") == "6")
        let clock = Self.clock(bench, Self.act(at: 4000, .connectsTwice))
        // Nobody would pick a controller that has closed; it was asked for.
        try bench.succeed(try Bench.attach("1-4", at: "0:1"))
        #expect(clock.elapsedMilliseconds == 4000)
        #expect(try bench.status("1-4").state == .assigned)
    }

    @Test func `a guest that connects twice keeps its device, which comes back from it`() throws {
        let bench = try Bench.withController()
        let before = try bench.snapshot()
        try bench.succeed(try Bench.attach("1-4"))
        try bench.host.intervene {
            $0.guests[0].frontend = .connectsTwice
            Self.guestCloses(&$0)
            $0.settle()
        }
        #expect(try bench.status("1-4").state == .assigned)
        #expect(try bench.host.world().ports.map(\.device) == [try #require(BusID("1-4"))])
        try bench.succeed(try Bench.detach("1-4"))
        #expect(try bench.snapshot() == before)
    }

    @Test func `a guest that goes in the midst of an attach does not keep the device`() throws {
        let bench = try Bench.withController()
        bench.files.after = { path in
            guard path.hasSuffix("/snd-usb-audio/unbind") else { return }
            try? bench.host.intervene {
                Self.guestCloses(&$0)
                $0.settle()
            }
        }
        let outcome = bench.run(try Bench.attach("1-4"))
        #expect(
            outcome.error
                == PVUSBError(
                    .failed,
                    "1-4:1.0 could not be bound to usbback; 1-4 is with its host drivers now",
                    cause: "ENODEV"))
        #expect(try bench.drivers("1-4") == ["snd-usb-audio", "snd-usb-audio"])
        #expect(try bench.status("1-4").record == nil)
    }

    // MARK: - Closing

    @Test(arguments: [(10_000, "10 s"), (1500, "1.5 s")])
    func `a guest that refuses to close is waited for as long, and keeps no controller`(
        limit: Int, told: String
    ) throws {
        let bench = Bench(Self.world(.neverCloses))
        let before = try bench.snapshot()
        try bench.succeed(try Bench.addController())
        try bench.succeed(try Bench.attach("1-4"))
        let clock = Self.clock(bench)
        let outcome = bench.run(try Self.remove(), OperationOptions(waitMilliseconds: limit))
        #expect(outcome.error == nil)
        let failed = outcome.report?.goals.first?.steps.filter {
            ![.done, .alreadySo].contains($0.result)
        }
        #expect(
            failed?.map(\.result) == [
                .failed("controller 0 of pv1 is closing, not closed, after \(told)")
            ])
        #expect(clock.elapsedMilliseconds == UInt64(limit))
        #expect(try bench.snapshot() == before)
    }

    @Test func `a guest that closes late, but in time, has closed`() throws {
        let bench = Bench(Self.world(.neverCloses))
        let before = try bench.snapshot()
        try bench.succeed(try Bench.addController())
        try bench.host.intervene { $0.settle() }
        let clock = Self.clock(bench, Self.act(at: 6000, .wellBehaved))
        let report = try bench.succeed(try Self.remove())
        #expect(report.goals.first?.steps.map(\.result) == [.done, .done, .done])
        #expect(clock.elapsedMilliseconds == 6000)
        #expect(try bench.snapshot() == before)
    }

    @Test func `undoing an attach waits no longer for a guest that refuses to close`() throws {
        let bench = Bench(Self.world(.neverCloses))
        let before = try bench.snapshot()
        bench.files.refusesWrite = { _, path in
            path.hasSuffix("/usbback/bind") ? .inputOutput : nil
        }
        let clock = Self.clock(bench)
        let outcome = bench.run(try Bench.attach("1-4"))
        #expect(
            outcome.error
                == PVUSBError(
                    .failed,
                    "1-4:1.0 could not be bound to usbback; 1-4 is with its host drivers now",
                    cause: "EIO"))
        #expect(clock.elapsedMilliseconds == 10_000)
        #expect(try bench.snapshot() == before)
    }
}

/// usbback is slow to take notice of a port.
struct SlowBackendTests {
    @Test func `a port that usbback does not notice in time is given up`() throws {
        let bench = try Bench.withController()
        let before = try bench.snapshot()
        let clock = StillClock()
        bench.clock = clock
        #expect(
            bench.run(try Bench.attach("1-4")).error
                == PVUSBError(
                    .failed,
                    "usbback took no notice of 1-4 within 10 s; 1-4 is with its host drivers now"))
        #expect(clock.elapsedMilliseconds == 10_000)
        #expect(try bench.snapshot() == before)
    }

    @Test func `a device that usbback does not release in time is shown on its way`() throws {
        let bench = try Bench.withController()
        let before = try bench.snapshot()
        try bench.succeed(try Bench.attach("1-4"))
        let clock = StillClock()
        bench.clock = clock
        #expect(
            bench.run(try Bench.detach("1-4"), OperationOptions(waitMilliseconds: 500)).error
                == PVUSBError(
                    .failed, "usbback did not release 1-4 within 0.5 s; 1-4 is detaching now",
                    remedy: "pvusb recover 1-4"))
        #expect(clock.elapsedMilliseconds == 500)
        #expect(try bench.drivers("1-4") == ["-", "-"])
        bench.clock = nil
        try bench.succeed(.recover([]))
        #expect(try bench.snapshot() == before)
    }
}
