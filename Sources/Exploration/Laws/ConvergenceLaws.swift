internal import PVUSBCore
internal import Simulation

/// What decides how a world without living processes is judged.
struct JudgementKey: Hashable {
    let world: Int32
    let refusal: Int32
    let meddlers: Meddlers
    let wasKilled: Bool
}

/// The laws about what can be made of what is left.
extension Search {
    /// More remedies than anything needs that can be helped.
    private static let remediesMax = 4

    func judge(_ node: Node, _ index: Int32) {
        checkTruth(node, index)
        checkOwners(node, index)
        guard !node.isBusy else { return }
        let isIll = scenario.kind != .pv || scenario.isNewer || node.meddlers.contains(.newer)
        var world = isIll ? play.heal(node.world) : node.world
        // What a guest has closed, or xl has taken, QEMU lets go in its own time.
        if !node.meddlers.isDisjoint(with: [.guest, .xl]), scenario.kind != .pv {
            world = play.settle(world)
        }
        judgeEnd(node.with(world: world), index)
    }

    /// What can be made of a world without a living process, once what went wrong goes right.
    private func judgeEnd(_ node: Node, _ index: Int32) {
        let key = JudgementKey(
            world: node.world, refusal: node.refusal, meddlers: node.meddlers,
            wasKilled: node.crashes > 0)
        guard judged.insert(key).inserted else { return }
        play.isHealed = true
        defer { play.isHealed = false }
        checkRecovery(node, index)
        checkRemedies(node, index)
        for command in scenario.commands where !command.isWatch {
            checkRepetition(of: command, node, index)
        }
        if node.refusal >= 0 { checkRefusal(node, index) }
    }

    private func checkOwners(_ node: Node, _ index: Int32) {
        guard node.meddlers.isDisjoint(with: [.xl, .domain]) else { return }
        let count = owners[node.world] ?? countOwners(in: node.world)
        if count > 1 { note(.oneOwner, "\(count) ports hold it", at: index) }
    }

    private func countOwners(in world: Int32) -> Int {
        let count = play.worlds.world(world).ports(holding: scenario.device).count
        owners[world] = count
        return count
    }

    // MARK: - Recovery

    private func checkRecovery(_ node: Node, _ index: Int32) {
        let recovery = Command.recover([])
        let run = run(recovery, in: node.world)
        guard run.outcome != nil else {
            return note(.ending, "recover does not", at: index)
        }
        let settled = play.settle(run.world)
        if let (law, flaw) = flaw(in: settled, node) {
            note(law, flaw, at: index, then: effects(of: recovery, in: node.world))
        }
        let again = self.run(recovery, in: settled)
        if play.settle(again.world) != settled, node.meddlers.isDisjoint(with: .xl) {
            note(
                .idempotence, "a second recover changes something", at: index,
                then: effects(of: recovery, in: node.world) + effects(of: recovery, in: settled))
        }
    }

    /// What is wrong with a world in which everything was recovered; nil when nothing is.
    func flaw(in number: Int32, _ node: Node) -> (Law, String)? {
        let world = play.worlds.world(number)
        if scenario.keepsBystander, !node.meddlers.contains(.other),
            !world.isHome(SmallWorld.bystander)
        {
            return (.bystanders, "the other device is not at home any more")
        }
        let device = scenario.device
        if scenario.keepsConfigurations, node.meddlers.isDisjoint(with: [.xl, .plug, .hidden]),
            let domain = world.misconfigured
        {
            return (.configuration, "that of domain \(domain) has not")
        }
        let truth = Expectation(device, in: world)
        switch truth.state {
        case .host:
            guard world.isHome(device) || !mayBeHome(node) || scenario.startsAstray else {
                return (.hostDrivers, "they are \(world.driverWords(of: device))")
            }
        case .assigned, .parked, .hub, nil: break
        // Against xl detection is promised: what it left is shown with its remedy.
        case _ where node.meddlers.contains(.xl): return nil
        case .unbound where !mayBeHome(node) || scenario.startsUnbound: break
        default: return (.recovery, "\(device) is \(truth.state.word)")
        }
        return debris(in: world, truth.state, node).map { (.debris, "there is \($0)") }
    }

    /// Whether only pvusb is to blame for which driver has what: xl and udev leave other mixtures.
    private func mayBeHome(_ node: Node) -> Bool {
        node.meddlers.isDisjoint(with: [.xl, .udev, .domain])
    }

    private func debris(in world: World, _ state: DeviceState?, _ node: Node) -> StorePath? {
        guard state == .host || state == .unbound || state == nil, !scenario.movesBystander else {
            return nil
        }
        let known = Set(scenario.clean.storePaths + scenario.ownPaths)
        let isOurs = node.meddlers.isEmpty && scenario.commands.count == 1 && !scenario.adds
        return world.storePaths.first { path in
            guard !known.contains(path) else { return false }
            if path.text.hasPrefix("/libxl/pvusb") { return true }
            if path.text.hasPrefix("/libxl/usbback") { return !node.meddlers.contains(.xl) }
            return isOurs
        }
    }

    // MARK: - Repetition

