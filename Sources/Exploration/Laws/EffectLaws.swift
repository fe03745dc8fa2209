internal import PVUSBCore
internal import Simulation

/// The laws about single effects.
///
/// A process is blamed only for what it could know: what others changed since it looked last is
/// found and mended afterwards.
extension Search {
    func checkEffect(
        of process: Process, from node: Node, to next: Node, _ slot: Int, _ index: Int32
    ) {
        let move = Move.perform(slot)
        let effect = play.agents.effect(of: process.agent)
        checkLook(process, effect, node, index, move)
        switch effect {
        case .store(let batch): checkBatch(batch, process, node, next, index, move)
        case .files(let requests):
            for case .write(let path, let text) in requests {
                checkHeld(process, index, move)
                check(path, text, process, node, index, move)
            }
        case .wait: checkHeld(process, index, move)
        case .deviceModel, .lock, .unlock, .finished: break
        }
    }

    private func checkLook(
        _ process: Process, _ effect: Effect, _ node: Node, _ index: Int32, _ move: Move
    ) {
        let command = commands[process.command]
        if scenario.isRefused, effect.changesWorld, isUndisturbed(node),
            scenario.commands.contains(command)
        {
            note(.refusing, "\(command.words) does: \(effect.line)", at: index, move)
        }
        let isDry =
            scenario.isDry && scenario.commands.contains(command)
            && (command != .recover([]) || isUndisturbed(node))
        guard effect.changesWorld, isDry || command.onlyLooks else { return }
        note(.looking, "\(command.words) does: \(effect.line)", at: index, move)
    }

    private func checkHeld(_ process: Process, _ index: Int32, _ move: Move) {
        guard process.traits.contains(.inTransaction) else { return }
        note(.nothingHeld, "one is", at: index, move)
    }

    // MARK: - The store

    private func checkBatch(
        _ batch: [StoreRequest], _ process: Process, _ node: Node, _ next: Node, _ index: Int32,
        _ move: Move
    ) {
        let changes = batch.filter(\.changesStore)
        let isInside = process.traits.contains(.inTransaction) || batch.first == .begin
        if changes.count > 1, !isInside {
            note(.wholeChanges, "\(changes.count) are written without one", at: index, move)
        }
        let read = process.reads >= 0 ? self.batch(process.reads) : []
        for case .write(let path, _) in changes where path.isPort {
            let isNew = changes.contains { $0.makesController(of: path) }
            guard !isNew, !read.contains(.read(path)) else { continue }
            note(.compareAndSwap, "\(path) is not", at: index, move)
        }
        // usbback dies of a port node that is gone.
        for case .remove(let path) in changes where path.isPort {
            note(.portFirst, "\(path) is removed", at: index, move)
        }
        guard batch.contains(.commit), node.world != next.world else { return }
        checkClearing(process, node, next, index, move)
    }

    /// A port that is cleared under a device that usbback has.
    private func checkClearing(
        _ process: Process, _ node: Node, _ next: Node, _ index: Int32, _ move: Move
    ) {
        // Between the looks of one wave xl may do anything.
        guard process.traits.isDisjoint(with: [.usbStale, .storeStale]),
            !node.meddlers.contains(.xl)
        else { return }
        let before = play.worlds.world(node.world)
        let after = play.worlds.world(next.world)
        let held = Set(before.ports(holding: scenario.device))
        let lost = held.subtracting(after.ports(holding: scenario.device))
        // A removal by force takes the backend away, too, and usbback forgets the port.
        guard let port = lost.min(), before.hasController(port), after.hasController(port),
            before.drivers(of: scenario.device)?.contains(.usbback) == true,
            before.ports.contains(where: { $0.device == scenario.device && port.isThat(of: $0) })
        else { return }
        note(.portFirst, "it is cleared while usbback has an interface", at: index, move)
    }

    // MARK: - Drivers

