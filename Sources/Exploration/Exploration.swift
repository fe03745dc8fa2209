/// What came of exploring scenarios.
public struct ExplorationResult: Sendable {
    /// What was gone through.
    public var tally = Tally()
    /// What was found, in the order of the scenarios.
    public var violations: [Violation] = []
    /// The pairs of each scenario, in order.
    public var scenarios: [(name: String, pairs: Int, states: Int)] = []

    /// Begins with nothing.
    public init() {}
}

/// Explores one scenario.
///
/// - Parameters:
///   - mutant: a mistake that is put around the core; nil for the core as it is.
///   - violationsMax: after how many different violations the search ends.
public func explore(
    _ scenario: Scenario, _ mutant: Mutant? = nil, violationsMax: Int = 20
) -> ExplorationResult {
    let search = Search(scenario, mutant, violationsMax: violationsMax)
    search.explore()
    var result = ExplorationResult()
    result.tally = search.tally
    result.violations = search.violations
    result.scenarios = [(scenario.name, search.tally.pairs, search.tally.states)]
    return result
}

/// Explores scenarios, as many at once as there are processors, each with tables of its own.
///
/// The results are joined in the scenarios' order, so they do not depend on who was quicker.
public func explore(_ scenarios: [Scenario], _ mutant: Mutant? = nil) async -> ExplorationResult {
    let results = await withTaskGroup(of: (Int, ExplorationResult).self) { group in
        for (index, scenario) in scenarios.enumerated() {
            group.addTask { (index, explore(scenario, mutant)) }
        }
        var results: [(Int, ExplorationResult)] = []
        for await result in group { results.append(result) }
        return results.sorted { $0.0 < $1.0 }
    }
    var whole = ExplorationResult()
    for (_, result) in results {
        whole.tally.add(result.tally)
        whole.violations += result.violations
        whole.scenarios += result.scenarios
    }
    return whole
}
