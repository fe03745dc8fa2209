import CLinux
import Foundation
import HostUSB
import Testing
import USBModel

/// Runs something on a thread whose stop signals are blocked.
private func withBlockedSignals(_ body: () throws -> Void) throws {
    #expect(pvusb_block_signals() == 0)
    defer { #expect(pvusb_unblock_signals() == 0) }
    try body()
}

struct SystemClockTests {
    /// A moment no test comes to, in nanoseconds from now.
    private static let far: UInt64 = 60_000_000_000

    @Test func `time does not go back`() throws {
        let clock = try SystemClock()
        let first = clock.now
        #expect(first > 0)
        #expect(clock.now >= first)
    }

    @Test func `a deadline in the past is over at once`() throws {
        let clock = try SystemClock()
        #expect(clock.wait(for: [.store, .hotplug], until: 0) == .timedOut)
        #expect(clock.wait(for: .tick, until: clock.now) == .timedOut)
        #expect(!clock.stopRequested)
    }

    @Test func `a deadline is waited for and not overrun by much`() throws {
        let clock = try SystemClock()
        let deadline = clock.now + 2_000_000
        #expect(clock.wait(for: [], until: deadline) == .timedOut)
        #expect(clock.now >= deadline)
    }

    @Test func `a tick ends a long wait`() throws {
        let clock = try SystemClock()
        let start = clock.now
        #expect(clock.wait(for: .tick, until: start + Self.far) == .woken)
        #expect(clock.now - start >= SystemClock.tick)
        #expect(clock.now - start < Self.far)
    }

    @Test func `a readable descriptor ends a wait for its source, and no other`() throws {
        let clock = try SystemClock()
        let pipe = Pipe()
        try clock.register(
            descriptor: pipe.fileHandleForReading.fileDescriptor, for: [.store])
        #expect(clock.wait(for: .store, until: clock.now) == .timedOut)
        try pipe.fileHandleForWriting.write(contentsOf: Data([1]))
        #expect(clock.wait(for: [.store, .tick], until: clock.now + Self.far) == .woken)
        #expect(clock.wait(for: .store, until: 0) == .woken)  // an event goes before the time
        #expect(clock.wait(for: .hotplug, until: clock.now) == .timedOut)
        clock.unregister(descriptor: pipe.fileHandleForReading.fileDescriptor)
        #expect(clock.wait(for: .store, until: clock.now) == .timedOut)
    }

    @Test func `a peer that hangs up ends a wait`() throws {
        let clock = try SystemClock()
        let pipe = Pipe()
        try clock.register(
            descriptor: pipe.fileHandleForReading.fileDescriptor, for: .hotplug)
        try pipe.fileHandleForWriting.close()
        #expect(clock.wait(for: .hotplug, until: clock.now + Self.far) == .woken)
    }

    @Test func `too many descriptors are refused, the same one counts once`() throws {
        let clock = try SystemClock()
        for number in 0..<Int32(SystemClock.registeredMax) {
            try clock.register(descriptor: 1_000 + number, for: .store)
        }
        try clock.register(descriptor: 1_000, for: .hotplug)
        #expect(throws: FileErrno.tooLarge) {
            try clock.register(descriptor: 2_000, for: .store)
        }
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func `a stop signal ends this wait and every later one`(signal: Int32) throws {
        try withBlockedSignals {
            let clock = try SystemClock(stopSignals: .watchedCalling({ Issue.record("second") }))
            #expect(!clock.stopRequested)
            #expect(pvusb_raise(signal) == 0)
            #expect(clock.wait(for: .store, until: clock.now + Self.far) == .stop)
            #expect(clock.wait(for: .tick, until: clock.now + Self.far) == .stop)
            #expect(clock.stopRequested)
        }
    }

    @Test func `a stop signal is seen without waiting`() throws {
        try withBlockedSignals {
            let clock = try SystemClock(stopSignals: .watchedCalling({}))
            #expect(pvusb_raise(SIGTERM) == 0)
            #expect(clock.stopRequested)
            #expect(clock.stopRequested)
        }
    }

    @Test func `a second signal ends the process`() throws {
        try withBlockedSignals {
            var seconds = 0
            let clock = try SystemClock(stopSignals: .watchedCalling({ seconds += 1 }))
            #expect(pvusb_raise(SIGINT) == 0)
            #expect(clock.stopRequested)
            #expect(seconds == 0)
            #expect(pvusb_raise(SIGINT) == 0)
            #expect(clock.wait(for: [], until: 0) == .stop)
            #expect(seconds == 1)
        }
    }

    @Test func `the exit status of a second signal is 4`() async {
        await #expect(processExitsWith: .exitCode(4)) {
            _ = pvusb_block_signals()
            let clock = try SystemClock(stopSignals: .watched)
            _ = pvusb_raise(SIGINT)
            _ = pvusb_raise(SIGTERM)
            _ = clock.wait(for: [], until: 0)
        }
    }
}
