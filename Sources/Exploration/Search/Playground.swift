internal import PVUSBCore
internal import Simulation

/// Performs effects on numbered worlds; what was computed once is looked up.
struct Playground {
    /// Two or three numbers as a key.
    private struct Key: Hashable {
        let high: UInt64
        let low: UInt64

        init(_ first: Int32, _ second: Int32, _ third: Int32 = 0, _ fourth: Int32 = 0) {
            high = UInt64(UInt32(bitPattern: first)) << 32 | UInt64(UInt32(bitPattern: second))
            low = UInt64(UInt32(bitPattern: third)) << 32 | UInt64(UInt32(bitPattern: fourth))
        }
    }

    private struct Result {
        let answer: Int32
        let part: Int32
    }

    /// What is left of a command of xl's.
    struct XLRest: Hashable {
        var actions: ArraySlice<XLAction>
        var undo: [XLAction]
    }

    var worlds = WorldTable()
    var agents: AgentTable
    private var connections = Interner<World.Connection>()
    private(set) var locks = Interner<String>()
    private(set) var rests = Interner<XLRest>()
    private var performed: [Key: Result] = [:]
    private var reactions: [Int32: Int32] = [:]
    private var settlings: [Int32: Int32] = [:]
    private var healings: [Int32: Int32] = [:]
    private var openings: [Int32: Result] = [:]
    private var closings: [Key: Int32] = [:]
    private var happenings: [Key: Int32] = [:]
    private let scenario: Scenario
    /// Whether files can be read that are hidden from the commands of the scenario.
    var isHealed = false

    init(_ scenario: Scenario, _ mutant: Mutant?) {
        self.scenario = scenario
        agents = AgentTable(
            mutant, dry: scenario.isDry ? scenario.commands : [],
            storeless: scenario.hasStore ? [] : scenario.commands)
    }

    // MARK: - Connections

    /// Opens a connection to the store for a new process.
    mutating func connect(in world: Int32) -> (world: Int32, connection: Int32) {
        var parts = worlds.parts(of: world)
        if let known = openings[parts.store] {
            parts.store = known.part
            return (worlds.number(of: parts), known.answer)
        }
        var changed = worlds.world(world)
        let connection = connections.number(of: changed.connect())
        let store = worlds.storeNumber(of: changed)
        openings[parts.store] = Result(answer: connection, part: store)
        parts.store = store
        return (worlds.number(of: parts), connection)
    }

    /// Ends a connection, and with it its transaction and its watches.
    mutating func disconnect(_ connection: Int32, in world: Int32) -> Int32 {
        var parts = worlds.parts(of: world)
        let key = Key(parts.store, connection)
        if let store = closings[key] {
            parts.store = store
            return worlds.number(of: parts)
        }
        var changed = worlds.world(world)
        changed.bury(0, connections[connection])
        let store = worlds.storeNumber(of: changed)
        closings[key] = store
        parts.store = store
        return worlds.number(of: parts)
    }

    // MARK: - Effects

    /// Performs a batch on the store.
    mutating func performOnStore(
        _ effect: Int32, _ process: Process, in world: Int32
    ) -> (answer: Int32, world: Int32) {
        var parts = worlds.parts(of: world)
        let key = Key(effect, parts.store, process.connection)
        if let known = performed[key] {
            guard known.part != parts.store else { return (known.answer, world) }
            parts.store = known.part
            return (known.answer, worlds.number(of: parts))
        }
        guard case .store(let batch) = agents.effect(effect) else {
            preconditionFailure("an effect on the store is one")
        }
        var changed = worlds.world(world)
        let replies = changed.perform(batch, from: connections[process.connection])
        let answer = agents.number(of: .store(replies))
        let isLook =
            agents.needs[Int(effect)] == .reads && !process.traits.contains(.inTransaction)
        let store = isLook ? parts.store : worlds.storeNumber(of: changed)
        performed[key] = Result(answer: answer, part: store)
        parts.store = store
        return (answer, worlds.number(of: parts))
    }

