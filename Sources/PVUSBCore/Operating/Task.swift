internal import USBModel

/// One thing with names resolved, which an operation plans and executes under one lock.
enum Task: Hashable, Sendable {
    case attach(BusID, to: DomainID, at: PlaceWish?)
    case detach(BusID, from: Place?, rebind: Bool)
    case recover(BusID, named: Bool)
    case addController(DomainID, ControllerWish)
    case removeController(ControllerID, devices: [BusID], named: Bool)
    case destroyController(ControllerID)
    case removeOrphan(ControllerID)

    /// What no other pvusb may work on meanwhile, in the order of taking: devices, then domain.
    var locks: [Lock] {
        switch self {
        case .attach(let device, _, _), .detach(let device, _, _), .recover(let device, _):
            [Lock(.device(device))]
        case .addController(let domain, _): [Lock(.domain(domain))]
        case .destroyController(let id), .removeOrphan(let id): [Lock(.domain(id.domain))]
        case .removeController(let id, let devices, _):
            devices.sorted().map { Lock(.device($0)) } + [Lock(.domain(id.domain))]
        }
    }

    /// What is looked at under the locks: a device wherever it is and where it is to go, or a domain.
    ///
    /// What goes away with a controller may be anywhere.
    var scope: SurveyScope {
        switch self {
        case .attach(let device, let domain, _): .around(.device(device, domain))
        case .detach(let device, let place, _):
            .around(.device(device, place?.controller.domain))
        case .recover(let device, _): .around(.device(device, nil))
        case .addController(let domain, _): .around(.domain(.number(domain)))
        case .removeController, .destroyController, .removeOrphan: .everything
        }
    }

    /// What is looked at before that, where it may suffice: what pvusb gave away, it has recorded,
    /// and to read that domain's ports takes no look at all others.
    ///
    /// To leave a device without drivers something has to be unbound, so that is planned with every
    /// port in sight.
    var glance: SurveyScope? {
        guard case .detach(let device, _, rebind: true) = self else { return nil }
        return .around(.recorded(device))
    }

    /// Tells whether a glance suffices: the record and its port say what usbback's table shows, or
    /// the domain's QEMU, which has the device open.
    ///
    /// Should another port hold the device, too, it has nothing of it; and if a process uses the
    /// device when it is home, all is looked at.
    func suffices(_ seen: Observation) -> Bool {
        guard case .detach(let device, let wanted, rebind: true) = self else { return false }
        let status = seen.status(of: device)
        guard status.state == .assigned, status.record != nil, !status.recordIsDead,
            let place = status.place, wanted == nil || wanted == place
        else { return false }
        let listed = (seen.host.portTable?.entries ?? []).filter { $0.device == device }
        guard place.kind.isQEMU else { return listed.map(\.place) == [place] }
        return listed.isEmpty && seen.isWithQEMU(device, of: place.controller.domain) == true
    }

    /// What is looked at for a purpose.
    ///
    /// When something failed, what a domain leaves that went meanwhile is found only by who looks
    /// everywhere.
    func scope(for purpose: Operation.SurveyPurpose) -> SurveyScope {
        if purpose == .glance, let glance { return glance }
        if purpose.reason != nil, case .addController = self { return .everything }
        return scope
    }

    /// The domain that is to be given something, whose QEMU counts before it serves anything.
    var interest: DomainInterest {
        switch self {
        case .attach(_, let domain, _), .addController(let domain, _): .one(.number(domain))
        case .detach, .recover, .removeController, .destroyController, .removeOrphan: .none
        }
    }

    /// Tells whether the task is passed over when another process has its lock: nobody named it.
    var yieldsToOthers: Bool {
        switch self {
        case .recover(_, named: false), .removeController(_, _, named: false), .removeOrphan: true
        default: false
        }
    }

    /// What the task is to reach, before anybody has planned how.
    var nominalGoal: Goal {
        switch self {
        case .attach(let device, _, _), .detach(let device, _, _), .recover(let device, _):
            .host(device)
        case .addController(let domain, let wish):
            .controllerAdded(
                ControllerID(domain: domain, number: ControllerNumber(0)),
                .automatic(wish.kind ?? .pv))
        case .removeController(let id, _, _), .destroyController(let id), .removeOrphan(let id):
            .controllerRemoved(id)
        }
    }

    /// Tells whether a device to be given away is with usbback in a way that no pvusb leaves it: no
    /// port holds it, or usbback has it and does not list it for the port that does.
    func wantsCaptureExplained(in seen: Observation) -> Bool {
        guard case .attach(let device, _, _) = self else { return false }
        guard seen.places(of: device).isEmpty else {
            return seen.status(of: device).state == .captured
        }
        let interfaces = seen.host.device(device)?.interfaces ?? []
        return seen.host.portTable?.lists(device) == true
            || interfaces.contains { $0.driver == SysfsPath.usbback }
    }

    /// Plans the task for what is seen.
    func plan(in seen: Observation) throws(PVUSBError) -> Plan {
        guard seen.recordsAreOurs else { throw .newerRecords }
        switch self {
        case .attach(let device, let domain, let wish):
            try seen.checkReadable(device)
            let view = try seen.resolve(.number(domain))
            return try seen.planAttach(of: device, to: view, at: wish)
        case .detach(let device, let place, let rebind):
            return try seen.planDetach(of: device, from: place, rebind: rebind)
        case .recover(let device, let named):
            try seen.checkReadable(device)
            try seen.checkContest(of: device)
            return seen.planRecovery(of: device, named: named)
        case .addController(let domain, let wish):
            return try seen.planController(for: try seen.resolve(.number(domain)), wish)
        case .removeController(let id, let devices, let named):
            // Whoever made it go may have ended it meanwhile, or have made it anew.
            guard named || seen.controller(id)?.isOffline == true else {
                return Plan(.controllerRemoved(id), [], given: seen)
            }
            return try seen.planRemoval(of: id, taking: devices)
        case .destroyController(let id): return try seen.planDestruction(of: id)
        case .removeOrphan(let id): return try seen.planOrphan(id)
        }
    }
}
