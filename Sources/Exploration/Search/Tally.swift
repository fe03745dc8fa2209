public import PVUSBCore

/// What a search went through.
public struct Tally: Hashable, Sendable {
    /// A row of the table: a command and a kind.
    public struct Row: Hashable, Sendable {
        /// The command.
        public let command: String
        /// The kind of controller.
        public let kind: ControllerKind

        /// Names a row.
        public init(command: String, kind: ControllerKind) {
            self.command = command
            self.kind = kind
        }
    }

    /// Distinct pairs of a state and what happened in it.
    public var pairs = 0
    /// Distinct states: a world with the living operations.
    public var states = 0
    /// Distinct worlds.
    public var worlds = 0
    /// How often each kind of thing happened, by row.
    public var events: [Row: [Occurrence: Int]] = [:]
    /// A hash over all states; it does not depend on when they were found.
    public var digest = Digest()

    /// Counts nothing yet.
    public init() {}

    mutating func count(_ move: Move, _ scenario: Scenario) {
        pairs += 1
        let row = Row(command: scenario.label, kind: scenario.kind)
        events[row, default: [:]][move.occurrence, default: 0] += 1
    }

    /// Takes another search's counts in; the order counts.
    public mutating func add(_ other: Tally) {
        pairs += other.pairs
        states += other.states
        worlds += other.worlds
        for (row, counts) in other.events {
            events[row, default: [:]].merge(counts, uniquingKeysWith: +)
        }
        digest.absorb(other.digest)
        digest.absorb(UInt64(other.pairs))
    }
}