    /// Reads files, which rest on everything but the store.
    mutating func readFiles(_ effect: Int32, in world: Int32) -> Int32 {
        let parts = worlds.parts(of: world)
        let key = Key(effect, parts.usb, parts.rest, isHealed ? 4 : 1)
        if let known = performed[key] { return known.answer }
        guard case .files(let requests) = agents.effect(effect) else {
            preconditionFailure("an effect on files is one")
        }
        var copy = worlds.world(world)
        let replies = zip(requests, copy.perform(requests)).map { request, reply in
            isHidden(request) ? FileReply.failure(.accessDenied) : reply
        }
        let answer = agents.number(of: .files(replies))
        performed[key] = Result(answer: answer, part: 0)
        return answer
    }

    private func isHidden(_ request: FileRequest) -> Bool {
        guard !isHealed, !scenario.hidden.isEmpty else { return false }
        return switch request {
        case .read(let path), .list(let path), .readLink(let path): scenario.hidden.contains(path)
        case .write, .replace: false
        }
    }

    /// Writes files, or asks a device model: any part of the world may count, and change.
    mutating func performOnWorld(
        _ effect: Int32, in world: Int32
    ) -> (answer: Int32, world: Int32) {
        let key = Key(effect, world, 0, 2)
        if let known = performed[key] { return (known.answer, known.part) }
        var changed = worlds.world(world)
        let answer: Answer
        switch agents.effect(effect) {
        case .files(let requests): answer = .files(changed.perform(requests))
        case .deviceModel(let command): answer = .deviceModel(changed.execute(command))
        default: preconditionFailure("an effect on the world writes files or asks QEMU")
        }
        let result = Result(answer: agents.number(of: answer), part: worlds.number(of: changed))
        performed[key] = result
        return (result.answer, result.part)
    }

    // MARK: - Others

    /// The world after the backends and the guests did the next thing; the same one if all is
    /// quiet.
    mutating func react(in world: Int32) -> Int32 {
        if let known = reactions[world] { return known }
        var changed = worlds.world(world)
        let isBusy = changed.react()
        let next = isBusy ? worlds.number(of: changed) : world
        reactions[world] = next
        return next
    }

    /// The world in which all is quiet.
    mutating func settle(_ world: Int32) -> Int32 {
        if let known = settlings[world] { return known }
        var last = world
        var seen: Set<Int32> = [world]
        while true {
            let next = react(in: last)
            guard next != last, seen.insert(next).inserted else { break }
            last = next
        }
        settlings[world] = last
        return last
    }

    /// The world in which a QEMU that hangs, or can't open devices, does what it should again, and
    /// in which the records are ours to write.
    mutating func heal(_ world: Int32) -> Int32 {
        if let known = healings[world] { return known }
        let next = worlds.number(of: worlds.world(world).healed(1))
        healings[world] = next
        return next
    }

    /// The world after an event; the same one where it can't happen.
    mutating func happen(_ index: Int, in world: Int32) -> Int32 {
        let key = Key(world, Int32(index))
        if let known = happenings[key] { return known }
        var changed = worlds.world(world)
        scenario.events[index].happen(in: &changed, scenario)
        let next = worlds.number(of: changed)
        happenings[key] = next
        return next
    }

    /// Begins a command of xl's; nil where it has nothing to do.
    mutating func beginXL(_ story: XLStory, in world: Int32) -> Int32? {
        story.actions(in: worlds.world(world), scenario).map { rests.number(of: $0) }
    }

    /// Lets xl do the next thing; -1 when it is done.
    mutating func actXL(_ rest: Int32, in world: Int32) -> (world: Int32, rest: Int32) {
        let key = Key(world, rest, 0, 3)
        if let known = performed[key] { return (known.part, known.answer) }
        let done = computeXL(rest, in: world)
        performed[key] = Result(answer: done.rest, part: done.world)
        return done
    }

    private mutating func computeXL(_ rest: Int32, in world: Int32) -> (world: Int32, rest: Int32) {
        var left = rests[rest]
        guard let action = left.actions.popFirst() else { return (world, -1) }
        var changed = worlds.world(world)
        if changed.perform([action]) != nil {
            left = XLRest(actions: left.undo[...], undo: [])
        }
        let next = worlds.number(of: changed)
        let isDone = left.actions.isEmpty
        return (next, isDone ? -1 : rests.number(of: left))
    }

    /// The bit of a lock.
    mutating func bit(of lock: String) -> UInt64 { 1 << UInt64(locks.number(of: lock) & 63) }
}
