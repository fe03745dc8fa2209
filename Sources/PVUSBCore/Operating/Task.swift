internal import USBModel

/// One thing with names resolved, which an operation plans and executes under one lock.
enum Task: Hashable, Sendable {
    case attach(BusID, to: DomainID, at: PlaceWish?)
    case detach(BusID, from: Place?, rebind: Bool)
    case recover(BusID, named: Bool)
    case addController(DomainID, ControllerWish)
    case removeController(ControllerID, devices: [BusID])
    case destroyController(ControllerID)
    case removeOrphan(ControllerID)

    /// What no other pvusb may work on meanwhile, in the order of taking: devices, then domain.
    var locks: [Lock] {
        switch self {
        case .attach(let device, _, _), .detach(let device, _, _), .recover(let device, _):
            [Lock(.device(device))]
        case .addController(let domain, _): [Lock(.domain(domain))]
        case .destroyController(let id), .removeOrphan(let id): [Lock(.domain(id.domain))]
        case .removeController(let id, let devices):
            devices.sorted().map { Lock(.device($0)) } + [Lock(.domain(id.domain))]
        }
    }

    /// Tells whether the task is passed over when another process has its lock: nobody named it.
    var yieldsToOthers: Bool {
        switch self {
        case .recover(_, named: false), .removeOrphan: true
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
        case .removeController(let id, _), .destroyController(let id), .removeOrphan(let id):
            .controllerRemoved(id)
        }
    }

    /// Tells whether usbback lists or has a device to be given away, although no port holds it.
    func wantsUnheldCapture(in seen: Observation) -> Bool {
        guard case .attach(let device, _, _) = self, seen.places(of: device).isEmpty else {
            return false
        }
        let interfaces = seen.host.device(device)?.interfaces ?? []
        return seen.host.portTable?.lists(device) == true
            || interfaces.contains { $0.driver == SysfsPath.usbback }
    }

    /// Plans the task for what is seen.
    func plan(in seen: Observation) throws(PVUSBError) -> Plan {
        guard seen.recordVersion ?? Record.version <= Record.version else { throw .newerRecords }
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
        case .removeController(let id, let devices):
            return try seen.planRemoval(of: id, taking: devices)
        case .destroyController(let id): return try seen.planDestruction(of: id)
        case .removeOrphan(let id): return try seen.planOrphan(id)
        }
    }
}

extension Observation {
    /// Plans a device's way back for somebody who asked for it.
    fileprivate func planDetach(
        of device: BusID, from place: Place?, rebind: Bool
    ) throws(PVUSBError) -> Plan {
        try checkReadable(device)
        try check(device, isIn: place)
        let status = status(of: device)
        guard status.state != .hub else {
            throw PVUSBError(.refused, "\(device) is a hub; no guest ever has one")
        }
        guard status.state != .contested else {
            if place == nil { try checkContest(of: device) }
            return planWithdrawal(of: device, from: place)
        }
        return rebind ? planHost(of: device) : planParking(of: device)
    }

    /// Nobody but the caller can say which of two ports shall keep a device, if none is ours.
    fileprivate func checkContest(of device: BusID) throws(PVUSBError) {
        let status = status(of: device)
        guard status.state != .contested || ourClaim(on: device, places(of: device)) != nil else {
            throw .unfinished(status)
        }
    }
}

extension Observation {
    /// Refuses to touch a device of which nobody can say which driver has it.
    fileprivate func checkReadable(_ device: BusID) throws(PVUSBError) {
        guard let reason = unreadableReason(of: device) else { return }
        throw PVUSBError(
            .failed, "\(device) can't be read", cause: reason,
            remedy: "plug it in again, then type: pvusb recover \(device)")
    }

    /// Makes sure that the port named still holds the device it held when it was named.
    fileprivate func check(_ device: BusID, isIn place: Place?) throws(PVUSBError) {
        guard let place, content(of: place) != .device(device) else { return }
        throw PVUSBError(
            .busy,
            "port \(place.label) of domain \(place.controller.domain) does not hold "
                + "\(device) any more", remedy: "pvusb list")
    }
}
