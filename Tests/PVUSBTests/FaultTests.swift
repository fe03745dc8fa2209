import HostUSB
import PVUSB
import Simulation
import Testing

/// sysfs refuses a write; the device is never lost track of.
struct FaultTests {
    /// Which write is refused, how, and whether for ever.
    struct Fault: CustomTestStringConvertible {
        let index: Int
        let errno: FileErrno
        let isForEver: Bool

        var testDescription: String {
            "write \(index), \(errno), \(isForEver ? "for ever" : "once")"
        }
    }

    /// 1-4 has two interfaces: to the guest, two are unbound and two bound; on the way back two
    /// are unbound, and binding the first brings the second with it.
    static let wayOut = faults(writes: 4)
    static let wayHome = faults(writes: 3)

    private static func faults(writes: Int) -> [Fault] {
        (1...writes).flatMap { index in
            [
                FileErrno.inputOutput, .noDevice, .busy, .accessDenied, .again,
            ].flatMap { errno in
                [true, false].map { Fault(index: index, errno: errno, isForEver: $0) }
            }
        }
    }

    private func run(_ command: Command, on bench: Bench, with fault: Fault) throws -> Outcome {
        bench.files.mend()
        var refused: String?
        bench.files.refusesWrite = { number, path in
            if fault.isForEver, path == refused { return fault.errno }
            guard number == fault.index else { return nil }
            refused = path
            return fault.errno
        }
        return bench.run(command)
    }

    /// The device is at home or shown as half done; after the fault, recover brings it home.
    private func expectTrack(_ bench: Bench, _ outcome: Outcome) throws {
        #expect(outcome.error != nil)
        let status = try bench.status("1-4")
        #expect(status.state == .host || (status.record != nil && status.remedy != nil))
        #expect(try bench.host.world().locks == [:])
        bench.files.mend()
        try bench.succeed(.recover([]))
        #expect(try bench.status("1-4").state == .host)
        #expect(try bench.drivers("1-4") == ["snd-usb-audio", "snd-usb-audio"])
        #expect(try bench.status("1-4").record == nil)
    }

    @Test(arguments: wayOut)
    func `an attach that sysfs refuses is undone or shown`(fault: Fault) throws {
        let bench = try Bench.withController()
        let outcome = try run(try Bench.attach("1-4"), on: bench, with: fault)
        try expectTrack(bench, outcome)
    }

    @Test(arguments: wayHome)
    func `a detach that sysfs refuses is shown`(fault: Fault) throws {
        let bench = try Bench.attached("1-4")
        let outcome = try run(try Bench.detach("1-4"), on: bench, with: fault)
        try expectTrack(bench, outcome)
    }

    @Test(arguments: [FileErrno.inputOutput, .again, .accessDenied])
    func `a probe that sysfs refuses keeps the record`(errno: FileErrno) throws {
        let bench = try Bench.attached("1-4")
        let notes = ["/libxl/pvusb/device/1-4", "/libxl/usbback/1-4"]
        try bench.meddle(try notes.map { .remove(try #require(StorePath($0))) })
        bench.files.refusesWrite = { _, path in
            path == "/sys/bus/usb/drivers_probe" ? errno : nil
        }
        let outcome = bench.run(try Bench.detach("1-4"))
        try expectTrack(bench, outcome)
    }

    @Test func `a device that can't be read on its way back keeps its record`() throws {
        let bench = try Bench.attached("1-4")
        bench.files.after = { path in
            guard path == "/sys/bus/usb/drivers/usbback/unbind" else { return }
            bench.files.refusesRead = {
                $0 == "/sys/bus/usb/devices/1-4:1.0/bInterfaceClass" ? .inputOutput : nil
            }
        }
        let outcome = bench.run(try Bench.detach("1-4"))
        try expectTrack(bench, outcome)
    }

    @Test func `what failed and where the device is now is told`() throws {
        let bench = try Bench.withController()
        bench.files.refusesWrite = { _, path in
            path == "/sys/bus/usb/drivers/usbback/bind" ? .inputOutput : nil
        }
        let outcome = bench.run(try Bench.attach("1-1"))
        #expect(
            outcome.error
                == PVUSBError(
                    .failed,
                    "1-1:1.0 could not be bound to usbback; 1-1 is with its host drivers now",
                    cause: "EIO"))
        let results = outcome.report?.goals.first?.steps.map { "\($0.step.text.action)" }
        #expect(
            results == [
                "await", "claim", "await", "unbind", "bind", "record", "unbind", "clear", "await",
                "bind", "forget",
            ])
    }
}
