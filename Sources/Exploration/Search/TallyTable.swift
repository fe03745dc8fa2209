internal import PVUSBCore

/// The table of commands, kinds and what happened to them.
extension Tally {
    /// The columns, in their order; the commands that scenarios are labelled with.
    private static let columns: [(command: String, head: String)] = [
        ("attach", "attach"), ("attach, controller made", "+ made"), ("apply", "apply"),
        ("detach", "detach"), ("detach --no-rebind", "park"), ("recover", "recover"),
        ("recover DEVICE", "DEVICE"), ("controller add", "add"), ("controller remove", "remove"),
        ("controller remove --force", "force"), ("looks", "looks"), ("dry run", "dry run"),
        ("two at once", "two"),
    ]

    private static let width = 9

    /// The table, a block a kind; an empty cell has a letter, which stands for its reason below.
    public var table: String {
        let kinds = ControllerKind.allCases.filter { kind in
            events.keys.contains { $0.kind == kind }
        }
        let legend = EmptyCell.allCases.map { "  \($0.letter)  \($0.rawValue)" }
        return (kinds.flatMap { block($0) } + ["An empty cell:"] + legend).joined(separator: "\n")
    }

    private func block(_ kind: ControllerKind) -> [String] {
        let present = Self.columns.filter { events[Row(command: $0.command, kind: kind)] != nil }
        let heads = present.map { $0.head.paddedLeft(Self.width) }
        let lines = Occurrence.allCases.map { occurrence in
            occurrence.rawValue.padded(17)
                + present.map { cell(Row(command: $0.command, kind: kind), occurrence) }
                .joined()
        }
        return ["kind \(kind.rawValue)".padded(17) + heads.joined()] + lines + [""]
    }

    private func cell(_ row: Row, _ occurrence: Occurrence) -> String {
        let count = events[row]?[occurrence] ?? 0
        let letter = EmptyCell(row, occurrence)?.letter ?? "?"
        return (count == 0 ? letter : "\(count)").paddedLeft(Self.width)
    }

    /// What the table does not explain: cells that are empty without a reason, and cells that have
    /// a reason for being empty and are not, a line each.
    public var gaps: [String] {
        let rows = events.keys.sorted {
            ($0.kind.rawValue, $0.command) < ($1.kind.rawValue, $1.command)
        }
        return rows.flatMap { row in
            Occurrence.allCases.compactMap { gap(row, $0) }
        }
    }

    private func gap(_ row: Row, _ occurrence: Occurrence) -> String? {
        let count = events[row]?[occurrence] ?? 0
        let cell = "\(row.command), \(row.kind.rawValue): \(occurrence.rawValue)"
        switch (count, EmptyCell(row, occurrence)) {
        case (0, nil): return "\(cell) never happens, and no reason is given"
        case (1..., let reason?): return "\(cell) happens, although \(reason.rawValue)"
        default: return nil
        }
    }
}
