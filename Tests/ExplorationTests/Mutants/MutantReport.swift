import Exploration
import Testing

/// Tells by which law a seeded bug was found, and by how long a trace.
enum MutantReport {
    static func add(_ bug: SeededBug, _ violation: Violation) {
        Attachment.record(
            "\(bug.mutant.name) (\(bug.mutant.origin)): \(violation.moves.count) moves, "
                + "\(violation.law.rawValue), but \(violation.found)\n",
            named: "mutant.txt")
    }
}
