internal import PVUSBCore

/// An operation in progress, and what a mutant around it remembers.
struct Agent: Hashable {
    var operation: Operation
    var memory: [Effect] = []
    /// The number of the effect that it asked for; what it is then does not always tell.
    var pending: Int32 = -1

    /// Takes an answer and comes to the next effect to be performed.
    mutating func next(_ answer: Answer?, _ mutant: Mutant?) -> Effect {
        var answer = answer
        while true {
            let effect = operation.next(answer)
            guard let mutant else { return effect }
            if case .finished = effect { return effect }
            switch mutant.twist(effect, &memory) {
            case .perform(let effect): return effect
            case .pretend(let told): answer = told
            }
        }
    }
}

/// All operations seen with the effects they ask for, each a number.
///
/// An operation is a value, so what it does next is decided by what it is and what it is told:
/// that is computed once for each pair.
struct AgentTable {
    /// What an effect needs to be performed.
    enum Need {
        case reads
        case store
        case fileReads
        case fileWrites
        case deviceModel
        case lock
        case unlock
        case wait
        case end
    }

    private var agents = Interner<Agent>()
    private var pending: [Int32] = []
    private var effects = Interner<Effect>()
    private(set) var needs: [Need] = []
    private(set) var answers = Interner<Answer>()
    private var successors: [UInt64: Int32] = [:]
    private var beginnings: [Beginning: Int32] = [:]
    private let mutant: Mutant?
    /// The commands that only plan.
    private let dry: Set<Command>
    /// The commands that have no store to ask.
    private let storeless: Set<Command>

    /// A command, and whether it is the scenario's own, with its options.
    private struct Beginning: Hashable {
        let command: Command
        let isOwn: Bool
    }

    init(_ mutant: Mutant?, dry: [Command] = [], storeless: [Command] = []) {
        self.mutant = mutant
        self.dry = Set(dry)
        self.storeless = Set(storeless)
    }

    var count: Int { agents.count }

    /// The beginning of a command.
    ///
    /// - Parameter isOwn: whether it is done as the scenario has it, dry or without a store.
    mutating func begin(_ command: Command, isOwn: Bool) -> Int32 {
        let key = Beginning(command: command, isOwn: isOwn)
        if let number = beginnings[key] { return number }
        let options = OperationOptions(
            isDryRun: isOwn && dry.contains(command),
            hasStore: !isOwn || !storeless.contains(command))
        var agent = Agent(operation: Operation(command, options))
        let effect = agent.next(nil, mutant)
        let number = number(of: agent, effect)
        beginnings[key] = number
        return number
    }

    /// What an operation becomes when it is told the answer to the effect it asked for.
    mutating func successor(of agent: Int32, _ answer: Int32) -> Int32 {
        let key = UInt64(UInt32(bitPattern: agent)) << 32 | UInt64(UInt32(bitPattern: answer))
        if let number = successors[key] { return number }
        var next = agents[agent]
        var told = answers[answer]
        if let mutant, told != .stop { told = mutant.lie(effects[pending[Int(agent)]], told) }
        let effect = next.next(told, mutant)
        let number = number(of: next, effect)
        successors[key] = number
        return number
    }

    private mutating func number(of agent: Agent, _ effect: Effect) -> Int32 {
        var agent = agent
        agent.pending = effects.number(of: effect)
        if Int(agent.pending) == needs.count { needs.append(Need(effect)) }
        let number = agents.number(of: agent)
        if Int(number) == pending.count { pending.append(agent.pending) }
        return number
    }

    mutating func number(of answer: Answer) -> Int32 { answers.number(of: answer) }

    /// The number of an effect that no operation asked for in so many words.
    mutating func number(ofEffect effect: Effect) -> Int32 {
        let number = effects.number(of: effect)
        if Int(number) == needs.count { needs.append(Need(effect)) }
        return number
    }

    /// The number of the effect that an operation asks for.
    func effectNumber(of agent: Int32) -> Int32 { pending[Int(agent)] }

    /// The effect that an operation asks for.
    func effect(of agent: Int32) -> Effect { effects[pending[Int(agent)]] }

    func effect(_ number: Int32) -> Effect { effects[number] }

    /// What the effect that an operation asks for needs.
    func need(of agent: Int32) -> Need { needs[Int(pending[Int(agent)])] }

    /// How an operation ended; nil when it has not.
    func outcome(of agent: Int32) -> Outcome? {
        guard need(of: agent) == .end, case .finished(let outcome) = effect(of: agent) else {
            return nil
        }
        return outcome
    }
}

extension AgentTable.Need {
    fileprivate init(_ effect: Effect) {
        switch effect {
        case .store(let batch):
            let reads = batch.allSatisfy { request in
                switch request {
                case .read, .directory, .permissions: true
                default: false
                }
            }
            self = reads ? .reads : .store
        case .files(let batch):
            self = batch.contains(where: \.changesHost) ? .fileWrites : .fileReads
        case .deviceModel: self = .deviceModel
        case .lock: self = .lock
        case .unlock: self = .unlock
        case .wait: self = .wait
        case .finished: self = .end
        }
    }
}
