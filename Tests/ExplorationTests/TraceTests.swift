import Exploration
import PVUSBCore
import Testing

/// Traces that once broke a law, replayed move by move.
struct TraceTests {
    /// Lets the first process perform so many effects.
    private static func effects(_ count: Int) -> [Move] {
        Array(repeating: .perform(0), count: count)
    }

    @Test func `a trace is told as what happens, with looks counted`() throws {
        let scenario = try #require(Catalogue.scenario(named: "detach, pv, 1"))
        let violation = Violation(
            law: .ending, found: "nothing", scenario: scenario.name,
            moves: Self.effects(8) + [.killBefore(0)], afterwards: ["then nothing"])
        let lines = scenario.tell(violation).split(separator: "\n").map(String.init)
        #expect(lines.first == "every command ends, but nothing")
        #expect(lines.dropFirst().first == "in: detach, pv, 1")
        #expect(lines.contains("  process 1: lock device.1-1"))
        #expect(lines.last == "  then nothing")
        #expect(lines.dropLast().last?.hasPrefix("  process 1 is killed before: ") == true)
    }

    @Test func `a move that is not possible ends a replay without a finding`() throws {
        let scenario = try #require(Catalogue.scenario(named: "detach, pv, 1"))
        #expect(scenario.replay([.perform(1)]) == [])
        #expect(scenario.replay(Self.effects(400)) == [])
    }

    /// The moves to an event that is to come before the process's effect of that number.
    private static func meddling(_ event: Event, before effect: Int, _ rest: Int) -> [Move] {
        effects(effect) + [.event(event)] + effects(rest)
    }

    @Test(arguments: [10, 14, 18, 22, 26, 30, 34])
    func `a device that is exchanged before any effect of a detach gets no recorded driver`(
        effect: Int
    ) throws {
        let scenario = try #require(Catalogue.scenario(named: "detach, pv, 1"))
        for usbbackFirst in [false, true] {
            let moves = Self.meddling(.swap(usbbackFirst: usbbackFirst), before: effect, 20)
            #expect(scenario.replay(moves) == [])
        }
    }
}
