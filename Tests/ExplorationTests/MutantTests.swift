import Exploration
import PVUSBCore
import Testing

/// Seeded bugs, each of which has to be found by a broken law.
struct MutantTests {
    @Test func `there are thirty seeded bugs at least, each by a name of its own`() {
        #expect(SeededBug.all.count >= 30)
        #expect(Set(SeededBug.all.map(\.mutant.name)).count == SeededBug.all.count)
    }

    @Test(arguments: SeededBug.all)
    func `a seeded bug breaks a law, and its trace breaks it again`(bug: SeededBug) throws {
        var scenario = try #require(Catalogue.scenario(named: bug.scenario))
        scenario.budget = Scenario.Budget(
            crashes: 2, events: bug.needsEvents ? 1 : 0, together: 2)
        scenario.xl = []
        scenario.faults = []
        let result = explore(scenario, bug.mutant, violationsMax: 1)
        let violation = try #require(result.violations.first, "it was not found")
        #expect(scenario.replay(violation.moves, bug.mutant).contains { $0.law == violation.law })
        MutantReport.add(bug, violation)
    }

    @Test func `without a seeded bug the same scenarios break no law`() throws {
        for name in Set(SeededBug.all.map(\.scenario)).sorted() {
            var scenario = try #require(Catalogue.scenario(named: name))
            scenario.budget = Scenario.Budget(crashes: 2, events: 0)
            #expect(explore(scenario).violations.map { scenario.tell($0) } == [])
        }
    }
}
