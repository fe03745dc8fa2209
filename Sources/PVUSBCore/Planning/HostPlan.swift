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
        case .contested: return Plan(goal, withdrawal(of: id, status), given: self)
        default: return Plan(goal, wayHome(of: id, status), given: self)
        }
    }

    /// Plans to finish or undo what was left half done.
    ///
    /// - Parameter named: whether somebody named this device; only then an unbound device
    ///   without a record is given to the drivers.
    public func planRecovery(of id: BusID, named: Bool) -> Plan {
        let status = status(of: id)
        switch status.state {
        case .assigned, .hub, .host: return Plan(.host(id), [], given: self)
        case .parked where !named: return Plan(.host(id), [], given: self)
        case .unbound:
            let probes = (status.device?.interfaces ?? []).map { Step.probe($0.id) }
            return Plan(.host(id), named ? probes : [], given: self)
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
        let place = status.place ?? record.place
        let interfaces = status.device?.interfaces ?? []
        let isSame = record.identity == nil || record.identity == status.device?.identity
        let touched = isSame ? interfaces : interfaces.filter(\.isStranded)
        var steps: [Step] = [.record(id, record.with(goal: .detach))]
        steps += touched.map { .unbind($0.id, from: SysfsPath.usbback) }
        if let place { steps += [.clear(id, place), .awaitReleased(id)] }
        steps += touched.map { returning($0, by: isSame ? record : nil) }
        steps.append(.forget(id))
        return steps
    }

    /// A recorded driver is applied to the recorded device only; any other is probed.
    private func returning(_ interface: HostInterface, by record: Record?) -> Step {
        guard let driver = record?.driver(of: interface.id), host.drivers.contains(driver) else {
            return .probe(interface.id)
        }
        return .bind(interface.id, to: driver)
    }

    /// Two ports hold the device: only our own claim is withdrawn, nothing is unbound.
    private func withdrawal(of id: BusID, _ status: DeviceStatus) -> [Step] {
        guard let record = status.record, let place = record.place else { return [] }
        return [.record(id, record.with(goal: .detach)), .clear(id, place), .forget(id)]
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
