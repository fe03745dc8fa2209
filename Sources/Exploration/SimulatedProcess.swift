public import PVUSBCore
public import Simulation

/// A process of pvusb in a world: performs the effects of one operation until it ends or dies.
///
/// It is the second of the two loops that drive operations; the other is PVUSB's `Driver`.
struct SimulatedProcess {
    /// The world with all that the process did to it.
    private(set) var world: World
    /// The effects that were performed, in order.
    private(set) var trace: [Effect] = []

    private let process: Int32

    /// Starts a process in a world.
    init(in world: World, process: Int32) {
        self.world = world
        self.process = process
    }

    /// Where a process dies: before an effect is performed, or before it hears what became of it.
    enum Death: Hashable {
        case before(Int)
        case after(Int)
    }

    /// Runs an operation until its end, or until the process dies; it is dead afterwards.
    ///
    /// - Parameter leaving: told after every change what a death at that point would leave.
    /// - Returns: the outcome; nil when it died first.
    mutating func run(
        _ operation: Operation, until death: Death? = nil, leaving: ((World) -> Void)? = nil
    ) -> Outcome? {
        var operation = operation
        let connection = world.connect()
        let process = process
        func buried(_ world: World) -> World {
            var left = world
            left.bury(process, connection)
            left.settle()
            return left
        }
        defer { world = buried(world) }
        var answer: Answer?
        while true {
            let effect = operation.next(answer)
            if case .finished(let outcome) = effect { return outcome }
            if death == .before(trace.count) { return nil }
            answer = perform(effect) { $0.perform($1, from: connection) }
            trace.append(effect)
            if effect.changesWorld { leaving?(buried(world)) }
            if death == .after(trace.count - 1) { return nil }
        }
    }

    private mutating func perform(
        _ effect: Effect, _ store: (inout World, [StoreRequest]) -> [StoreReply]
    ) -> Answer {
        switch effect {
        case .store(let batch): return .store(store(&world, batch))
        case .files(let requests): return .files(world.perform(requests))
        case .deviceModel(let command): return .deviceModel(world.execute(command))
        case .lock(let lock):
            let holder = world.lock(lock.name, for: process, isTest: lock.isTest)
            return holder.map { .lockHeld(by: $0) } ?? .locked
        case .unlock(let lock):
            world.unlock(lock.name, of: process)
            return .unlocked
        // Time does not pass: either somebody acts, or the wait is over.
        case .wait: return world.react() ? .woken : .timedOut
        case .finished: return .stop
        }
    }
}

extension World {
    /// Runs a command to its end, as a process of its own.
    ///
    /// - Returns: how it ended.
    @discardableResult
    public mutating func run(_ command: Command) -> Outcome? {
        var process = SimulatedProcess(in: self, process: 1)
        let outcome = process.run(Operation(command))
        self = process.world
        return outcome
    }
}