    private func checkRepetition(of command: Command, _ node: Node, _ index: Int32) {
        let first = run(command, in: node.world)
        guard let outcome = first.outcome else {
            return note(.ending, "\(command.words) repeated does not", at: index)
        }
        guard let error = outcome.error else {
            let world = play.settle(first.world)
            guard !reaches(command, world) else { return }
            return note(
                .repetition, "it says it does, and does not", at: index,
                then: effects(of: command, in: node.world))
        }
        guard !isExcused(error, of: command, node) else { return }
        // There is nothing left to name.
        if error.code == .notFound, reaches(command, play.settle(first.world)) { return }
        // What a recovery has begun to undo is finished first, as the error says.
        let recovered = play.settle(run(.recover([]), in: first.world).world)
        let second = run(command, in: recovered)
        if error.remedy != nil, second.outcome?.error == nil,
            reaches(command, play.settle(second.world))
        {
            return
        }
        note(
            .repetition, "\(command.words): \(error.message)", at: index,
            then: effects(of: command, in: node.world))
    }

    /// Why a repeated command need not reach its goal: others have made it impossible.
    private func isExcused(_ error: PVUSBError, of command: Command, _ node: Node) -> Bool {
        guard !error.message.isEmpty else { return false }
        if scenario.commands.count > 1 { return error.code != .unfinished }
        if case .removeController = command, error.code == .notFound { return true }
        guard scenario.succeeds else { return true }
        return !node.meddlers.isDisjoint(with: [.plug, .domain, .xl, .guest, .udev])
    }

    // MARK: - Remedies

    /// What is shown is typed, until nothing more is shown.
    private func checkRemedies(_ node: Node, _ index: Int32) {
        var world = node.world
        var lines: [String] = []
        for _ in 0..<Self.remediesMax {
            guard let remedy = remedy(in: world) else { return }
            guard let command = Command(typed: remedy) else {
                return note(.remedy, "'\(remedy)' is no command", at: index, then: lines)
            }
            lines += effects(of: command, in: world)
            world = play.settle(run(command, in: world).world)
        }
        guard let last = remedy(in: world) else { return }
        note(.remedy, "'\(last)' is shown again and again", at: index, then: lines)
    }

    private func remedy(in world: Int32) -> String? {
        guard case .inventory(let inventory)? = run(.devices, in: world).outcome else { return nil }
        return inventory.observation.deviceStatuses().first { $0.remedy != nil }?.remedy
    }

    /// While the kernel refuses, recovery says which interface it is.
    private func checkRefusal(_ node: Node, _ index: Int32) {
        let run = run(.recover([]), in: node.world, refusal: node.refusal)
        let world = play.settle(run.world)
        guard flaw(in: world, node) != nil else { return }
        let goals = run.outcome?.report?.goals ?? []
        let texts = goals.compactMap { $0.error?.message } + [run.outcome?.error?.message ?? ""]
        guard case .write(_, let interface) = refusals[node.refusal].write else { return }
        guard !texts.contains(where: { $0.contains(interface) }) else { return }
        note(
            .refusals, "\(interface) is not named", at: index,
            then: effects(of: .recover([]), in: node.world, refusal: node.refusal))
    }

    // MARK: - Ends

    /// What a process reports when it ends by itself.
    func checkEnd(
        of process: Process, _ outcome: Outcome, in node: Node, _ index: Int32, _ move: Move
    ) {
        let isCertain = process.traits.isDisjoint(with: .blames)
        let command = commands[process.command]
        checkOutcome(outcome, of: process, command, in: node, index, move)
        if node.meddlers.isEmpty, node.crashes == 0, scenario.succeeds, let error = outcome.error {
            note(.report, "undisturbed it fails: \(error.message)", at: index, move)
        }
        // What there is to recover was looked up at the beginning.
        guard isCertain, command != .recover([]) || (node.events == 0 && !node.isBusy) else {
            return
        }
        guard let error = outcome.error else {
            guard reaches(command, node.world) else {
                return note(.report, "\(command.words) says done, and is not", at: index, move)
            }
            return checkIdempotence(of: command, in: node, index, move)
        }
        if error.message.isEmpty { note(.report, "an error says nothing", at: index, move) }
        checkStatus(outcome, of: command, node, index, move)
    }

    /// A report of failure says where the device is now.
    private func checkStatus(
        _ outcome: Outcome, of command: Command, _ node: Node, _ index: Int32, _ move: Move
    ) {
        guard let status = outcome.report?.goals.last?.status else { return }
        let truth = truth(of: status.id, in: play.worlds.world(node.world))
        let isGone = truth.state == nil && status.device == nil
        guard truth.state != status.state, !isGone else { return }
        // A detach reads no other domain's ports, and may come home beside another tool's claim.
        if case .detach = command, scenario.isContested, status.state == .host,
            truth.state == .assignedUncaptured
        {
            return
        }
        note(
            .report, "\(status.state.word) is reported of what is \(truth.state.word)",
            at: index, move)
    }

    private func checkIdempotence(
        of command: Command, in node: Node, _ index: Int32, _ move: Move
    ) {
        if case .addController = command { return }
        if case .removeController = command { return }
        if case .detachPlace = command { return }
        if command.isWatch || scenario.isDry { return }
        guard !node.isBusy, node.refusal < 0, !node.meddlers.contains(.xl) else { return }
        let settled = play.settle(node.world)
        let again = run(command, in: settled)
        let isSame = play.settle(again.world) == settled
        guard !isSame || again.outcome?.error != nil else { return }
        // What vanished since can't be named again.
        if again.outcome?.error?.code == .notFound, isSame { return }
        if !node.meddlers.isEmpty, again.outcome?.error != nil { return }
        note(
            .idempotence, "\(command.words) \(isSame ? "fails" : "changes something")",
            at: index, move, then: effects(of: command, in: settled))
    }
}
