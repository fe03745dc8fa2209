internal import PVUSBCore
internal import Simulation

/// Explores one scenario: every order of all that may happen in it, within its budget.
///
/// It goes breadth first, so the first trace to a broken law is a shortest one. A state is a world
/// with the living operations; it is expanded once for each budget with which it is reached.
final class Search {
    let scenario: Scenario
    var play: Playground
    var commands = Interner<Command>()
    var refusals = Interner<Refusal>()

    private(set) var nodes: [Node] = []
    private var origins: [(parent: Int32, move: Move)] = []
    private var places: Set<Digest> = []
    private var counted: [Digest: UInt8] = [:]
    private(set) var tally = Tally()
    private(set) var violations: [Violation] = []
    private var broken: Set<String> = []
    private var digest = Digest()

    var runs: [RunKey: Run] = [:]
    var truths: [TruthKey: [String]] = [:]
    var judged: Set<JudgementKey> = []
    var owners: [Int32: Int] = [:]
    var told: Set<Int32> = []
    var deviceLooks: [Int32: Bool] = [:]
    let violationsMax: Int

    init(_ scenario: Scenario, _ mutant: Mutant? = nil, violationsMax: Int = 20) {
        self.scenario = scenario
        self.violationsMax = violationsMax
        play = Playground(scenario, mutant)
    }

    /// What moves are about, for counting: each class is counted once a state.
    private struct MoveClass: OptionSet {
        let rawValue: UInt8
        static let own = MoveClass(rawValue: 1)
        static let crash = MoveClass(rawValue: 2)
        static let event = MoveClass(rawValue: 4)
    }

    /// Explores all, or until there are so many violations that more would not be read.
    func explore() {
        visit(beginning(), -1, .react)
        var next = 0
        while next < nodes.count, violations.count < violationsMax {
            expand(Int32(next))
            next += 1
        }
        tally.worlds = play.worlds.count
    }

    /// The node in which all commands have begun.
    func beginning() -> Node {
        var node = Node(world: play.worlds.number(of: scenario.world))
        node.meddlers = scenario.meddlers
        for (slot, command) in scenario.commands.enumerated() {
            begin(command, in: slot, of: &node)
        }
        return node
    }

    /// Begins a command as a new process.
    func begin(_ command: Command, in slot: Int, of node: inout Node, isOwn: Bool = true) {
        let opened = play.connect(in: node.world)
        node.world = opened.world
        node[slot] = Process(
            command: commands.number(of: command), agent: play.agents.begin(command, isOwn: isOwn),
            connection: opened.connection)
    }

    // MARK: - Expanding

    private func expand(_ index: Int32) {
        let node = nodes[Int(index)]
        let state = node.state(play.worlds.digest(of: node.world))
        let seen = MoveClass(rawValue: counted[state] ?? 0)
        var now = seen
        var classes: [(MoveClass, [Move])] = [(.own, ownMoves(node))]
        if scenario.budget.allowsCrash(node) { classes.append((.crash, crashMoves(node))) }
        if scenario.budget.allowsEvent(node) { classes.append((.event, eventMoves(node))) }
        for (moveClass, moves) in classes {
            for move in moves {
                guard let next = follow(move, from: node, at: index) else { continue }
                if !seen.contains(moveClass) { tally.count(move, scenario) }
                visit(next, index, move)
            }
            now.insert(moveClass)
        }
        if seen.isEmpty {
            tally.states += 1
            digest.add(state)
            tally.digest = digest
        }
        counted[state] = now.rawValue
        judge(node, index)
    }

    /// Follows a trace, and judges its end.
    func replay(_ moves: [Move]) -> [Violation] {
        visit(beginning(), -1, .react)
        for (index, move) in moves.enumerated() {
            guard let next = follow(move, from: nodes[index], at: Int32(index)) else { return [] }
            nodes.append(next)
            origins.append((Int32(index), move))
        }
        judge(nodes[nodes.count - 1], Int32(nodes.count - 1))
        return violations
    }

    private func visit(_ node: Node, _ parent: Int32, _ move: Move) {
        let state = node.state(play.worlds.digest(of: node.world))
        guard places.insert(node.place(state)).inserted else { return }
        nodes.append(node)
        origins.append((parent, move))
    }

    private func ownMoves(_ node: Node) -> [Move] {
        var moves: [Move] = []
        for slot in 0..<2 where node[slot] != nil { moves.append(.perform(slot)) }
        if play.react(in: node.world) != node.world { moves.append(.react) }
        if node.xl >= 0 { moves.append(.xlActs) }
        if !node.isBusy, node.isCut, scenario.budget.allowsCrash(node) {
            moves.append(.begin(.recover([])))
            if node.crashes <= 1 { moves += scenario.commands.map { .begin($0) } }
        }
        return moves
    }

    private func crashMoves(_ node: Node) -> [Move] {
        (0..<2).filter { node[$0] != nil }.flatMap { [.killBefore($0), .killAfter($0)] }
    }

    private func eventMoves(_ node: Node) -> [Move] {
        guard node.isBusy else { return [] }
        var moves: [Move] = scenario.events.map { .event($0) }
        for slot in 0..<2 where node[slot] != nil {
            moves += scenario.faults.map { .fault(slot, $0) }
        }
        if node.xl < 0, !node.meddlers.contains(.xl) { moves += scenario.xl.map { .xlBegins($0) } }
        return moves
    }

    // MARK: - Violations

    /// Notes a broken law, once a scenario for each way in which it is broken.
    func note(_ law: Law, _ found: String, at node: Int32, _ last: Move? = nil, then: [String] = [])
    {
        guard broken.insert("\(law.rawValue) \(found)").inserted else { return }
        let moves = trace(to: node) + (last.map { [$0] } ?? [])
        violations.append(
            Violation(
                law: law, found: found, scenario: scenario.name, moves: moves, afterwards: then))
    }

    /// The moves that lead to a node.
    func trace(to node: Int32) -> [Move] {
        var moves: [Move] = []
        var index = node
        while index > 0 {
            moves.append(origins[Int(index)].move)
            index = origins[Int(index)].parent
        }
        return moves.reversed()
    }
}
