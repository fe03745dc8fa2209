import Exploration
import PVUSBCore
import Testing

/// What QEMU serves, and worlds in which others were at work before, as far as it goes in seconds
/// without optimisation.
struct StoryTests {
    private static let names = Catalogue.scenarios(.narrow).filter { scenario in
        let isWork = scenario.commands.count == 1 && !scenario.isDry
        return isWork && scenario.label != "looks" && scenario.name.hasSuffix(", 1")
            && (scenario.kind != .pv || scenario.name.contains(" "))
    }.map(\.name)

    @Test(arguments: names)
    func `a command that dies anywhere, whatever was before, breaks no law`(name: String) throws {
        var scenario = try #require(Catalogue.scenario(named: name))
        scenario.budget = Scenario.Budget(crashes: 1, events: 0)
        let result = explore(scenario)
        #expect(result.violations.map { scenario.tell($0) } == [])
        #expect(result.tally.states > 5)
    }

    @Test(arguments: ["attach, qusb, 1", "detach, devicemodel, 1"])
    func `whatever one other does to what QEMU serves breaks no law`(name: String) throws {
        var scenario = try #require(Catalogue.scenario(named: name))
        scenario.budget = Scenario.Budget(crashes: 0, events: 1, together: 1)
        scenario.xl = []
        let result = explore(scenario)
        #expect(result.violations.map { scenario.tell($0) } == [])
        let counts = try #require(result.tally.events.values.first)
        for occurrence: Occurrence in [.unplugged, .qemuKilled, .destroyed, .storeLost] {
            #expect(counts[occurrence, default: 0] > 0, "nothing happened of: \(occurrence)")
        }
    }

    @Test func `each scenario of every extent is one of the bounded`() {
        let bounded = Set(Catalogue.scenarios(.bounded).map(\.name))
        for extent in Catalogue.Extent.allCases {
            #expect(Set(Catalogue.scenarios(extent).map(\.name)).subtracting(bounded) == [])
        }
    }
}
