internal import PVUSBCore
internal import Simulation

/// A command that runs undisturbed to its end.
struct Run {
    /// The number of the world that it leaves.
    let world: Int32
    /// How it ended; nil when it did not.
    let outcome: Outcome?
}

/// What decides how an undisturbed command runs.
struct RunKey: Hashable {
    let command: Int32
    let world: Int32
    let locks: UInt64
    let refusal: Int32
    let isHealed: Bool
}

extension Search {
    /// More effects than any command needs: eight interfaces take some hundreds.
    private static let effectsMax = 20_000

    /// Runs a command to its end; each command once in each world.
    ///
    /// - Parameters:
    ///   - locks: those that another process holds.
    ///   - refusal: the write that the kernel refuses.
    func run(
        _ command: Command, in world: Int32, locks: UInt64 = 0, refusal: Int32 = -1
    ) -> Run {
        let key = RunKey(
            command: commands.number(of: command), world: world, locks: locks, refusal: refusal,
            isHealed: play.isHealed)
        if let known = runs[key] { return known }
        var effects: [Int32]?
        let run = perform(command, in: world, locks, refusal, &effects)
        runs[key] = run
        return run
    }

    /// What a command does when it runs undisturbed, an effect a line.
    func effects(of command: Command, in world: Int32, refusal: Int32 = -1) -> [String] {
        var effects: [Int32]? = []
        let run = perform(command, in: world, 0, refusal, &effects)
        let lines = (effects ?? []).map { play.agents.effect($0).line }
        return ["then \(command.words):"] + lines.map { "  \($0)" } + [run.ending]
    }

    private func perform(
        _ command: Command, in world: Int32, _ locks: UInt64, _ refusal: Int32,
        _ effects: inout [Int32]?
    ) -> Run {
        var node = Node(world: world)
        node.refusal = refusal
        if locks != 0 {
            node[1] = Process(command: -1, agent: -1, connection: -1, locks: locks)
        }
        // Whoever judges a dry run of a recovery recovers in earnest.
        begin(command, in: 0, of: &node, isOwn: command != .recover([]))
        for _ in 0..<Self.effectsMax {
            guard let process = node[0] else { break }
            if let outcome = play.agents.outcome(of: process.agent) {
                return Run(world: bury(process, in: node.world), outcome: outcome)
            }
            guard let done = answer(to: process, 0, node) else { break }
            effects?.append(play.agents.effectNumber(of: process.agent))
            node = done.node
            node[0]?.agent = play.agents.successor(of: process.agent, done.answer)
        }
        return Run(world: node.world, outcome: nil)
    }
}

extension Run {
    fileprivate var ending: String {
        switch outcome {
        case nil: "  it does not end"
        case .report(let report)?: "  it ends: \(report.verdict?.message ?? "done")"
        case .failed(let error)?: "  it ends: \(error.message)"
        case .inventory?, .plans?: "  it ends"
        }
    }
}
