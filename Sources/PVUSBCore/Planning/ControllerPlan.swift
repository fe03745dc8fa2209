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
                remedy: "pvusb controller add \(domain.label) --kind pv")
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

    /// Plans the end of a controller that never came to life.
    func planWithdrawal(of controller: ControllerID) -> Plan {
        Plan(.controllerRemoved(controller), [.removeController(controller)], given: self)
    }
}
