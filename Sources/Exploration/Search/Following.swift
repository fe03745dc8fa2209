internal import PVUSBCore
internal import Simulation

/// What a node becomes by a move; nil where the move is not possible or changes nothing.
extension Search {
    func follow(_ move: Move, from node: Node, at index: Int32) -> Node? {
        switch move {
        case .perform(let slot): return perform(slot, node, index)
        case .killBefore(let slot): return kill(slot, node)
        case .killAfter(let slot): return killAfter(slot, node)
        case .begin(let command):
            guard !node.isBusy else { return nil }
            var next = node
            next.isCut = false
            let isOwn = scenario.commands.contains(command) && command != .recover([])
            begin(command, in: 0, of: &next, isOwn: isOwn)
            return next
        case .react:
            let world = play.react(in: node.world)
            return world == node.world ? nil : node.with(world, by: -2, play.worlds)
        case .fault(let slot, let fault): return apply(fault, slot, node, index)
        case .event(let event): return happen(event, node)
        case .xlBegins(let story):
            guard node.xl < 0, let rest = play.beginXL(story, in: node.world) else { return nil }
            var next = node
            next.xl = rest
            next.events += 1
            next.meddlers.insert(.xl)
            return next
        case .xlActs:
            guard node.xl >= 0 else { return nil }
            let (world, rest) = play.actXL(node.xl, in: node.world)
            var next = node.with(world, by: -1, play.worlds)
            next.xl = rest
            return next
        }
    }

    private func happen(_ event: Event, _ node: Node) -> Node? {
        guard let index = scenario.events.firstIndex(of: event) else { return nil }
        let world = play.happen(index, in: node.world)
        guard world != node.world else { return nil }
        var next = node.with(world, by: -1, play.worlds)
        next.events += 1
        next.meddlers.insert(event.meddler)
        return next
    }

    // MARK: - Death

    private func kill(_ slot: Int, _ node: Node) -> Node? {
        guard let process = node[slot] else { return nil }
        var next = node
        next.world = bury(process, in: node.world)
        next[slot] = nil
        next.crashes += 1
        next.isCut = true
        return next
    }

    private func killAfter(_ slot: Int, _ node: Node) -> Node? {
        guard let process = node[slot] else { return nil }
        guard let done = answer(to: process, slot, node), done.node.world != node.world else {
            return nil
        }
        return kill(slot, done.node)
    }

    /// The world without a process's connection.
    func bury(_ process: Process, in world: Int32) -> Int32 {
        guard !process.traits.contains(.storeLost) else { return world }
        return play.disconnect(process.connection, in: world)
    }

    // MARK: - Effects

    private func perform(_ slot: Int, _ node: Node, _ index: Int32) -> Node? {
        guard let process = node[slot], let done = answer(to: process, slot, node) else {
            return nil
        }
        checkEffect(of: process, from: node, to: done.node, slot, index)
        return hear(done.answer, slot, done.node, index, .perform(slot))
    }

    /// What becomes of the effect that a process asks for: the world after it, and its answer.
    func answer(to process: Process, _ slot: Int, _ node: Node) -> (answer: Int32, node: Node)? {
        let effect = play.agents.effectNumber(of: process.agent)
        switch play.agents.need(of: process.agent) {
        case .reads, .store: return store(effect, process, slot, node)
        case .fileReads:
            var next = node
            if looksAtDevice(effect) { next[slot]?.traits.remove(.usbStale) }
            return (play.readFiles(effect, in: node.world), next)
        case .fileWrites:
            if let refused = refusal(of: effect, node) { return (refused, node) }
            let (answer, world) = play.performOnWorld(effect, in: node.world)
            return (answer, node.with(world, by: slot, play.worlds))
        case .deviceModel:
            let (answer, world) = play.performOnWorld(effect, in: node.world)
            return (answer, node.with(world, by: slot, play.worlds))
        case .lock: return lock(process, slot, node)
        case .unlock: return unlock(process, slot, node)
        case .wait:
            let world = play.react(in: node.world)
            if world == node.world, isEndless(effect), !process.hasMissedAnything(scenario) {
                return nil
            }
            if world == node.world, isEndless(effect) {
                return (play.agents.number(of: .woken), node)
            }
            // Time does not pass: either somebody acts, or the wait is over.
            let answer: Answer = world != node.world ? .woken : .timedOut
            return (play.agents.number(of: answer), node.with(world, by: nil, play.worlds))
        case .end: return nil
        }
    }

    /// Tells whether only a change ends a wait.
    func isEndless(_ effect: Int32) -> Bool {
        guard case .wait(_, let end) = play.agents.effect(effect) else { return false }
        return end.milliseconds > Self.endlessFrom
    }

    /// A day: no command waits so long for anybody.
    private static let endlessFrom = 86_400_000

