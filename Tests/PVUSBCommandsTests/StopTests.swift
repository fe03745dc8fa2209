import Foundation
import HostUSB
import Simulation
import TestSupport
import Testing

/// A person at the keyboard, or systemd: the signal goes to the process, not to one thread of it.
struct StopTests {
    @Test(arguments: [SIGINT, SIGTERM])
    func `a signal in a wait stops the command, which says so`(signal: Int32) throws {
        let sandbox = try Sandbox.withController()
        let before = try sandbox.world()
        let path = sandbox.directory.path + "/" + Sandbox.file
        let other = try SimulatedHost(file: path, stopSignals: .ignored)
        _ = try other.tryLock("device.1-3.2")
        let started = try sandbox.start(
            Program.pvusb(),
            ["attach", "pv1", "1-3.2", "--sandbox", Sandbox.file, "--timeout", "60"],
            environment: [:])
        try waitUntilDeaf(started.process, to: signal)
        kill(started.process.processIdentifier, signal)
        let run = try started.end()
        #expect(run == .bad(4, "pvusb: interrupted\n"))
        other.unlock("device.1-3.2")
        #expect(try sandbox.world() == before)
    }

    /// Waits until the program has blocked the signal, which then waits to be read.
    private func waitUntilDeaf(_ process: Process, to signal: Int32) throws {
        let status = "/proc/\(process.processIdentifier)/status"
        let deadline = Date.now + 30
        while Date.now < deadline {
            let text = (try? String(contentsOfFile: status, encoding: .utf8)) ?? ""
            let line = text.split(separator: "\n").first { $0.hasPrefix("SigBlk:") }
            let digits = line?.split(separator: "\t").last.map(String.init) ?? "0"
            let mask = UInt64(digits, radix: 16) ?? 0
            if mask >> UInt64(signal - 1) & 1 == 1 { return }
            sched_yield()
        }
        Issue.record("the program never blocked signal \(signal)")
    }
}
