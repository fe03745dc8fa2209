public import USBModel

extension Observation {
    /// Plans a device's way back to its host drivers, from wherever it is.
    ///
    /// Detach, recovery and the undoing of a failed attach are all this plan. A device that is
    /// simply the host's has nothing to do.
    public func planHost(of id: BusID) -> Plan {
        let goal = Goal.host(id)
        let status = status(of: id)
        switch status.state {
        case .host, .unbound, .hub: return Plan(goal, [], given: self)
        case .contested: return planWithdrawal(of: id, from: nil)
        default:
            let steps = rejoining(status) ?? wayHome(of: id, status)
            return Plan(goal, steps, given: self)
        }
    }

    /// Plans a device's way out of a guest that ends without a driver, until somebody names it to
    /// `recover` or gives it away again.
    ///
    /// A device that no guest has, and that nothing was begun with, stays as it is.
    public func planParking(of id: BusID) -> Plan {
        let goal = Goal.parked(id)
        let status = status(of: id)
        switch status.state {
        case .host, .unbound, .hub, .parked: return Plan(goal, [], given: self)
        case .contested: return planWithdrawal(of: id, from: nil)
        default:
            let record = presentRecord(of: id, status)
            guard isSame(status, record) else {
                return Plan(goal, wayHome(of: id, status), given: self)
            }
            let unbinds = touched(status, record).compactMap { interface in
                driverToLeave(interface, record, status).map {
                    Step.unbind(interface.id, from: $0)
                }
            }
            let end = withdrawal(of: record, for: id) + [.record(id, record.parked)]
            return Plan(goal, wayOut(of: id, status) + unbinds + end, given: self)
        }
    }

    /// Plans to finish or undo what was left half done.
    ///
    /// - Parameter named: whether somebody named this device; only then one without a record is
    ///   given to the drivers, and what xl left of it is dropped.
    public func planRecovery(of id: BusID, named: Bool) -> Plan {
        let status = status(of: id)
        switch status.state {
        case .assigned:
            let goal = status.place.map { Goal.assigned(id, $0) }
            return Plan(goal ?? .host(id), adoption(of: id, status), given: self)
        case .hub: return Plan(.host(id), [], given: self)
        case .host: return Plan(.host(id), named ? returnOfRest(status) : [], given: self)
        case .parked where !named: return Plan(.host(id), [], given: self)
        case .unbound: return Plan(.host(id), named ? returnOfUnbound(status) : [], given: self)
        case .attaching: return finishedAttach(status) ?? planHost(of: id)
        default: return planHost(of: id)
        }
    }

    /// The record follows the device into the port that another tool gave it.
    func adoption(of id: BusID, _ status: DeviceStatus) -> [Step] {
        guard status.recordIsDead, let record = status.record, let place = status.place else {
            return []
        }
        var adopted = moved(record, status)
        adopted.goal = .attached
        adopted.place = place
        return [.adopt(Registration(device: id, record: adopted, replacing: record))]
    }

    /// A device that nobody has and no record names goes to the drivers that xl noted, or to any.
    private func returnOfUnbound(_ status: DeviceStatus) -> [Step] {
        let id = status.id
        // A probe would hand a device that is still listed straight back to usbback.
        let release: [Step] = host.portTable?.lists(id) == true ? [.awaitReleased(id)] : []
        let returns = (status.device?.interfaces ?? []).map { interface in
            notedDriver(of: interface.id).map { Step.bind(interface.id, to: $0) }
                ?? Step.probe(interface.id)
        }
        return release + returns + noteRemoval(id)
    }

    /// The driver that xl noted for an interface, if it is there to be given one.
    func notedDriver(of interface: InterfaceID) -> DriverName? {
        notes[interface.device]?.driver(of: interface).flatMap {
            host.drivers.contains($0) ? $0 : nil
        }
    }

    func noteRemoval(_ id: BusID) -> [Step] {
        notes[id] == nil ? [] : [.dropNotes(id)]
    }

    /// All is done but the last note: every interface captured, the port held.
    private func finishedAttach(_ status: DeviceStatus) -> Plan? {
        guard var record = status.record, let place = record.place, status.place == place,
            !isLeftBehind(place), let device = status.device, isTaken(device, at: place),
            !isForgotten(status.id, at: place)
        else { return nil }
        record.goal = .attached
        record.created = nil
        let steps = configuring(.port(place)) + [.record(status.id, record)]
        return Plan(.assigned(status.id, place), steps, given: self)
    }

    private func wayHome(of id: BusID, _ status: DeviceStatus) -> [Step] {
        let record = presentRecord(of: id, status)
        let known = isSame(status, record) ? record : nil
        let returns = touched(status, record)
            .filter { isStranded($0, status) || record.driver(of: $0.id) == $0.driver }
            .map { returning($0, by: known) }
        return wayOut(of: id, status) + returns + withdrawal(of: record, for: id) + [.forget(id)]
    }

