import Exploration
import PVUSBCore
import Testing

/// What QEMU serves, and worlds in which others were at work before, as far as it goes in seconds
/// without optimisation.
struct StoryTests {
    private static let names = Catalogue.scenarios(.bounded).filter { scenario in
        let isWork = scenario.commands.count == 1 && !scenario.isDry
        return isWork && scenario.label != "looks" && scenario.name.hasSuffix(", 1")
            && (scenario.kind != .pv || scenario.name.contains(" "))
            // What is refused is refused alike, and `explore --bounded` comes by all of it.
            && (scenario.kind == .pv || !scenario.isRefused)
    }.map(\.name)

    @Test(arguments: names)
    func `a command that dies anywhere, whatever was before, breaks no law`(name: String) throws {
        var scenario = try #require(Catalogue.scenario(named: name))
        scenario.budget = Scenario.Budget(crashes: 1, events: 0)
        let result = explore(scenario)
        #expect(result.violations.map { scenario.tell($0) } == [])
        #expect(result.tally.states > 3)
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

    @Test func `a refused command that changes something breaks a law`() throws {
        var scenario = try #require(Catalogue.scenario(named: "attach to a place, pv, 1"))
        scenario.budget = Scenario.Budget(crashes: 0, events: 0)
        scenario.isRefused = true
        let found = explore(scenario).violations.filter { $0.law == .refusing }.map(\.found)
        #expect(found.contains { $0.contains("does: store: commit") })
        #expect(found.contains { $0.contains("is not refused") })
    }

    @Test func `an end that would steer a terminal breaks a law`() throws {
        var scenario = try #require(Catalogue.scenario(named: "attach to a place, pv, 1"))
        scenario.budget = Scenario.Budget(crashes: 0, events: 0)
        let escape = Mutant(
            "an escape in an answer", origin: "the law",
            lie: { effect, answer in
                guard case .lock = effect else { return answer }
                return .locksFailed("\u{1b}[2J")
            })
        let laws = explore(scenario, escape).violations.map(\.law)
        #expect(laws.contains(.telling))
    }

    @Test func `a watch ends by a change only`() throws {
        var scenario = try #require(Catalogue.scenario(named: "watch, pv, 1"))
        scenario.budget = Scenario.Budget(crashes: 0, events: 1, together: 1)
        scenario.events = [.unplug]
        scenario.faults = []
        let result = explore(scenario)
        #expect(result.violations.map { scenario.tell($0) } == [])
        scenario.budget = Scenario.Budget(crashes: 0, events: 0)
        #expect(explore(scenario).tally.states < result.tally.states / 2)
    }

    @Test func `each scenario of every extent is one of the bounded`() {
        let bounded = Set(Catalogue.scenarios(.bounded).map(\.name))
        for extent in Catalogue.Extent.allCases {
            #expect(Set(Catalogue.scenarios(extent).map(\.name)).subtracting(bounded) == [])
        }
    }
}
