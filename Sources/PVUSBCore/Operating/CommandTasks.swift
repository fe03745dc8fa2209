internal import USBModel

extension Command {
    /// Resolves the command's names against what is seen.
    func tasks(in seen: Observation) throws(PVUSBError) -> [Task] {
        switch self {
        case .devices, .list, .show, .doctor, .awaitChange: return []
        case .addController(let domain, let wish):
            return [.addController(try seen.resolve(domain).id, wish)]
        case .removeController(let domain, let number, let force):
            let id = ControllerID(domain: try seen.resolve(domain).id, number: number)
            let devices = seen.devicesOf(controller: id)
            guard force else { return [.removeController(id, devices: devices, named: true)] }
            try seen.checkRemovable(id)
            // A device that can't be taken back does not keep the controller.
            return devices.map { .detach($0, from: nil, rebind: true) } + [.destroyController(id)]
        case .attach(let domain, let device, let wish):
            let domain = try seen.resolve(domain)
            guard domain.id != .zero else { throw .hostIsNoTarget }
            return [.attach(try seen.resolve(device), to: domain.id, at: wish)]
        case .detach(let device, let rebind):
            return [.detach(try seen.resolve(device), from: nil, rebind: rebind)]
        case .detachPlace(let domain, let place, let rebind):
            return try Self.detachTasks(try seen.resolve(domain), place, seen, rebind)
        case .apply(let file, let domain):
            return try seen.tasks(applying: file, to: try seen.resolve(domain))
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
        let place = seen.place(port, of: controller)
        switch seen.content(of: place) {
        case .device(let device): return [.detach(device, from: place, rebind: rebind)]
        case .missing:
            throw PVUSBError(
                .notFound, "\(domain.label) has no port \(wish.label)",
                remedy: "pvusb list \(domain.word)")
        case .free, .unreadable:
            guard let device = seen.deviceLeaving(place) else {
                throw PVUSBError(
                    .notFound, "port \(wish.label) of \(domain.label) holds no device",
                    remedy: "pvusb list \(domain.word)")
            }
            return [.detach(device, from: nil, rebind: rebind)]
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
        let devices = seen.takenDevices.filter { seen.status(of: $0).remedy != nil }
        return devices.map { .recover($0, named: false) } + removals(seen)
    }

    /// What destroyed domains left behind, and what was asked to go for good and is still there.
    private static func removals(_ seen: Observation) -> [Task] {
        seen.controllers.compactMap { controller in
            let id = controller.id
            if controller.isOrphan { return .removeOrphan(id) }
            guard seen.isLeftClosing(controller) else { return nil }
            return .removeController(id, devices: seen.devicesOf(controller: id), named: false)
        }
    }
}

extension Observation {
    /// What is not as it should be, but has neither a record nor a port.
    var devicesToName: [BusID] {
        let taken = Set(takenDevices)
        return deviceStatuses().filter { $0.remedy != nil && !taken.contains($0.id) }.map(\.id)
    }

    /// The device on its way back from a port that has been cleared already.
    fileprivate func deviceLeaving(_ place: Place) -> BusID? {
        records.filter { $1.place == place && $1.goal != .parked && places(of: $0).isEmpty }
            .keys.min()
    }
}
