import HostUSB
import PVUSB
import Simulation
import Testing

/// Others act between two effects of a command, where the ways out are seldom taken.
struct MeddlingTests {
    private static let port = "/local/domain/0/backend/vusb/1/0/port"

    @Test func `a usbback that tells nobody what it waits for is tried again`() throws {
        let bench = try Bench.withController()
        try bench.host.intervene { $0.settle() }
        bench.files.refusesRead = { $0.hasSuffix("/usbback/port_ids") ? .noEntry : nil }
        try bench.succeed(try Bench.attach("1-4"))
        let waits = bench.effects.filter { if case .wait = $0 { true } else { false } }
        #expect(waits.count == 1)
        let binds = bench.effects.filter {
            $0 == .files([.write("/sys/bus/usb/drivers/usbback/bind", "1-4:1.0")])
        }
        #expect(binds.count == 2)
        #expect(try bench.status("1-4").state == .assigned)
        try bench.succeed(try Bench.detach("1-4"))
    }

    @Test func `it is not tried for ever`() throws {
        let bench = try Bench.withController()
        let before = try bench.snapshot()
        let clock = StillClock()
        bench.clock = clock
        bench.files.refusesRead = { $0.hasSuffix("/usbback/port_ids") ? .noEntry : nil }
        #expect(
            bench.run(try Bench.attach("1-4")).error
                == PVUSBError(
                    .failed,
                    "1-4:1.0 could not be bound to usbback; 1-4 is with its host drivers now",
                    cause: "ENODEV"))
        #expect(clock.elapsedMilliseconds == 10_000)
        #expect(try bench.snapshot() == before)
    }

    @Test func `an interface that no driver wants is back when it was offered to all`() throws {
        var world = World.builtIn()
        for device in world.usb.devices.indices where world.usb.devices[device].id == BusID("1-1") {
            world.usb.devices[device].interfaces[0].driver = nil
            world.usb.devices[device].interfaces[0].matches = []
        }
        let bench = try Bench.withController(world)
        let before = try bench.snapshot()
        #expect(try bench.status("1-1").state == .unbound)
        try bench.succeed(try Bench.attach("1-1"))
        let report = try bench.succeed(try Bench.detach("1-1"))
        #expect(report.goals.first?.status?.state == .unbound)
        #expect(try bench.snapshot() == before)
    }

    @Test func `a claim that another tool wipes at once is not taken for one`() throws {
        let bench = try Bench.withController()
        try bench.host.intervene { $0.settle() }
        var (isWritten, isClaimed) = (false, false)
        bench.store.before = { batch in
            let path = try #require(StorePath("\(Self.port)/1"))
            if isClaimed {
                isClaimed = false
                try bench.meddle([.write(path, text: "")])
            }
            isClaimed = isWritten && batch.contains(.commit)
            isWritten = batch.contains(.write(path, text: "1-4"))
        }
        #expect(
            bench.run(try Bench.attach("1-4")).error
                == PVUSBError(
                    .failed,
                    "the change 'claim 1-4' did not last: another tool changes the same nodes; "
                        + "1-4 is with its host drivers now", remedy: "pvusb devices"))
        #expect(try bench.status("1-4").record == nil)
    }

    @Test func `a domain that goes when its controller is made takes nothing with it`() throws {
        let bench = Bench()
        var writes = 0
        bench.store.before = { batch in
            let path = try #require(StorePath("\(Self.port)/1"))
            guard batch.contains(.write(path, text: "1-4")) else { return }
            writes += 1
            try bench.host.intervene { $0.destroy(1, leavingBackend: true) }
        }
        let outcome = bench.run(try Bench.attach("1-4"))
        #expect(writes == 1)
        #expect(outcome.error?.code == .notFound)
        #expect(try bench.status("1-4").state == .host)
        #expect(try bench.status("1-4").record == nil)
        try bench.succeed(.recover([]))
        #expect(try bench.text("/local/domain/0/backend/vusb") == nil)
    }

    @Test func `a controller that is used by another device when it is to go is left to it`() throws
    {
        var world = World.builtIn()
        world.guests = world.guests.map { World.Guest(domain: $0.domain, hasFrontend: false) }
        let bench = Bench(world)
        var isMade = false
        bench.store.before = { batch in
            let free = try #require(StorePath("\(Self.port)/2"))
            let type = try #require(StorePath("/libxl/1/device/vusb/0/type"))
            isMade = isMade || batch.contains(.write(type, text: "pv"))
            // The removal's transaction reads every port.
            guard isMade, batch.contains(.read(free)), batch.contains(.read(type)) else { return }
            isMade = false
            try bench.meddle([.write(free, text: "9-9")])
        }
        let outcome = bench.run(try Bench.attach("1-4"))
        #expect(outcome.error?.message.hasSuffix("1-4 is with its host drivers now") ?? false)
        #expect(try bench.text("/libxl/1/device/vusb/0/type") == "pv")
        #expect(try bench.text("\(Self.port)/2") == "9-9")
        #expect(try bench.status("1-4").record == nil)
    }

    @Test func `a device that can't be read is not touched, and it is said why`() throws {
        let bench = try Bench.attached("1-4")
        bench.files.refusesRead = {
            $0 == "/sys/bus/usb/devices/1-4/descriptors" ? .inputOutput : nil
        }
        for command in [
            try Bench.detach("1-4"), try Bench.recover("1-4"), try Bench.attach("1-4"),
        ] {
            let error = bench.run(command).error
            #expect(error?.message == "1-4 can't be read")
            #expect(error?.remedy == "plug it in again, then type: pvusb recover 1-4")
            #expect(bench.changes == [])
        }
        #expect(try bench.status("1-4").state == .assigned)
    }
}
