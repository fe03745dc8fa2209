extension Observation {
    /// Plans a new controller for a domain, with the number after the greatest there is.
    ///
    /// - Throws: domain 0 is no target; the kind is not one this build makes; no number is left.
    public func planController(
        for domain: DomainView, _ settings: ControllerSettings
    ) throws(PVUSBError) -> Plan {
        guard domain.id != .zero else { throw .hostIsNoTarget }
        guard settings.kind == .pv else {
            throw PVUSBError(
                .failed,
                "this version of pvusb makes controllers of kind pv, not "
                    + settings.kind.rawValue,
                remedy: "pvusb controller add \(domain.word) --kind pv")
        }
        // A stray child of the listing, which is no controller, has used its number too.
        let described = controllers.filter { $0.id.domain == domain.id }.map(\.id.number.number)
        let used = described + [greatestNumbers[domain.id]].compactMap { $0 }
        let next = used.max().map { Int($0) + 1 } ?? 0
        guard let number = UInt8(exactly: next) else {
            throw PVUSBError(.failed, "\(domain.label) has used the controller number 255")
        }
        let id = ControllerID(domain: domain.id, number: ControllerNumber(number))
        let steps: [Step] = [.createController(id, settings), .awaitBackend(id)]
        return Plan(.controllerAdded(id, settings), steps, given: self)
    }

    /// Plans the end of a controller.
    ///
    /// Its devices come back first, then its two ends part, then its nodes go. A guest that does
    /// not answer is not waited for longer than a time-out.
    ///
    /// - Parameters:
    ///   - devices: the ones that may be taken back, whose locks are held.
    ///   - force: whether the guest is not waited for at all.
    /// - Throws: there is no such controller; it is of a kind that is only looked at; it holds a
    ///   device that is not among those named.
    func planRemoval(
        of id: ControllerID, taking devices: [BusID], force: Bool
    ) throws(PVUSBError) -> Plan {
        let domain = domain(id.domain)?.label ?? "domain \(id.domain)"
        let word = self.domain(id.domain)?.word ?? "\(id.domain)"
        guard let controller = controller(id) else {
            throw PVUSBError(
                .notFound, "\(domain) has no controller \(id.number.number)",
                remedy: "pvusb list \(word)")
        }
        guard controller.kind == .pv, controller.backendDomain == .zero else {
            throw PVUSBError(
                .failed,
                "controller \(id.number.number) of \(domain) is one that this version of "
                    + "pvusb only looks at", remedy: "use xl usbctrl-detach")
        }
        var steps: [Step] = []
        for device in devicesOf(controller: id) {
            guard devices.contains(device) else {
                throw PVUSBError(
                    .busy,
                    "controller \(id.number.number) of \(domain) was given \(device) a "
                        + "moment ago", remedy: "try again")
            }
            steps += planHost(of: device).steps
        }
        steps.append(.closeController(id))
        if !force { steps.append(.awaitClosed(id)) }
        return Plan(.controllerRemoved(id), steps + [.removeController(id)], given: self)
    }

    /// The devices that a controller's ports hold, and those on their way into or out of one.
    func devicesOf(controller id: ControllerID) -> [BusID] {
        let held = controller(id)?.occupied.map(\.device) ?? []
        let recorded = records.filter { device, record in
            record.place?.controller == id && places(of: device).isEmpty
                && record.goal != .parked
        }
        return Set(held + recorded.keys).sorted()
    }

    /// Plans the end of a controller that never came to life.
    func planWithdrawal(of controller: ControllerID) -> Plan {
        Plan(.controllerRemoved(controller), [.removeController(controller)], given: self)
    }
}
