internal import PVUSBCore

extension ExplorationResult {
    /// The counts and the digest in a line.
    public var summary: String {
        "\(tally.pairs) pairs of a state and an event, \(tally.states) states, "
            + "\(tally.worlds) worlds, \(violations.count) violations, digest \(tally.digest)"
    }

    /// The counts of each scenario, a line each.
    public var scenarioTable: String {
        scenarios.map { "\($0.name.padded(60)) \($0.pairs) pairs, \($0.states) states" }
            .joined(separator: "\n")
    }
}

extension String {
    func padded(_ width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }

    func paddedLeft(_ width: Int) -> String {
        String(repeating: " ", count: max(0, width - count)) + self
    }
}
