internal import PVUSBCore

extension Tally {
    /// Why some cells are empty: what can't happen to a command.
    private static let reasons: [(command: String, event: String, reason: String)] = [
        ("controller add", "refused once", "it binds nothing"),
        ("controller add", "refused for ever", "it binds nothing"),
        ("controller add", "udev binds", "its device has its drivers"),
        ("controller add", "xl detaches", "no port holds the device"),
        ("attach", "xl detaches", "a port holds the device only midway"),
        ("recover", "slow guest", "it waits for nobody who would act"),
    ]

    /// The table of commands and kinds, and what happened to them; a dash has its reason below.
    public var table: String {
        let rows = events.keys.sorted {
            ($0.kind.rawValue, $0.command) < ($1.kind.rawValue, $1.command)
        }
        let labels = Set(events.values.flatMap(\.keys)).sorted()
        var lines: [String] = []
        for row in rows {
            lines.append("\(row.command), \(row.kind.rawValue)")
            for label in labels {
                let count = events[row]?[label] ?? 0
                let note = count == 0 ? Self.reason(row.command, label) : ""
                lines.append("  \(label.padded(18)) \(count == 0 ? "-" : "\(count)")\(note)")
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func reason(_ command: String, _ event: String) -> String {
        reasons.first { $0.command == command && $0.event == event }.map { "  (\($0.reason))" }
            ?? ""
    }
}

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
}