    private func check(
        _ path: String, _ text: String, _ process: Process, _ node: Node, _ index: Int32,
        _ move: Move
    ) {
        guard !process.traits.contains(.usbStale), let interface = InterfaceID(text) else { return }
        let world = play.worlds.world(node.world)
        let siblings = world.usb.device(interface.device)?.interfaces ?? []
        let words = path.split(separator: "/").map(String.init)
        switch (words.dropLast().last, words.last) {
        case ("usbback", "bind"):
            checkCapture(interface, siblings, process, world, index, move)
        case ("usbback", "unbind"): checkIntent(interface, process, node, index, move)
        case (let driver?, "bind"):
            checkReturn(interface, siblings, index, move)
            checkOwner(interface, driver, world, index, move)
        case (_, "drivers_probe"): checkReturn(interface, siblings, index, move)
        case (let driver?, "unbind"):
            guard siblings.contains(where: { $0.id == interface && $0.driver?.text == driver })
            else { return }
            // What xl does to drivers and notes meanwhile is detected afterwards, not prevented.
            guard !node.meddlers.contains(.xl) else { return }
            checkRecord(interface, driver, process, world, index, move)
        default: break
        }
    }

    private func checkCapture(
        _ interface: InterfaceID, _ siblings: [SimulatedInterface], _ process: Process,
        _ world: World, _ index: Int32, _ move: Move
    ) {
        let others = siblings.filter { $0.id != interface }
        if others.contains(where: { $0.driver != nil && $0.driver != .usbback }) {
            note(
                .unbindsFirst, "usbback is given \(interface) while the host has another",
                at: index, move)
        }
        guard !process.traits.contains(.storeStale),
            world.ports(holding: interface.device).isEmpty
        else { return }
        note(.portFirst, "no port holds \(interface.device) yet", at: index, move)
    }

    private func checkReturn(
        _ interface: InterfaceID, _ siblings: [SimulatedInterface], _ index: Int32, _ move: Move
    ) {
        guard siblings.contains(where: { $0.driver == .usbback && $0.id != interface }) else {
            return
        }
        note(
            .unbindsFirst, "the host is given \(interface) while usbback has another",
            at: index, move)
    }

    /// Whoever finds a device half out of a guest has to know that it was meant to come out.
    private func checkIntent(
        _ interface: InterfaceID, _ process: Process, _ node: Node, _ index: Int32, _ move: Move
    ) {
        let world = play.worlds.world(node.world)
        guard !process.traits.contains(.storeStale), !node.meddlers.contains(.xl),
            world.ports(holding: interface.device).count < 2,
            world.recorded("goal", of: interface.device) == "attached"
        else { return }
        note(
            .recordFirst, "\(interface) leaves usbback while its record says attached", at: index,
            move)
    }

    private func checkOwner(
        _ interface: InterfaceID, _ driver: String, _ world: World, _ index: Int32, _ move: Move
    ) {
        guard world.recordIsOfPlugged(interface.device) else {
            note(.ownDriver, "\(driver) gets \(interface) of another device", at: index, move)
            return
        }
    }

    private func checkRecord(
        _ interface: InterfaceID, _ driver: String, _ process: Process, _ world: World,
        _ index: Int32, _ move: Move
    ) {
        guard !process.traits.contains(.storeStale),
            world.recordedDriver(of: interface) != driver
        else { return checkNote(interface, process, world, index, move) }
        note(.recordFirst, "\(interface) leaves \(driver) without a record", at: index, move)
    }

    /// xl takes back what pvusb gave away, if it finds its own note.
    private func checkNote(
        _ interface: InterfaceID, _ process: Process, _ world: World, _ index: Int32, _ move: Move
    ) {
        guard scenario.kind == .pv, !process.traits.contains(.storeStale),
            world.recorded("goal", of: interface.device) == "attach",
            !world.hasNotes(of: interface.device)
        else { return }
        note(.recordFirst, "\(interface) leaves its driver without xl's note", at: index, move)
    }
}

extension StorePath {
    /// The node of a port below a backend.
    fileprivate var isPort: Bool {
        let words = components
        let isBackend = words.count == 9 && words[3] == "backend" && words[7] == "port"
        return isBackend || words.count == 7 && words[0] == "libxl" && words[5] == "port"
    }
}

extension StoreRequest {
    /// The batch makes the controller whose port this is, so nobody can have had the port.
    fileprivate func makesController(of port: StorePath) -> Bool {
        guard case .write(let path, _) = self else { return false }
        return path.lastComponent == "type" && path.parent?.contains(port) == true
    }
}