    /// Out of the guest: unbind everything from usbback, then clear the port, and no other order.
    private func wayOut(of id: BusID, _ status: DeviceStatus) -> [Step] {
        let record = presentRecord(of: id, status).with(goal: .detach)
        let place = status.place ?? record.place
        let interfaces = touched(status, record)
        if let place, place.kind.isQEMU {
            let captured = interfaces.filter { $0.driver == SysfsPath.usbback }
            return recall(
                id, from: place, record, unbinding: captured.map(takingFromUsbback),
                known: record.qmp, then: configuring(.port(place)))
                + (host.portTable?.lists(id) == true ? [.awaitReleased(id)] : [])
        }
        return [.record(id, record)] + interfaces.map(takingFromUsbback)
            + (place.map { [.clear(id, $0)] } ?? []) + [.awaitReleased(id)]
            + (place.map { configuring(.port($0)) } ?? [])
    }

    private func takingFromUsbback(_ interface: HostInterface) -> Step {
        .unbind(interface.id, from: SysfsPath.usbback)
    }

    /// The driver that would have the interface in the end, were it not taken away on purpose:
    /// what QEMU lets go of goes back by itself.
    private func driverToLeave(
        _ interface: HostInterface, _ record: Record, _ status: DeviceStatus
    ) -> DriverName? {
        guard isStranded(interface, status) else { return interface.driver }
        return (status.place ?? record.place)?.kind.isQEMU == true
            ? record.driver(of: interface.id) : nil
    }

    /// Without an ordinary driver: with the passthrough driver, with QEMU, or with none.
    private func isStranded(_ interface: HostInterface, _ status: DeviceStatus) -> Bool {
        let place = status.place ?? status.record?.place
        return interface.isStranded || (interface.driver == .usbfs && place?.kind.isQEMU == true)
    }

    func isSame(_ status: DeviceStatus, _ record: Record) -> Bool {
        record.identity != nil && record.identity == status.device?.identity
    }

    /// Of another device on the recorded socket, only what no ordinary driver has is touched.
    private func touched(_ status: DeviceStatus, _ record: Record) -> [HostInterface] {
        let interfaces = status.device?.interfaces ?? []
        return isSame(status, record) ? interfaces : interfaces.filter { isStranded($0, status) }
    }

    /// A recorded driver is applied to the recorded device only; any other is probed.
    func returning(_ interface: HostInterface, by record: Record?) -> Step {
        guard let driver = record?.driver(of: interface.id), host.drivers.contains(driver) else {
            return .probe(interface.id)
        }
        return .bind(interface.id, to: driver)
    }
}

extension Observation {
    /// The record that counts: what was recorded, about the port where the device is now.
    private func presentRecord(of id: BusID, _ status: DeviceStatus) -> Record {
        guard let record = status.record else { return newRecord(of: id, status) }
        return status.recordIsDead && status.place != nil ? moved(record, status) : record
    }

    /// A record of an earlier time, of which the drivers still count if it is the same device.
    private func moved(_ record: Record, _ status: DeviceStatus) -> Record {
        var fresh = newRecord(of: status.id, status)
        if isSame(status, record) { fresh.interfaces = record.interfaces }
        return fresh
    }

    /// Tells whether xl's notes are of an earlier device: they are what pvusb made for that one.
    private func hasNotesOfAnother(_ status: DeviceStatus) -> Bool {
        guard let record = status.record, record.identity != nil, !isSame(status, record) else {
            return false
        }
        return record.place?.kind == .pv && notes[status.id]?.interfaces == record.interfaces
    }

    /// The record of a device that another tool gave away, with the drivers that tool noted.
    private func newRecord(of id: BusID, _ status: DeviceStatus) -> Record {
        let domain = status.place.flatMap { self.domain($0.controller.domain) }
        let notes = hasNotesOfAnother(status) ? nil : notes[id]
        let interfaces = (status.device?.interfaces ?? []).map { interface in
            let isOrdinary = interface.isHostsOwn
            return RecordedInterface(
                id: interface.id,
                driver: isOrdinary ? interface.driver : notes?.driver(of: interface.id))
        }
        return Record(
            goal: .detach, place: status.place, vm: domain?.vm, identity: status.device?.identity,
            interfaces: interfaces)
    }
}

extension Record {
    /// The record of the device when it was left aside.
    fileprivate var parked: Record {
        var copy = with(goal: .parked)
        copy.created = nil
        return copy
    }

    /// The same record, changed to what another one says of what is meant (`StoreChange.decide`).
    func following(_ other: Record) -> Record {
        var copy = with(goal: other.goal)
        copy.place = other.place ?? place
        copy.vm = other.place == nil ? vm : other.vm ?? vm
        if other.created == nil { copy.created = nil }
        return copy
    }

    func with(goal: RecordGoal) -> Record {
        var copy = self
        copy.goal = goal
        return copy
    }
}

extension HostInterface {
    /// Without an ordinary driver: with the passthrough driver, or with none.
    var isStranded: Bool { driver == nil || driver == SysfsPath.usbback }
}
