internal import PVUSBCore
internal import Simulation

/// Every state that commands leave when they end or are killed, and what each command does from it.
struct StateMap {
    /// A state, and what the commands make of it.
    struct Entry {
        let state: MicroState
        let world: World
        /// One a command, in the order of the commands.
        var ends: [End] = []
    }

    /// What a command makes of a state.
    struct End {
        /// The state it ends in, by its place among the entries.
        let target: Int
        /// The states on the way, the first and the last one included.
        let path: [Int]
        /// The steps that had to be done, those of an undoing included.
        let steps: [Step]
        /// Why the command did not do what it was asked to; nil when it did.
        let error: PVUSBError?
    }

    let kind: StateKind
    private(set) var entries: [Entry] = []
    private var places: [MicroState: Int] = [:]

    /// Begins in a world and goes on from every state that is found, until there is no new one.
    ///
    /// - Parameter isWhole: whether to go on; else only the first state is gone on from.
    init(of kind: StateKind, from world: World = .builtIn(), isWhole: Bool = true) {
        self.kind = kind
        _ = place(of: world)
        var next = 0
        while next < (isWhole ? entries.count : 1) {
            entries[next].ends = ends(from: next)
            next += 1
        }
    }

    /// The place of a world's state; one that is new is noted.
    private mutating func place(of world: World) -> Int {
        let state = MicroState(of: kind.device, in: world.seen)
        if let known = places[state] { return known }
        entries.append(Entry(state: state, world: world))
        places[state] = entries.count - 1
        return entries.count - 1
    }

    private mutating func ends(from index: Int) -> [End] {
        let world = entries[index].world
        var ends: [End] = []
        for asked in kind.commands {
            var left: [World] = []
            var process = SimulatedProcess(in: world, process: 1)
            let outcome = process.run(Operation(asked.command)) { left.append($0) }
            let path = (left + [process.world]).map { place(of: $0) }
            ends.append(
                End(
                    target: path.last ?? index, path: [index] + path,
                    steps: outcome?.report?.done ?? [], error: outcome?.error))
        }
        return ends
    }
}

extension World {
    /// What the host looks like to pvusb.
    var seen: Observation {
        var process = SimulatedProcess(in: self, process: 3)
        guard case .inventory(let inventory) = process.run(Operation(.devices)) else {
            preconditionFailure("a look at a world always ends with an inventory")
        }
        return inventory.observation
    }
}

extension Report {
    /// The steps that were done, waits apart.
    fileprivate var done: [Step] {
        goals.flatMap(\.steps).filter { $0.result == .done && $0.step.text.action != "await" }
            .map(\.step)
    }
}
