public import USBModel

extension Observation {
    /// Plans a device's way into a guest.
    ///
    /// - Throws: why it can't be there: the device is a hub, too fast, taken or half done; the
    ///   place does not exist or is taken.
    public func planAttach(
        of id: BusID, to domain: DomainView, at wish: PlaceWish?
    ) throws(PVUSBError) -> Plan {
        guard domain.id != .zero else { throw .hostIsNoTarget }
        guard let device = host.device(id) else {
            throw PVUSBError(
                .notFound, "\(id) is not plugged in", remedy: "pvusb devices")
        }
        guard !device.isHub else {
            throw PVUSBError(.refused, "\(id) is a hub; a hub is never given to a guest")
        }
        guard !device.interfaces.isEmpty else {
            throw PVUSBError(
                .refused, "\(id) has no interfaces that a guest could have",
                remedy: "plug it in again")
        }
        if let spot = try spotSoFar(of: device, in: domain, wish) {
            if status(of: id).state != .assigned { try checkQEMU(of: spot.place) }
            return planAttach(of: device, at: spot, vm: domain.vm)
        }
        let spot = try freeSpot(for: device, in: domain, wish)
        return planAttach(of: device, at: spot, vm: domain.vm)
    }

    /// Where an attach is that this command began or finished before; nil when it has no port yet.
    private func spotSoFar(
        of device: HostDevice, in domain: DomainView, _ wish: PlaceWish?
    ) throws(PVUSBError) -> Spot? {
        let status = status(of: device.id)
        switch status.state {
        case .host, .unbound, .parked: return nil
        case .assigned:
            guard let place = status.place, wish.allows(place, in: domain.id) else {
                throw busy(status)
            }
            return .port(place)
        case .attaching where status.record?.place == nil:
            guard status.record?.created?.domain == domain.id else { throw .unfinished(status) }
            return nil
        case .attaching, .assignedUncaptured:
            guard let place = status.record?.place ?? status.place,
                wish.allows(place, in: domain.id), status.place == nil || status.place == place
            else { throw inTheWay(status, of: domain) }
            return .port(place)
        case .detaching, .stale:
            guard let record = status.record, isDebris(record, of: device.id) else {
                throw .unfinished(status)
            }
            return nil
        default: throw .unfinished(status)
        }
    }

    /// What another guest's port holds is that guest's, finished or not.
    private func inTheWay(_ status: DeviceStatus, of domain: DomainView) -> PVUSBError {
        guard let place = status.place, place.controller.domain != domain.id else {
            return .unfinished(status)
        }
        let name =
            self.domain(place.controller.domain)?.label ?? "domain \(place.controller.domain)"
        return PVUSBError(
            .busy, "\(status.id) is on its way into \(name) at \(place.label)",
            cause: status.problems.first, remedy: status.remedy)
    }

    private func busy(_ status: DeviceStatus) -> PVUSBError {
        let place = status.place.map { place in
            let number = place.controller.domain
            let name = domain(number)?.label ?? "domain \(number)"
            return "\(name) at \(place.label)"
        }
        return PVUSBError(
            .busy, "\(status.id) is in \(place ?? "a guest")",
            remedy: "pvusb detach \(status.id)")
    }

    private func planAttach(of device: HostDevice, at spot: Spot, vm: String?) -> Plan {
        let place = spot.place
        let goal = Goal.assigned(device.id, place)
        let status = status(of: device.id)
        guard status.state != .assigned else {
            return Plan(goal, adoption(of: device.id, status), given: self)
        }
        let before = status.record
        let replaced = before.flatMap { record in
            isDebris(record, of: device.id) || isOutlived(record, vm, spot) ? record : nil
        }
        let known = before?.identity == device.identity && replaced == nil ? before : nil
        let record = Record(
            goal: .attach, place: place, created: spot.creation?.controller ?? known?.created,
            vm: vm, qmp: place.kind == .deviceModel ? device.address.qemuID : nil,
            identity: device.identity,
            interfaces: device.interfaces.map {
                RecordedInterface(id: $0.id, driver: driverToGiveBack($0, known))
            })
        var attached = record
        attached.goal = .attached
        attached.created = nil
        let claim = Claim(device: device.id, place: place, record: record, replacing: replaced)
        let steps =
            creation(spot, claim.registration) + clearance(of: device.id, for: place, record)
            + capture(device, claim, unbinding: unbinds(device, record))
            + configuring(.port(place)) + [.record(device.id, attached)]
        return Plan(goal, steps, given: self)
    }

