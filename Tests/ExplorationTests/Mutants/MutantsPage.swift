import Exploration
import Foundation

/// docs/mutants.md: each seeded bug, the law that finds it, and by how long a trace.
///
/// `scripts/generate-mutants` writes it anew.
enum MutantsPage {
    private static let file = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs/mutants.md")

    static let isRewriting = ProcessInfo.processInfo.environment["PVUSB_REWRITE"] == "1"

    private static let head = """
        # Seeded bugs

        Written by `scripts/generate-mutants`; a test compares it with what the explorer finds.

        A seeded bug changes what an operation asks for or what it is told; no line under `Sources/` knows
        of it. It counts as found when a law is broken, and when the trace breaks the law again. The last
        column is the length of the first trace, looks included; it is a shortest one to that law.

        | bug | scenario | law that finds it | moves |
        |---|---|---|---|

        """

    /// The line of a bug.
    static func line(of bug: SeededBug, _ violation: Violation) -> String {
        "| \(bug.mutant.name) | \(bug.scenario) "
            + "| \(violation.law.rawValue) | \(violation.moves.count) |"
    }

    /// The lines that are written, with the head's.
    static func lines() throws -> [String] {
        try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    /// Writes the page anew.
    static func write(_ lines: [String]) throws {
        try Data((head + lines.joined(separator: "\n") + "\n").utf8).write(to: file)
    }

    /// The lines of the page before those of bugs.
    static var headLines: [String] { head.split(separator: "\n").map(String.init) }
}
