import Exploration
import PVUSBCore
import Testing

/// The explorer on the core as it is, as far as it goes in seconds without optimisation.
struct ExplorationTests {
    private static func scenario(_ name: String) throws -> Scenario {
        try #require(Catalogue.scenario(named: name))
    }

    @Test(arguments: [
        "attach, pv, 1", "attach, controller made, pv, 1", "detach, pv, 2",
        "detach --no-rebind, pv, 1", "recover, pv, 2", "recover DEVICE, pv, 1",
        "controller add, pv, 1", "controller remove, pv, 1", "attach, pv, 4",
    ])
    func `a command that dies anywhere, and its recovery, too, breaks no law`(name: String) throws {
        var scenario = try Self.scenario(name)
        scenario.budget = Scenario.Budget(crashes: 2, events: 0)
        let result = explore(scenario)
        #expect(result.violations.map { scenario.tell($0) } == [])
        #expect(result.tally.pairs > 50)
    }

    @Test func `whatever one other does in an attach breaks no law`() throws {
        var scenario = try Self.scenario("attach, pv, 1")
        scenario.budget = Scenario.Budget(crashes: 0, events: 1, together: 1)
        scenario.xl = []
        let result = explore(scenario)
        #expect(result.violations.map { scenario.tell($0) } == [])
        let counts = try #require(result.tally.events.values.first)
        for occurrence: Occurrence in [.unplugged, .again, .destroyed, .refused, .storeLost] {
            #expect(counts[occurrence, default: 0] > 0, "nothing happened of: \(occurrence)")
        }
    }

    @Test func `two detaches at once break no law in any order`() throws {
        var scenario = try Self.scenario("attached: detach 1-1 & detach 1-1, pv, 1")
        scenario.budget = Scenario.Budget(crashes: 0, events: 0)
        let result = explore(scenario)
        #expect(result.violations.map { scenario.tell($0) } == [])
        #expect(result.tally.states > 300)
    }

    @Test func `the same scenario is explored in the same way each time`() async throws {
        let scenario = try Self.scenario("recover DEVICE, pv, 1")
        var small = scenario
        small.budget = Scenario.Budget(crashes: 1, events: 0)
        let alone = explore(small)
        let together = await explore([small, small])
        #expect(explore(small).tally == alone.tally)
        #expect(together.tally.pairs == 2 * alone.tally.pairs)
        #expect(together.tally.states == 2 * alone.tally.states)
    }

    @Test func `each scenario of an extent has a name of its own`() {
        for extent in Catalogue.Extent.allCases {
            let names = Catalogue.scenarios(extent).map(\.name)
            #expect(Set(names).count == names.count)
        }
    }
}
