/// Rows in columns, for people.
struct Table {
    let header: [String]
    var rows: [[String]] = []

    /// The table as lines; cells are escaped, the last column is as long as it likes.
    func render(withHeader: Bool) -> String {
        let all = ((withHeader ? [header] : []) + rows).map { $0.map(\.escaped) }
        // Widths do not depend on the header being printed, so that both forms line up alike.
        let measured = [header] + rows.map { $0.map(\.escaped) }
        let widths = header.indices.map { column in
            measured.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        return all.map { Self.line($0, widths) + "\n" }.joined()
    }

    private static func line(_ cells: [String], _ widths: [Int]) -> String {
        var line = ""
        for (column, cell) in cells.enumerated() {
            line += cell
            guard column < cells.count - 1 else { break }
            line += String(repeating: " ", count: widths[column] - cell.count + 2)
        }
        while line.hasSuffix(" ") { line.removeLast() }
        return line
    }
}

extension String {
    /// The text cut to a width that leaves room for the other columns.
    func cut(to width: Int) -> String {
        count <= width ? self : String(prefix(width - 1)) + "…"
    }
}
