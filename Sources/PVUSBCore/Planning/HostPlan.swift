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
        case .contested: return withdrawalPlan(of: id, status)
        default: return Plan(goal, wayHome(of: id, status), given: self)
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
        case .contested: return withdrawalPlan(of: id, status)
        default:
            let record = status.record ?? newRecord(of: id, status)
            let steps = wayOut(of: id, status) + [.record(id, record.with(goal: .parked))]
            return Plan(goal, steps, given: self)
        }
    }

    /// Plans to finish or undo what was left half done.
    ///
    /// - Parameter named: whether somebody named this device; only then an unbound device
    ///   without a record is given to the drivers.
    public func planRecovery(of id: BusID, named: Bool) -> Plan {
        let status = status(of: id)
        switch status.state {
        case .assigned:
            return Plan(status.place.map { .assigned(id, $0) } ?? .host(id), [], given: self)
        case .hub, .host: return Plan(.host(id), [], given: self)
        case .parked where !named: return Plan(.host(id), [], given: self)
        case .unbound:
            let probes = (status.device?.interfaces ?? []).map { Step.probe($0.id) }
            // A probe would hand a device that is still listed straight back to usbback.
            let release: [Step] = host.portTable?.lists(id) == true ? [.awaitReleased(id)] : []
            return Plan(.host(id), named ? release + probes : [], given: self)
        case .attaching: return finishedAttach(status) ?? planHost(of: id)
        default: return planHost(of: id)
        }
    }

    /// All is done but the last note: every interface captured, the port held.
    private func finishedAttach(_ status: DeviceStatus) -> Plan? {
        guard var record = status.record, let place = record.place, status.place == place,
            status.device?.isCaptured == true
        else { return nil }
        record.goal = .attached
        return Plan(.assigned(status.id, place), [.record(status.id, record)], given: self)
    }

    private func wayHome(of id: BusID, _ status: DeviceStatus) -> [Step] {
        let record = status.record ?? newRecord(of: id, status)
        let known = isSame(status, record) ? record : nil
        let returns = touched(status, record)
            .filter { $0.isStranded || record.driver(of: $0.id) == $0.driver }
            .map { returning($0, by: known) }
        return wayOut(of: id, status) + returns + [.forget(id)]
    }

    /// Out of the guest: unbind everything from usbback, then clear the port, and no other order.
    private func wayOut(of id: BusID, _ status: DeviceStatus) -> [Step] {
        let record = status.record ?? newRecord(of: id, status)
        var steps: [Step] = [.record(id, record.with(goal: .detach))]
        steps += touched(status, record).map { .unbind($0.id, from: SysfsPath.usbback) }
        if let place = status.place ?? record.place { steps.append(.clear(id, place)) }
        steps.append(.awaitReleased(id))
        return steps
    }

    private func isSame(_ status: DeviceStatus, _ record: Record) -> Bool {
        record.identity != nil && record.identity == status.device?.identity
    }

    /// Of another device on the recorded socket, only what no ordinary driver has is touched.
    private func touched(_ status: DeviceStatus, _ record: Record) -> [HostInterface] {
        let interfaces = status.device?.interfaces ?? []
        return isSame(status, record) ? interfaces : interfaces.filter(\.isStranded)
    }

    /// A recorded driver is applied to the recorded device only; any other is probed.
    private func returning(_ interface: HostInterface, by record: Record?) -> Step {
        guard let driver = record?.driver(of: interface.id), host.drivers.contains(driver) else {
            return .probe(interface.id)
        }
        return .bind(interface.id, to: driver)
    }

    private func withdrawalPlan(of id: BusID, _ status: DeviceStatus) -> Plan {
        let others = places(of: id).filter { $0 != status.record?.place }
        let goal = others.count == 1 ? others.first.map { Goal.assigned(id, $0) } : nil
        return Plan(goal ?? .host(id), withdrawal(of: id, status), given: self)
    }

    /// Two ports hold the device: only our own claim is withdrawn, nothing is unbound that the
    /// other port holds.
    private func withdrawal(of id: BusID, _ status: DeviceStatus) -> [Step] {
        guard let record = status.record, let place = record.place else { return [] }
        let isOurs = host.portTable?.entries.contains { $0.device == id && $0.place == place }
        let captured = (status.device?.interfaces ?? []).filter { $0.driver == SysfsPath.usbback }
        // usbback dies of a port that is cleared under a device it has for that port.
        let unbinds = isOurs == true ? captured : []
        return [.record(id, record.with(goal: .detach))]
            + unbinds.map { .unbind($0.id, from: SysfsPath.usbback) }
            + [.clear(id, place), .withdrawRecord(id)]
    }

    /// The record of a device that another tool gave away; its drivers are not known to us.
    private func newRecord(of id: BusID, _ status: DeviceStatus) -> Record {
        let domain = status.place.flatMap { self.domain($0.controller.domain) }
        let interfaces = (status.device?.interfaces ?? []).map { interface in
            let isOrdinary = interface.driver != SysfsPath.usbback
            return RecordedInterface(id: interface.id, driver: isOrdinary ? interface.driver : nil)
        }
        return Record(
            goal: .detach, place: status.place, vm: domain?.vm, identity: status.device?.identity,
            interfaces: interfaces)
    }
}

extension Record {
    fileprivate func with(goal: RecordGoal) -> Record {
        var copy = self
        copy.goal = goal
        return copy
    }
}

extension HostInterface {
    /// Without an ordinary driver: with the passthrough driver, or with none.
    fileprivate var isStranded: Bool { driver == nil || driver == SysfsPath.usbback }
}
