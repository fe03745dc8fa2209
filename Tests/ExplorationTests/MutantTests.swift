import Exploration
import PVUSBCore
import Testing

/// Seeded bugs, each of which has to be found by a broken law.
struct MutantTests {
    /// The first broken law in the bug's scenario; nil when all hold.
    private static func find(_ bug: SeededBug) throws -> (scenario: Scenario, found: Violation?) {
        var scenario = try #require(Catalogue.scenario(named: bug.scenario), "no such scenario")
        scenario.budget = Scenario.Budget(
            crashes: 2, events: bug.needsEvents ? 1 : 0, together: 2)
        scenario.xl = []
        scenario.faults = []
        return (scenario, explore(scenario, bug.mutant, violationsMax: 1).violations.first)
    }

    @Test func `there are thirty seeded bugs at least, each by a name of its own`() {
        #expect(SeededBug.all.count >= 30)
        #expect(Set(SeededBug.all.map(\.mutant.name)).count == SeededBug.all.count)
    }

    @Test(.disabled(if: MutantsPage.isRewriting), arguments: SeededBug.all)
    func `a seeded bug breaks a law, its trace breaks it again, and the page says how soon`(
        bug: SeededBug
    ) throws {
        let (scenario, found) = try Self.find(bug)
        let violation = try #require(found, "it was not found")
        #expect(scenario.replay(violation.moves, bug.mutant).contains { $0.law == violation.law })
        let line = MutantsPage.line(of: bug, violation)
        let isTold = try MutantsPage.lines().contains(line)
        #expect(isTold, "docs/mutants.md lacks '\(line)': run scripts/generate-mutants")
    }

    @Test func `the page names the seeded bugs and no others`() throws {
        if MutantsPage.isRewriting {
            let lines = try SeededBug.all.compactMap { bug in
                try Self.find(bug).found.map { MutantsPage.line(of: bug, $0) }
            }
            try MutantsPage.write(lines)
        }
        let lines = try MutantsPage.lines()
        let head = MutantsPage.headLines
        #expect(Array(lines.prefix(head.count)) == head)
        let names = lines.dropFirst(head.count).map { $0.split(separator: "|").first }
        #expect(names == SeededBug.all.map { " \($0.mutant.name) "[...] })
    }

    @Test func `every command and every kind has a seeded bug`() throws {
        let scenarios = try SeededBug.all.map {
            try #require(Catalogue.scenario(named: $0.scenario))
        }
        #expect(Set(scenarios.map(\.kind)) == Set(ControllerKind.allCases))
        let commands = [
            "attach", "detach", "detach --no-rebind", "recover", "recover DEVICE",
            "controller add", "controller remove", "two at once",
        ]
        #expect(Set(commands).subtracting(scenarios.map(\.label)) == [])
    }

    @Test func `without a seeded bug the same scenarios break no law`() throws {
        for name in Set(SeededBug.all.map(\.scenario)).sorted() {
            var scenario = try #require(Catalogue.scenario(named: name))
            scenario.budget = Scenario.Budget(crashes: 2, events: 0)
            #expect(explore(scenario).violations.map { scenario.tell($0) } == [])
        }
    }
}
