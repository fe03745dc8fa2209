import Testing

@testable import PVUSBCore

struct LockingTests {
    private static let device = DeviceSelector.busID(bus("1-1"))

    private static func busy(_ message: String) -> PVUSBError {
        PVUSBError(.busy, message, remedy: "wait until it is done, try again")
    }

    private static func wait(_ run: Int, _ step: Int) -> Effect {
        let timer = Instant.Timer(run: run, step: step)
        return .wait(for: [.tick], until: Instant(timer, milliseconds: 10_000))
    }

    @Test func `a device that another process has is waited for, then busy`() {
        var host = LittleHost()
        host.lockHolders["device.1-1"] = 4711
        host.wakes = false
        let run = host.run(Operation(.attach(.name("win10"), Self.device, at: nil)))
        let lock = Effect.lock(Lock(.device(bus("1-1"))))
        #expect(run.effects == LittleHost.lookForNames + [lock, Self.wait(1, -1)])
        #expect(
            run.outcome.error
                == Self.busy("another command (process 4711) is at work on 1-1"))
        #expect(run.outcome.error?.exitCode == 9)
        #expect(host.isUntouched)
    }

    @Test func `a device that another process gives back is taken`() {
        var host = LittleHost()
        host.lockHolders["device.1-1"] = 4711
        var waits = 0
        let run = host.run(Operation(.attach(.name("win10"), Self.device, at: nil))) {
            _, effect, host in
            guard InterruptionTests.isWait(effect) else { return nil }
            waits += 1
            if waits == 3 { host.lockHolders = [:] }
            return nil
        }
        #expect(run.outcome.error == nil)
        #expect(host.driver == "usbback")
    }

    @Test func `a domain that another process has is waited for, then busy`() {
        var host = LittleHost()
        host.lockHolders["domain.5"] = 4711
        host.wakes = false
        let run = host.run(Operation(.addController(.name("win10"), settings())))
        #expect(
            run.outcome.error
                == Self.busy("another command (process 4711) is at work on domain 5"))
    }

    @Test func `the choice of a port that another process makes is waited for, then busy`() {
        var host = LittleHost()
        host.lockHolders["claim"] = 4711
        host.wakes = false
        let run = host.run(Operation(.attach(.name("win10"), Self.device, at: nil)))
        #expect(run.effects.contains(Self.wait(2, 1)))
        let message = "another command (process 4711) is at work on the choice of a port"
        #expect(run.outcome.error?.code == .busy)
        #expect(run.outcome.error?.message == "\(message); 1-1 is with its host drivers now")
        #expect(run.outcome.error?.remedy == "wait until it is done, try again")
        #expect(host.isUntouched)
    }

    @Test func `a recovery that nobody named passes over what others work on`() throws {
        var host = try LittleHost.attached()
        host.apply([writing("/libxl/pvusb/device/1-1/goal", "detach")])
        host.lockHolders["device.1-1"] = 4711
        let run = host.run(Operation(.recover([])))
        #expect(run.effects.filter(InterruptionTests.isWait) == [])
        #expect(run.outcome == .report(Report()))
    }

    @Test func `a recovery that was named waits, then is busy`() throws {
        var host = try LittleHost.attached()
        host.lockHolders["device.1-1"] = 4711
        host.wakes = false
        let run = host.run(Operation(.recover([Self.device])))
        #expect(run.effects.filter(InterruptionTests.isWait) == [Self.wait(1, -1)])
        #expect(run.outcome.error?.code == .busy)
    }

    @Test func `locks that can't be used are told`() {
        var host = LittleHost()
        let run = host.run(Operation(.detach(Self.device))) { _, effect, _ in
            if case .lock = effect { .locksFailed("/run/pvusb: EROFS") } else { nil }
        }
        #expect(
            run.outcome.error
                == PVUSBError(.failed, "the locks can't be used", cause: "/run/pvusb: EROFS"))
        #expect(host.isUntouched)
    }

    @Test(arguments: [
        (Lock(.device(bus("3-1.2"))), "device.3-1.2"), (Lock(.domain(domid(5))), "domain.5"),
        (Lock(.claim), "claim"),
    ])
    func `a lock has a name`(lock: Lock, name: String) {
        #expect(lock.name == name)
    }
}
