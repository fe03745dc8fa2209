import Foundation
import HostUSB
import Simulation
import TestSupport
import Testing
import USBModel
import XenStoreWire

struct WaitTests {
    private static let second: UInt64 = 1_000_000_000

    private func waiting() -> World {
        var world = World.builtIn()
        world.add(TestController())
        return world
    }

    @Test(arguments: [WakeSources.store, .tick, .hotplug, []])
    func `a wait is woken while others act, and over when nobody does`(
        sources: WakeSources
    ) throws {
        let host = SimulatedHost(waiting())
        #expect(host.wait(for: sources, until: Self.second) == .woken)
        #expect(try host.world().states() == "1 2")
        #expect(host.wait(for: sources, until: Self.second) == .woken)
        #expect(try host.world().states() == "4 4")
        #expect(host.now == 0)
        #expect(host.wait(for: sources, until: Self.second) == .timedOut)
    }

    @Test func `a wait that is over spent its time, and none really`() {
        let host = SimulatedHost(.builtIn())
        let hour = 3_600 * Self.second
        #expect(host.now == 0)
        #expect(host.wait(for: [.store, .tick], until: hour) == .timedOut)
        #expect(host.now == hour)
        #expect(host.wait(for: .store, until: Self.second) == .timedOut)
        #expect(host.now == hour, "time does not go back")
        #expect(host.wait(for: .tick, until: .max) == .timedOut)
        #expect(host.now == .max)
    }

    @Test func `a watch's event ends a wait for the store once`() throws {
        let host = SimulatedHost(.builtIn())
        #expect(try host.perform([.watch(at("/local"), token: "t")]) == [.done])
        #expect(host.wait(for: .store, until: Self.second) == .woken)
        #expect(host.wait(for: .store, until: Self.second) == .timedOut)
        try host.intervene { $0.set("/local/domain/1/name", "other") }
        #expect(host.wait(for: .hotplug, until: 2 * Self.second) == .timedOut)
        #expect(host.wait(for: .store, until: 3 * Self.second) == .woken)
    }

    @Test func `nobody asks a host in memory to stop`() {
        #expect(!SimulatedHost(.builtIn()).stopRequested)
    }

    @Test func `on a file, a wait for a tick spends real time`() throws {
        let directory = try TemporaryDirectory()
        try WorldFile.create(directory.path("w"), .builtIn())
        let host = try SimulatedHost(file: directory.path("w"), stopSignals: .ignored)
        #expect(host.wait(for: .tick, until: .max) == .woken)
        #expect(host.now >= SystemClock.tick)
        let now = host.now
        #expect(host.wait(for: .store, until: now + Self.second) == .timedOut)
        #expect(host.now == now + Self.second)
    }

    @Test func `on a file, what another process did is answered in a wait`() throws {
        let directory = try TemporaryDirectory()
        try WorldFile.create(directory.path("w"), .builtIn())
        let host = try SimulatedHost(file: directory.path("w"), stopSignals: .ignored)
        let other = try SimulatedHost(file: directory.path("w"), stopSignals: .ignored)
        try other.intervene { $0.add(TestController()) }
        #expect(host.wait(for: .store, until: Self.second) == .woken)
        #expect(try other.world().states() == "1 2")
        #expect(other.wait(for: .store, until: Self.second) == .woken)
        #expect(try host.world().states() == "4 4")
    }

    @Test func `a stop goes before everything and changes nothing`() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("w")
        try WorldFile.create(path, .builtIn())
        await #expect(processExitsWith: .exitCode(7)) { [path = path as String] in
            SystemClock.prepareProcess()
            let host = try SimulatedHost(file: path, stopSignals: .watched)
            try host.intervene { $0.add(TestController()) }
            #expect(!host.stopRequested)
            pthread_kill(pthread_self(), SIGTERM)
            #expect(host.wait(for: [.store, .tick], until: 1_000_000_000) == .stop)
            #expect(host.stopRequested)
            #expect(try host.world().states() == "1 1")
            exit(7)
        }
    }
}
