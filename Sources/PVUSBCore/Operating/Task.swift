internal import USBModel

/// One thing with names resolved, which an operation plans and executes under one lock.
enum Task: Hashable, Sendable {
    case attach(BusID, to: DomainID, at: PlaceWish?)
    case detach(BusID, from: Place?, rebind: Bool)
    case recover(BusID, named: Bool)
    case addController(DomainID, ControllerSettings)
    case removeController(ControllerID, devices: [BusID], force: Bool)

    /// What no other pvusb may work on meanwhile, in the order of taking: devices, then domain.
    var locks: [Lock] {
        switch self {
        case .attach(let device, _, _), .detach(let device, _, _), .recover(let device, _):
            [Lock(.device(device))]
        case .addController(let domain, _): [Lock(.domain(domain))]
        case .removeController(let id, let devices, _):
            devices.sorted().map { Lock(.device($0)) } + [Lock(.domain(id.domain))]
        }
    }

    /// Tells whether the task is passed over when another process has its lock: nobody named it.
    var yieldsToOthers: Bool {
        guard case .recover(_, named: false) = self else { return false }
        return true
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
            try seen.checkReadable(device)
            try seen.checkKind(of: device)
            try seen.check(device, isIn: place)
            guard !seen.status(of: device).isHub else {
                throw PVUSBError(.refused, "\(device) is a hub; no guest ever has one")
            }
            guard seen.status(of: device).state != .contested else {
                throw .unfinished(seen.status(of: device))
            }
            return rebind ? seen.planHost(of: device) : seen.planParking(of: device)
        case .recover(let device, let named):
            try seen.checkReadable(device)
            try seen.checkKind(of: device)
            let status = seen.status(of: device)
            guard status.state != .contested || status.record != nil else {
                throw .unfinished(status)
            }
            return seen.planRecovery(of: device, named: named)
        case .addController(let domain, let settings):
            return try seen.planController(for: try seen.resolve(.number(domain)), settings)
        case .removeController(let id, let devices, let force):
            return try seen.planRemoval(of: id, taking: devices, force: force)
        }
    }
}

extension Observation {
    /// Refuses to touch a device that QEMU has: only usbback's are understood yet.
    fileprivate func checkKind(of device: BusID) throws(PVUSBError) {
        guard let kind = status(of: device).kind, kind != .pv else { return }
        throw PVUSBError(
            .failed,
            "\(device) is on a controller of kind \(kind.rawValue), which this version of "
                + "pvusb only looks at", remedy: "use xl usbdev-detach")
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

extension DeviceStatus {
    fileprivate var isHub: Bool { state == .hub }
}

extension Command {
    /// Resolves the command's names against what is seen.
    func tasks(in seen: Observation) throws(PVUSBError) -> [Task] {
        switch self {
        case .devices, .list: return []
        case .addController(let domain, let settings):
            return [.addController(try seen.resolve(domain).id, settings)]
        case .removeController(let domain, let number, let force):
            let id = ControllerID(domain: try seen.resolve(domain).id, number: number)
            let devices = seen.devicesOf(controller: id)
            return [.removeController(id, devices: devices, force: force)]
        case .attach(let domain, let device, let wish):
            let domain = try seen.resolve(domain)
            guard domain.id != .zero else { throw .hostIsNoTarget }
            return [.attach(try seen.resolve(device), to: domain.id, at: wish)]
        case .detach(let device, let rebind):
            return [.detach(try seen.resolve(device), from: nil, rebind: rebind)]
        case .detachPlace(let domain, let place, let rebind):
            return try Self.detachTasks(try seen.resolve(domain), place, seen, rebind)
        case .recover(let selectors):
            return try Self.recoveries(selectors, seen)
        }
    }

    private static func detachTasks(
        _ domain: DomainView, _ wish: PlaceWish, _ seen: Observation, _ rebind: Bool
    ) throws(PVUSBError) -> [Task] {
        guard let port = wish.port else {
            throw PVUSBError(.usage, "'\(wish.label)' names no port: write CONTROLLER:PORT")
        }
        let controller = ControllerID(domain: domain.id, number: wish.controller)
        let place = Place(controller: controller, port: port)
        switch seen.content(of: place) {
        case .device(let device): return [.detach(device, from: place, rebind: rebind)]
        case .missing:
            throw PVUSBError(
                .notFound, "\(domain.label) has no port \(wish.label)",
                remedy: "pvusb list \(domain.word)")
        case .free, .unreadable:
            throw PVUSBError(
                .notFound, "port \(wish.label) of \(domain.label) holds no device",
                remedy: "pvusb list \(domain.word)")
        }
    }

    private static func recoveries(
        _ selectors: [DeviceSelector], _ seen: Observation
    ) throws(PVUSBError) -> [Task] {
        guard selectors.isEmpty else {
            var devices: [BusID] = []
            for selector in selectors { devices.append(try seen.resolve(selector)) }
            return Set(devices).sorted().map { .recover($0, named: true) }
        }
        return seen.takenDevices.filter { seen.status(of: $0).remedy != nil }
            .map { .recover($0, named: false) }
    }
}
