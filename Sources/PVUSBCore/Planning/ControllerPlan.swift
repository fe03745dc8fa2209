extension Observation {
    /// Plans a new controller for a domain, with the number after the greatest there is.
    ///
    /// - Throws: domain 0 is no target; no kind, or not the one wished for, can work; the wish does
    ///   not fit the kind; no number is left.
    public func planController(
        for domain: DomainView, _ wish: ControllerWish
    ) throws(PVUSBError) -> Plan {
        guard domain.id != .zero else { throw .hostIsNoTarget }
        let settings = try settings(wish, for: domain)
        let id = try nextController(for: domain)
        let start: Step =
            settings.kind.backend == nil
            ? .plugController(id, settings) : .awaitBackend(id, settings.kind)
        let steps = [.createController(id, settings)] + configuring(.controller(id)) + [start]
        return Plan(.controllerAdded(id, settings), steps, given: self)
    }

    /// Plans the end of a controller.
    ///
    /// Its devices come back first, then its two ends part, then its nodes go. A guest that does
    /// not answer is not waited for longer than a time-out.
    ///
    /// - Parameter devices: the ones that may be taken back, whose locks are held.
    /// - Throws: there is no such controller; it is of a kind that is only looked at; it holds a
    ///   device that is not among those named.
    func planRemoval(
        of id: ControllerID, taking devices: [BusID]
    ) throws(PVUSBError) -> Plan {
        let (domain, kind) = try checkRemovable(id)
        let held = devicesOf(controller: id)
        if let newcomer = held.first(where: { !devices.contains($0) }) {
            throw PVUSBError(
                .busy,
                "controller \(id.number.number) of \(domain) was given \(newcomer) a "
                    + "moment ago", remedy: "try again")
        }
        try checkPorts(of: id, domain)
        for device in held { try checkReadable(device) }
        let steps = held.flatMap { planHost(of: $0).steps } + end(of: id, kind)
        return Plan(.controllerRemoved(id), steps, given: self)
    }

    /// What is no device can't be taken back first.
    private func checkPorts(of id: ControllerID, _ domain: String) throws(PVUSBError) {
        let ports = controller(id)?.ports ?? []
        let odd = ports.firstIndex { if case .unreadable = $0 { true } else { false } }
        guard let odd else { return }
        let word = self.domain(id.domain)?.word ?? "\(id.domain)"
        throw PVUSBError(
            .busy,
            "port \(id.number.number):\(odd + 1) of \(domain) holds something that is no device",
            remedy: "pvusb controller remove \(word) \(id.number.number) --force")
    }

    /// Plans the end of a controller without waiting for its guest, and whatever its ports hold:
    /// the devices were taken back before, as far as they could be.
    ///
    /// - Throws: it is of a kind that is only looked at; one that went with its devices is no
    ///   failure.
    func planDestruction(of id: ControllerID) throws(PVUSBError) -> Plan {
        guard controller(id) != nil else { return Plan(.controllerRemoved(id), [], given: self) }
        let (_, kind) = try checkRemovable(id)
        let isEmpty = devicesOf(controller: id).isEmpty && controller(id)?.isEmpty == true
        return Plan(
            .controllerRemoved(id), destruction(of: id, kind, isEmpty: isEmpty), given: self)
    }

    /// QEMU has no force: while it has the controller, the nodes are all that tells of it.
    private func destruction(
        of id: ControllerID, _ kind: ControllerKind, isEmpty: Bool
    ) -> [Step] {
        let isEmulated = kind == .deviceModel && hasQEMU(id.domain)
        guard isEmpty else {
            let unplug: [Step] = isEmulated ? [.unplugController(id), .awaitUnplugged(id)] : []
            return unplug + [.destroyController(id, kind)] + configuring(.controller(id))
        }
        return isEmulated
            ? end(of: id, kind) : [.closeController(id, kind)] + removal(of: id, kind)
    }

    /// Tells what people call the controller's domain, and the controller's kind.
    @discardableResult
    func checkRemovable(
        _ id: ControllerID
    ) throws(PVUSBError) -> (domain: String, kind: ControllerKind) {
        let domain = domain(id.domain)?.label ?? "domain \(id.domain)"
        let word = self.domain(id.domain)?.word ?? "\(id.domain)"
        guard let controller = controller(id) else {
            throw PVUSBError(
                .notFound, "\(domain) has no controller \(id.number.number)",
                remedy: "pvusb list \(word)")
        }
        guard let kind = controller.kind, controller.backendDomain == .zero else {
            throw PVUSBError(
                .failed,
                "controller \(id.number.number) of \(domain) is one that this version of "
                    + "pvusb only looks at", remedy: "use xl usbctrl-detach")
        }
        return (domain, kind)
    }

    /// Tells whether a controller was asked to go for good, and is of a kind that can be ended.
    ///
    /// Whoever asked may have been cut short. libxl and pvusb both set `online` to 0 when the ports
    /// are empty, and never set it back.
    public func isLeftClosing(_ controller: ControllerView) -> Bool {
        controller.isOffline && !controller.isOrphan && controller.kind != nil
            && controller.backendDomain == .zero
    }

    /// The devices that a controller's ports hold, and those on their way into or out of one.
    func devicesOf(controller id: ControllerID) -> [BusID] {
        let held = controller(id)?.occupied.map(\.device) ?? []
        let recorded = records.filter { device, record in
            (record.place?.controller ?? record.created) == id && places(of: device).isEmpty
                && record.goal != .parked
        }
        return Set(held + recorded.keys).sorted()
    }

    /// Plans the end of a controller that never came to life.
    func planWithdrawal(of id: ControllerID) -> Plan {
        Plan(.controllerRemoved(id), withdrawal(of: id), given: self)
    }

    /// QEMU may have what its answer came too late for.
    private func withdrawal(of id: ControllerID) -> [Step] {
        let kind = controller(id)?.kind ?? .pv
        return kind == .deviceModel ? end(of: id, kind) : removal(of: id, kind)
    }

    /// Plans the end of what a destroyed domain left of a controller, its devices being back.
    func planOrphan(_ id: ControllerID) throws(PVUSBError) -> Plan {
        let goal = Goal.controllerRemoved(id)
        guard let orphan = controller(id), orphan.isOrphan else {
            return Plan(goal, [], given: self)
        }
        if let held = orphan.occupied.first {
            throw PVUSBError(
                .failed,
                "what is left of controller \(id.number.number) of domain \(id.domain), which is "
                    + "gone, holds \(held.device)", remedy: "pvusb recover \(held.device)")
        }
        return Plan(goal, [.removeOrphan(id, orphan.kind ?? .pv)], given: self)
    }

    /// What ends a controller that an attach had to make, unless somebody else uses it by now.
    func withdrawal(of record: Record, for device: BusID) -> [Step] {
        guard let id = record.created, let controller = controller(id), !controller.isOrphan,
            domain(id.domain)?.vm == record.vm,
            controller.ports.allSatisfy({ [.free, .missing, .device(device)].contains($0) })
        else { return [] }
        guard controller.backendState == .connected else { return withdrawal(of: id) }
        return end(of: id, controller.kind ?? .pv)
    }
}

extension ControllerView {
    /// Every port is free.
    fileprivate var isEmpty: Bool { ports.allSatisfy { $0 == .free || $0 == .missing } }
}
