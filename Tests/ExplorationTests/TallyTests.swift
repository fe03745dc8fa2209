import Exploration
import PVUSBCore
import Testing

/// The table of commands, kinds and what happened to them.
struct TallyTests {
    /// A row in which everything happened but what can't.
    private static func full(_ command: String, _ kind: ControllerKind) -> Tally {
        let row = Tally.Row(command: command, kind: kind)
        var tally = Tally()
        tally.events[row] = [.effect: 1]
        let missing = tally.gaps
        for occurrence in Occurrence.allCases {
            let isGap = missing.contains { $0.contains(": \(occurrence.rawValue) never happens") }
            if isGap { tally.events[row]?[occurrence] = 7 }
        }
        return tally
    }

    @Test(arguments: ControllerKind.allCases)
    func `what can't happen to a command has a reason, and all else is wanted`(
        kind: ControllerKind
    ) {
        let tally = Self.full("attach", kind)
        #expect(tally.gaps == [])
        #expect(tally.table.contains("kind \(kind.rawValue)"))
        #expect(!tally.table.contains("?"))
    }

    @Test func `a cell that is empty without a reason is told`() {
        var tally = Self.full("attach", .pv)
        let row = Tally.Row(command: "attach", kind: .pv)
        tally.events[row]?[.unplugged] = 0
        #expect(
            tally.gaps == ["attach, pv: unplugged never happens, and no reason is given"])
        #expect(tally.table.contains("?"))
    }

    @Test func `a cell that is not empty although it has a reason is told`() {
        var tally = Self.full("attach", .pv)
        let row = Tally.Row(command: "attach", kind: .pv)
        tally.events[row]?[.qemuKilled] = 3
        #expect(
            tally.gaps == [
                "attach, pv: QEMU killed happens, although usbback serves this kind, no QEMU"
            ])
    }

    @Test func `tallies are added, row by row`() {
        var sum = Self.full("attach", .pv)
        sum.pairs = 3
        var other = Self.full("attach", .pv)
        other.pairs = 4
        sum.add(other)
        #expect(sum.pairs == 7)
        let row = Tally.Row(command: "attach", kind: .pv)
        #expect(sum.events[row]?[.killedAfter] == 14)
    }

    @Test func `a result is summed up in a line, and its scenarios a line each`() {
        var result = ExplorationResult()
        result.tally.pairs = 12
        result.tally.states = 5
        result.tally.worlds = 3
        result.scenarios = [("attach, pv, 1", 12, 5)]
        #expect(
            result.summary
                == "12 pairs of a state and an event, 5 states, 3 worlds, 0 violations, digest "
                + "\(result.tally.digest)")
        #expect(
            result.scenarioTable
                == "attach, pv, 1" + String(repeating: " ", count: 47) + " 12 pairs, 5 states")
    }
}