    /// Tells whether a look shows which drivers have the device: one that was not listed when all were
    /// is not looked at.
    private func looksAtDevice(_ effect: Int32) -> Bool {
        if let known = deviceLooks[effect] { return known }
        guard case .files(let requests) = play.agents.effect(effect) else { return false }
        let looks = requests.contains { request in
            guard case .readLink(let path) = request else { return false }
            return path.contains("/\(scenario.device):")
        }
        deviceLooks[effect] = looks
        return looks
    }

    private func store(
        _ effect: Int32, _ process: Process, _ slot: Int, _ node: Node
    ) -> (answer: Int32, node: Node) {
        guard !process.traits.contains(.storeLost) else { return (lostStore, node) }
        var (answer, world) = (Int32(0), node.world)
        let batch = batch(effect)
        if process.traits.contains(.neverCommits), batch.last == .commit {
            world = play.performOnStore(number(of: [.abort]), process, in: world).world
            let written = [StoreReply](repeating: .done, count: batch.count - 1)
            answer = play.agents.number(of: .store(written + [.failure(.again)]))
        } else {
            (answer, world) = play.performOnStore(effect, process, in: world)
        }
        var next = node.with(world, by: slot, play.worlds)
        guard var changed = next[slot] else { return (answer, next) }
        if batch.contains(.begin) {
            changed.traits.insert(.inTransaction)
            changed.reads = -1
        } else if batch.contains(.commit) || batch.contains(.abort) {
            changed.traits.remove(.inTransaction)
            changed.reads = -1
        } else if play.agents.needs[Int(effect)] == .reads {
            if changed.traits.contains(.inTransaction) { changed.reads = effect }
            changed.traits.remove(.storeStale)
            if batch.contains(.directory(.domains)) { changed.traits.remove(.disturbed) }
        }
        next[slot] = changed
        return (answer, next)
    }

    func batch(_ effect: Int32) -> [StoreRequest] {
        guard case .store(let batch) = play.agents.effect(effect) else { return [] }
        return batch
    }

    private func number(of batch: [StoreRequest]) -> Int32 {
        play.agents.number(ofEffect: .store(batch))
    }

    var lostStore: Int32 { play.agents.number(of: .storeLost("connection lost")) }

    private func lock(
        _ process: Process, _ slot: Int, _ node: Node
    ) -> (answer: Int32, node: Node) {
        guard case .lock(let lock) = play.agents.effect(of: process.agent) else {
            preconditionFailure("the effect that takes a lock is one")
        }
        let bit = play.bit(of: lock.name)
        if let other = node[1 - slot], other.locks & bit != 0 {
            return (play.agents.number(of: .lockHeld(by: Int32(2 - slot))), node)
        }
        var next = node
        if !lock.isTest { next[slot]?.locks |= bit }
        return (play.agents.number(of: .locked), next)
    }

    private func unlock(
        _ process: Process, _ slot: Int, _ node: Node
    ) -> (answer: Int32, node: Node) {
        guard case .unlock(let lock) = play.agents.effect(of: process.agent) else {
            preconditionFailure("the effect that gives a lock back is one")
        }
        var next = node
        next[slot]?.locks &= ~play.bit(of: lock.name)
        return (play.agents.number(of: .unlocked), next)
    }

    /// The operation goes on with an answer; when that ends it, the process ends.
    func hear(
        _ answer: Int32, _ slot: Int, _ node: Node, _ index: Int32, _ move: Move
    ) -> Node? {
        guard var process = node[slot] else { return nil }
        process.agent = play.agents.successor(of: process.agent, answer)
        var next = node
        next[slot] = process
        guard let outcome = play.agents.outcome(of: process.agent) else { return next }
        next.world = bury(process, in: next.world)
        next[slot] = nil
        if outcome.error != nil, !next.meddlers.isEmpty { next.isCut = true }
        checkEnd(of: process, outcome, in: next, index, move)
        return next
    }
}

extension StorePath {
    /// What a look at everything lists first.
    fileprivate static let domains = root / "local" / "domain"
}

extension Node {
    /// The node with another world, changed by a process, by somebody else (-1), or by backends
    /// and guests: beside a process (-2) or while it waits for them (nil).
    func with(_ world: Int32, by slot: Int?, _ worlds: WorldTable) -> Node {
        guard world != self.world else { return self }
        var next = self
        next.world = world
        guard let slot else { return next }
        let before = worlds.parts(of: self.world)
        let after = worlds.parts(of: world)
        for other in 0..<2 where other != slot {
            guard var process = next[other] else { continue }
            process.traits.insert(.disturbed)
            if slot != -2 {
                if before.usb != after.usb { process.traits.insert(.usbStale) }
                if before.store != after.store { process.traits.insert(.storeStale) }
            }
            next[other] = process
        }
        return next
    }
}
