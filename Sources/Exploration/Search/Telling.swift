internal import PVUSBCore
internal import Simulation

/// Traces as a person reads them.
extension Search {
    /// What happens in a list of moves, a line each; looks are told by their number.
    func tell(_ moves: [Move]) -> [String] {
        var lines: [String] = []
        var looks = 0
        var node = beginning()
        for move in moves {
            let line = line(of: move, in: node)
            if line == nil { looks += 1 }
            if let line {
                if looks > 0 { lines.append("\(looks) looks") }
                looks = 0
                lines.append(line)
            }
            guard let next = follow(move, from: node, at: 0) else { break }
            node = next
        }
        if looks > 0 { lines.append("\(looks) looks") }
        return lines
    }

    /// A move in a line; nil for a process that only looks.
    private func line(of move: Move, in node: Node) -> String? {
        switch move {
        case .perform(let slot):
            guard let process = node[slot] else { return nil }
            let need = play.agents.need(of: process.agent)
            guard need != .reads, need != .fileReads else { return nil }
            return "process \(slot + 1): \(play.agents.effect(of: process.agent).line)"
        case .killBefore(let slot):
            return "process \(slot + 1) is killed before: \(pending(slot, node))"
        case .killAfter(let slot):
            return "process \(slot + 1) is killed after: \(pending(slot, node))"
        case .begin(let command): return "a new process: \(command.words)"
        case .react: return "backends and guests go on"
        case .fault(let slot, let fault):
            return "\(fault) for process \(slot + 1) at: \(pending(slot, node))"
        case .event(let event): return "event: \(event)"
        case .xlBegins(let story): return "xl begins: \(story)"
        case .xlActs:
            return
                "xl: \(node.xl >= 0 ? play.rests[node.xl].actions.first.map { "\($0)" } ?? "" : "")"
        }
    }

    private func pending(_ slot: Int, _ node: Node) -> String {
        node[slot].map { play.agents.effect(of: $0.agent).line } ?? "nothing"
    }
}

extension Scenario {
    /// Replays a trace.
    ///
    /// - Returns: the laws that are broken in its last step or in the state that it ends in; none
    ///   if a move of it is not possible.
    public func replay(_ moves: [Move], _ mutant: Mutant? = nil) -> [Violation] {
        Search(self, mutant).replay(moves)
    }

    /// A violation as a person reads it: the law, what was found, and what led to it.
    public func tell(_ violation: Violation, _ mutant: Mutant? = nil) -> String {
        let search = Search(self, mutant)
        let lines = ["\(violation.law.rawValue), but \(violation.found)", "in: \(name)"]
        return
            (lines + search.tell(violation.moves).map { "  \($0)" }
            + violation.afterwards.map { "  \($0)" }).joined(separator: "\n")
    }
}
