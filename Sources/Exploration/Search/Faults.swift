internal import PVUSBCore
internal import Simulation

/// What goes wrong with the one effect that a process asked for.
extension Search {
    func apply(_ fault: Fault, _ slot: Int, _ node: Node, _ index: Int32) -> Node? {
        guard let process = node[slot] else { return nil }
        var next = node
        next.events += 1
        next.meddlers.insert(fault == .interrupted ? .stop : .fault)
        let effect = play.agents.effectNumber(of: process.agent)
        let need = play.agents.need(of: process.agent)
        let move = Move.fault(slot, fault)
        switch fault {
        case .interrupted:
            return hear(play.agents.number(of: .stop), slot, next, index, move)
        case .storeLostBefore:
            guard need == .store || need == .reads else { return nil }
            return loseStore(slot, next, index, move)
        case .storeLostAfter:
            guard batch(effect).last == .commit, let done = answer(to: process, slot, next) else {
                return nil
            }
            return loseStore(slot, done.node, index, move)
        case .again, .againForEver:
            guard batch(effect).last == .commit else { return nil }
            next[slot]?.traits.insert(.neverCommits)
            guard let refused = next[slot], let done = answer(to: refused, slot, next) else {
                return nil
            }
            var after = done.node
            if fault == .again { after[slot]?.traits.remove(.neverCommits) }
            return hear(done.answer, slot, after, index, move)
        case .refused(let errno):
            guard need == .fileWrites, driverWrite(effect) != nil else { return nil }
            let answer = play.agents.number(of: .files([.failure(errno)]))
            return hear(answer, slot, next, index, move)
        case .refusedForEver(let errno):
            guard need == .fileWrites, node.refusal < 0, let write = driverWrite(effect) else {
                return nil
            }
            next.refusal = refusals.number(of: Refusal(write: write, errno: errno))
            let answer = play.agents.number(of: .files([.failure(errno)]))
            return hear(answer, slot, next, index, move)
        case .timedOut:
            guard need == .wait, play.react(in: node.world) != node.world else { return nil }
            return hear(play.agents.number(of: .timedOut), slot, next, index, move)
        case .denied, .unreadable, .lockHeld: return refuse(fault, slot, next, index)
        case .qemuRefuses, .qemuIsCut, .qemuIsSilent:
            return answerForQEMU(fault, slot, next, index)
        }
    }

    private func answerForQEMU(_ fault: Fault, _ slot: Int, _ node: Node, _ index: Int32) -> Node? {
        guard let process = node[slot], play.agents.need(of: process.agent) == .deviceModel,
            let done = answer(to: process, slot, node)
        else { return nil }
        let reply: DeviceModelReply =
            fault == .qemuRefuses
            ? .refused(errorClass: "GenericError", description: "it is refused here")
            : .unreachable("the connection to QEMU was cut")
        let next = fault == .qemuIsCut ? done.node : node
        let told = play.agents.number(of: .deviceModel(reply))
        return hear(told, slot, next, index, .fault(slot, fault))
    }

    private func loseStore(_ slot: Int, _ node: Node, _ index: Int32, _ move: Move) -> Node? {
        guard let process = node[slot], !process.traits.contains(.storeLost) else { return nil }
        var next = node
        next.world = play.disconnect(process.connection, in: node.world)
        next[slot]?.traits.insert(.storeLost)
        next[slot]?.traits.remove(.inTransaction)
        return hear(lostStore, slot, next, index, move)
    }

    /// The write to a driver that an effect is; nil for any other.
    ///
    /// That a file of libxl's can't be replaced is told, and nobody tries again.
    private func driverWrite(_ effect: Int32) -> FileRequest? {
        guard case .files(let requests) = play.agents.effect(effect),
            case .write? = requests.first
        else { return nil }
        return requests.first
    }

    /// The answer to a write that the kernel refuses for ever; nil where it does not.
    func refusal(of effect: Int32, _ node: Node) -> Int32? {
        guard node.refusal >= 0, case .files(let requests) = play.agents.effect(effect),
            let write = requests.first
        else { return nil }
        let refusal = refusals[node.refusal]
        guard write == refusal.write else { return nil }
        return play.agents.number(of: .files([.failure(refusal.errno)]))
    }
}

/// A write that the kernel refuses, whoever makes it.
struct Refusal: Hashable {
    let write: FileRequest
    let errno: FileErrno
}
