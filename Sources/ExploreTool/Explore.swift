internal import Exploration

/// Explores the scenarios and says what was gone through and what was found.
@main
struct Explore {
    static func main() async {
        do throws(UsageError) {
            let options = try ExploreOptions(Array(CommandLine.arguments.dropFirst()))
            guard !options.wantsHelp else { return write(ExploreOptions.usage) }
            let isGood = await run(options)
            leave(isGood ? 0 : 1)
        } catch {
            complain(error.message)
            leave(2)
        }
    }

    private static func run(_ options: ExploreOptions) async -> Bool {
        let scenarios = options.scenarios
        guard !scenarios.isEmpty else {
            complain("no scenario is named so; --list names them all")
            return false
        }
        switch options.task {
        case .list:
            write(scenarios.map(\.name).joined(separator: "\n"))
            return true
        case .libxl:
            write(CrashTable.text)
            return true
        case .explore: return await explore(scenarios, options)
        }
    }

    private static func explore(_ scenarios: [Scenario], _ options: ExploreOptions) async -> Bool {
        let start = ContinuousClock.now
        let result = await Exploration.explore(scenarios)
        let duration = (ContinuousClock.now - start).components
        for violation in result.violations {
            guard let scenario = scenarios.first(where: { $0.name == violation.scenario }) else {
                continue
            }
            write(scenario.tell(violation) + "\n")
        }
        if options.showsScenarios { write(result.scenarioTable) }
        if options.showsTable { write(result.tally.table) }
        let gaps = options.isWhole ? result.tally.gaps : []
        for gap in gaps { complain(gap) }
        let tenths = duration.attoseconds / 100_000_000_000_000_000
        write(result.summary + " in \(duration.seconds).\(tenths) s")
        return result.violations.isEmpty && gaps.isEmpty
    }
}
