import Foundation
import HostUSB
import TestSupport
import Testing

/// What is seen of a device that is half-way because another process is at work on it.
struct AnotherAtWorkTests {
    private let sandbox: Sandbox
    private let locks: LockDirectory

    /// This process has the stick's lock, as a pvusb that gives it to a guest has it.
    init() throws {
        sandbox = try StateWorld.attaching.sandbox()
        locks = try LockDirectory(path: sandbox.directory.path("\(Sandbox.file).locks"))
        #expect(try locks.tryLock("device.1-3.2") == .taken)
    }

    private func place() throws -> String? {
        let lines = try sandbox.pvusb("devices").output.split(separator: "\n")
        let line = lines.first { $0.hasPrefix("1-3.2 ") }
        return line?.firstRange(of: "Blade").map {
            String(line?[$0.upperBound...] ?? "").trimmingCharacters(in: .whitespaces)
        }
    }

    @Test func `devices names the process that is at work, and what to type when it has gone`()
        throws
    {
        let process = ProcessInfo.processInfo.processIdentifier
        #expect(try place() == "attaching  in progress (process \(process))")
        locks.unlock("device.1-3.2")
        #expect(try place() == "attaching  interrupted: pvusb recover 1-3.2")
    }
}
