internal import USBModel

// What belongs together comes back together: some drivers take several interfaces at once, from the
// one that leads (cdc_ether.c, `usbnet_generic_cdc_bind`; sound/usb/card.c): one that was bound alone
// keeps the leader out, and one that does not lead can't be bound alone.
extension Observation {
    /// Plans that what refused to come back does so together with what its driver has already.
    func planRejoining(of id: BusID) -> Plan {
        let status = status(of: id)
        let none = Plan(.host(id), [], given: self)
        guard let record = status.record, status.state == .detaching, status.places.isEmpty,
            isSame(status, record)
        else { return none }
        let interfaces = status.device?.interfaces ?? []
        let stranded = interfaces.filter { $0.driver == nil }.map { record.driver(of: $0.id) }
        let tied = interfaces.filter { interface in
            interface.driver.map { stranded.contains($0) && record.driver(of: interface.id) == $0 }
                ?? false
        }
        guard !tied.isEmpty else { return none }
        let returns = interfaces.filter { $0.isStranded || tied.contains($0) }
            .map { returning($0, by: record) }
        let end = withdrawal(of: record, for: id) + [.forget(id)]
        return Plan(.host(id), unbinds(of: tied) + returns + end, given: self)
    }

    /// Gives the rest of a device back of which some interfaces have their drivers and others do
    /// not: xl gives them back one by one, and stops at the first that is refused.
    ///
    /// By xl's notes, where it left any; else by the classes, as xl drops its notes before it is
    /// done. For somebody who names the device only: most that look like this were never whole.
    func returnOfRest(_ status: DeviceStatus) -> [Step] {
        guard let device = status.device else { return [] }
        let stranded = device.interfaces.filter { $0.driver == nil }
        let noted = stranded.filter { notedDriver(of: $0.id) != nil }
        guard noted.isEmpty else {
            let returns = noted.compactMap { interface in
                notedDriver(of: interface.id).map { Step.bind(interface.id, to: $0) }
            }
            return recorded(device) + returns + [.forget(device.id)]
        }
        guard let returns = returnByLeaders(of: device) else { return noteRemoval(device.id) }
        return recorded(device) + returns
    }

    /// The same, begun before and cut short, as the record tells; nil for any other way home.
    func rejoining(_ status: DeviceStatus) -> [Step]? {
        guard let device = status.device, let record = status.record, record.goal == .detach,
            record.place == nil, record.created == nil, status.places.isEmpty,
            isSame(status, record),
            device.interfaces.allSatisfy({ interface in
                // One whose driver is recorded goes to that by itself.
                interface.driver.map { $0 != SysfsPath.usbback }
                    ?? (record.driver(of: interface.id) == nil)
            })
        else { return nil }
        return returnByLeaders(of: device)
    }

    /// Takes the interfaces that lead others from their drivers and gives them back, and the others
    /// with them; nil when none leads one that has no driver.
    private func returnByLeaders(of device: HostDevice) -> [Step]? {
        let stranded = device.interfaces.filter { $0.driver == nil }
        let leaders = device.interfaces.filter { leader in
            leader.driver != nil && stranded.contains { leader.leads($0) }
        }
        guard !leaders.isEmpty else { return nil }
        let returns = leaders.compactMap { leader in
            leader.driver.map { Step.bind(leader.id, to: $0) }
        }
        return unbinds(of: leaders) + returns + stranded.map { .probe($0.id) }
            + [.forget(device.id)]
    }

    /// Whoever comes after a death in between has to know which drivers there were.
    private func recorded(_ device: HostDevice) -> [Step] {
        let interfaces = device.interfaces.map { interface in
            RecordedInterface(
                id: interface.id, driver: interface.driver ?? notedDriver(of: interface.id))
        }
        let record = Record(
            goal: .detach, place: nil, vm: nil, identity: device.identity, interfaces: interfaces)
        return [.record(device.id, record)]
    }

    private func unbinds(of interfaces: [HostInterface]) -> [Step] {
        interfaces.compactMap { interface in
            interface.driver.map { Step.unbind(interface.id, from: $0) }
        }
    }
}

extension HostInterface {
    /// Whether a driver that has this interface may take another one with it.
    fileprivate func leads(_ other: HostInterface) -> Bool {
        switch other.interfaceClass {
        case .audio, .video: interfaceClass == other.interfaceClass
        case .data: interfaceClass == .communications
        default: false
        }
    }
}
