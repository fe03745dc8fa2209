public import PVUSBCore
public import Simulation

/// Crashes a command before and after every effect and checks what can be made of what is left.
public struct Explorer {
    private let world: World
    private let command: Command
    private let device: BusID

    private let succeedsAlone: Bool

    /// How many places of death were tried so far.
    public private(set) var deaths = 0
    /// The different worlds that deaths left so far.
    public private(set) var worlds: Set<World> = []

    /// Prepares the crashes of a command about one device, begun in a world.
    public init(world: World, command: Command, device: BusID) {
        self.world = world
        self.command = command
        self.device = device
        var process = SimulatedProcess(in: world, process: 1)
        let outcome = process.run(Operation(command))
        if case .report(let report)? = outcome {
            succeedsAlone = report.verdict == nil
        } else {
            succeedsAlone = false
        }
    }

    /// A broken promise, with what led to it.
    public struct Finding: Hashable, Sendable, CustomStringConvertible {
        /// The promise.
        public let law: String
        /// What was found instead.
        public let found: String
        /// The effects up to the death, then those of what was tried to mend it.
        public let trace: [Effect]

        /// The finding with its trace, an effect a line.
        public var description: String {
            "\(law), but \(found)\n" + trace.map { "  \($0)\n" }.joined()
        }
    }

    /// Crashes the command everywhere; then a recovery of each such crash everywhere, too.
    ///
    /// - Returns: the promises that did not hold; none when all did.
    public mutating func crashes() -> [Finding] {
        var findings: [Finding] = []
        for (left, trace) in deaths(of: command, in: world) {
            findings += check(left, after: trace)
            for (again, second) in deaths(of: .recover([]), in: left) {
                findings += check(again, after: trace + second)
            }
        }
        return findings
    }

    /// Every new world that a death of the command leaves, with the effects that led to it.
    ///
    /// A world seen before has been checked, and what recovers from it has been crashed.
    private mutating func deaths(
        of command: Command, in world: World
    ) -> [(left: World, trace: [Effect])] {
        var whole = SimulatedProcess(in: world, process: 1)
        _ = whole.run(Operation(command))
        var left: [(left: World, trace: [Effect])] = []
        for index in whole.trace.indices {
            for death in [SimulatedProcess.Death.before(index), .after(index)] {
                var process = SimulatedProcess(in: world, process: 1)
                _ = process.run(Operation(command), until: death)
                deaths += 1
                let isNew = worlds.insert(process.world.withoutHistory).inserted
                if isNew { left.append((process.world, process.trace)) }
            }
        }
        return left
    }

    /// Law 7 in what is left, law 6 for a recovery, and the goal for the command repeated.
    private func check(_ left: World, after trace: [Effect]) -> [Finding] {
        checkVisible(left, trace) + checkRecovery(left, trace) + checkRepeat(left, trace)
    }

    private func checkVisible(_ left: World, _ trace: [Effect]) -> [Finding] {
        let status = status(in: left)
        let isHome = left.isHome(device)
        guard status.state == .host, !isHome else { return [] }
        return [
            Finding(law: "a half-done device is shown", found: "it is shown as host", trace: trace)
        ]
    }

    private func checkRecovery(_ left: World, _ trace: [Effect]) -> [Finding] {
        var process = SimulatedProcess(in: left, process: 2)
        _ = process.run(Operation(.recover([])))
        let status = status(in: process.world)
        let isSettled =
            switch status.state {
            case .host: process.world.isHome(device) && status.record == nil
            case .assigned: process.world.holds(device) && isRecordedAsBefore(status)
            case .parked: !process.world.holds(device) && status.device?.isCaptured == false
            default: false
            }
        guard !isSettled else { return checkDebris(process.world, trace + process.trace) }
        return [
            Finding(
                law: "recover ends at the host, in a guest or parked",
                found: "it is \(status.state)",
                trace: trace + process.trace)
        ]
    }

    /// Only a device that another tool had given away may be in a guest without a record.
    private func isRecordedAsBefore(_ status: DeviceStatus) -> Bool {
        guard let record = status.record else { return world.holds(device) }
        return record.goal == .attached
    }

    /// A device that is home again leaves the store as it was, in a world where it was home at
    /// first; empty controllers that a completed attach made may stay.
    private func checkDebris(_ left: World, _ trace: [Effect]) -> [Finding] {
        guard world.isHome(device), left.isHome(device) else { return [] }
        let known = Set(world.storePaths)
        let debris = left.storePaths.filter { !known.contains($0) }
        guard !debris.isEmpty else { return [] }
        return [
            Finding(
                law: "recover leaves nothing behind", found: "there is \(debris[0])", trace: trace)
        ]
    }

    private func checkRepeat(_ left: World, _ trace: [Effect]) -> [Finding] {
        var process = SimulatedProcess(in: left, process: 2)
        let outcome = process.run(Operation(command))
        let status = status(in: process.world)
        // A controller that went with the process that died is not there to be removed.
        if case .removeController = command, outcome?.error?.code == .notFound,
            process.world.isHome(device)
        {
            return []
        }
        if case .report(let report) = outcome {
            if report.verdict == nil, status.remedy == nil { return [] }
            // What can't succeed undisturbed is undone, and says why.
            if !succeedsAlone, report.verdict != nil, status.record == nil,
                process.world.isHome(device)
            {
                return []
            }
            // A recovery that died has turned the way back: that is said, with what to type.
            if status.state == .detaching, report.verdict?.remedy != nil { return [] }
        }
        return [
            Finding(
                law: "the command repeated reaches its goal or says why not",
                found: "it is \(status.state): \(outcome.map { "\($0)" } ?? "no outcome")",
                trace: trace + process.trace)
        ]
    }

    private func status(in world: World) -> DeviceStatus {
        var process = SimulatedProcess(in: world, process: 3)
        guard case .inventory(let inventory) = process.run(Operation(.devices)) else {
            preconditionFailure("a look at a world always ends with an inventory")
        }
        return inventory.observation.status(of: device)
    }
}

extension World {
    /// The world without what only its past can tell: the numbers of its store's changes.
    fileprivate var withoutHistory: World {
        var world = self
        world.forgetHistory()
        return world
    }
}