    /// Tells whether a record names no port yet, and the controller that was made for it is gone,
    /// be it with the domain that it was made in.
    private func isOutlived(_ record: Record, _ vm: String?, _ spot: Spot) -> Bool {
        guard record.goal == .attach, record.place == nil else { return false }
        return record.vm != vm || spot.creation != nil
    }

    /// The controller that has to be made first, with a record that says for which device.
    private func creation(_ spot: Spot, _ claimed: Registration) -> [Step] {
        guard let creation = spot.creation else { return [] }
        var record = claimed.record
        record.place = nil
        let new = Registration(
            device: claimed.device, record: record, replacing: claimed.replaced)
        let kind = creation.settings.kind
        return [.createControllerFor(new, creation.controller, creation.settings)]
            + configuring(.controller(creation.controller))
            + (kind.backend == nil ? [] : [.awaitBackend(creation.controller, kind)])
    }

    /// What must be out of the way first: a port is never written in place, so a device that was
    /// replugged is claimed anew; and usbback dies of a device that is registered twice.
    private func clearance(of id: BusID, for place: Place, _ record: Record) -> [Step] {
        let status = status(of: id)
        let isStuck = status.device.map { isInTheWay($0, at: place) } ?? false
        guard status.state != .assignedUncaptured, !isStuck else {
            let captured = (status.device?.interfaces ?? []).filter {
                $0.driver == SysfsPath.usbback
            }
            let unbinds = captured.map { Step.unbind($0.id, from: SysfsPath.usbback) }
            guard place.kind.isQEMU else {
                return [.record(id, record)] + unbinds + [.clear(id, place), .awaitReleased(id)]
            }
            return recall(
                id, from: place, record, unbinding: unbinds, known: status.record?.qmp)
        }
        // Emptied by a command that was cut short, the port may be in use for QEMU still.
        if place.kind == .qusb, status.places.isEmpty, status.record?.place == place {
            return [.awaitForgotten(id, place)]
        }
        let known = host.portTable?.entries.first { $0.device == id }
        return known == nil || known?.place == place ? [] : [.awaitReleased(id)]
    }

    /// What the record says already, for an interface that is captured; else what is seen.
    private func driverToGiveBack(_ interface: HostInterface, _ record: Record?) -> DriverName? {
        if let recorded = record?.driver(of: interface.id) { return recorded }
        return interface.isHostsOwn ? interface.driver : nil
    }

    /// Each interface leaves the ordinary driver it has, or had when the attach began.
    private func unbinds(_ device: HostDevice, _ record: Record) -> [Step] {
        device.interfaces.compactMap { interface in
            let seen = interface.driver == SysfsPath.usbback ? nil : interface.driver
            return (seen ?? record.driver(of: interface.id)).map { .unbind(interface.id, from: $0) }
        }
    }
}

extension Optional<PlaceWish> {
    fileprivate func allows(_ place: Place, in domain: DomainID) -> Bool {
        guard place.controller.domain == domain else { return false }
        guard let self else { return true }
        guard self.controller == place.controller.number else { return false }
        return self.port == nil || self.port == place.port
    }
}

extension PVUSBError {
    /// Domain 0 is where the devices are already.
    static let hostIsNoTarget = PVUSBError(
        .refused, "domain 0 is the host itself; a device or controller goes to a guest")

    /// Something half done is in the way.
    static func unfinished(_ status: DeviceStatus) -> PVUSBError {
        let problem = status.problems.first ?? "\(status.id) is \(status.state.rawValue)"
        return PVUSBError(
            .unfinished, problem, remedy: status.remedy ?? "pvusb recover \(status.id)")
    }
}
