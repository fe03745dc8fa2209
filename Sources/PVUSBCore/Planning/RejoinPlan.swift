internal import USBModel

extension Observation {
    /// Plans that what refused to come back does so together with what its driver has already.
    ///
    /// Some drivers take several interfaces at once, from the one that leads (cdc_ether.c,
    /// `usbnet_generic_cdc_bind`): one that was bound alone keeps the leader out.
    func planRejoining(of id: BusID) -> Plan {
        let status = status(of: id)
        guard let homes = homes(of: status) else { return Plan(.host(id), [], given: self) }
        let interfaces = status.device?.interfaces ?? []
        let wanted = Set(interfaces.filter { $0.driver == nil }.compactMap { homes.drivers[$0.id] })
        let tied = interfaces.filter { interface in
            interface.driver.map { wanted.contains($0) && homes.drivers[interface.id] == $0 }
                ?? false
        }
        guard !tied.isEmpty else { return Plan(.host(id), [], given: self) }
        let unbinds = tied.compactMap { tied in tied.driver.map { Step.unbind(tied.id, from: $0) } }
        let returns = interfaces.compactMap { interface -> Step? in
            guard interface.driver == nil || tied.contains(interface) else { return nil }
            guard let driver = homes.drivers[interface.id], host.drivers.contains(driver) else {
                return homes.isRecorded ? .probe(interface.id) : nil
            }
            return .bind(interface.id, to: driver)
        }
        return Plan(.host(id), unbinds + returns + homes.end, given: self)
    }

    /// The drivers that a device's interfaces had, and what ends their memory.
    private struct Homes {
        var drivers: [InterfaceID: DriverName]
        var isRecorded: Bool
        var end: [Step]
    }

    /// By our record of a device on its way back; by xl's notes of one without a record. Nil for
    /// any that somebody has.
    private func homes(of status: DeviceStatus) -> Homes? {
        guard status.places.isEmpty else { return nil }
        if let record = status.record {
            guard status.state == .detaching, isSame(status, record) else { return nil }
            return Homes(
                drivers: Self.drivers(record.interfaces), isRecorded: true,
                end: withdrawal(of: record, for: status.id) + [.forget(status.id)])
        }
        guard status.state == .host, let notes = notes[status.id] else { return nil }
        return Homes(
            drivers: Self.drivers(notes.interfaces), isRecorded: false,
            end: noteRemoval(status.id))
    }

    private static func drivers(_ interfaces: [RecordedInterface]) -> [InterfaceID: DriverName] {
        var drivers: [InterfaceID: DriverName] = [:]
        for interface in interfaces { drivers[interface.id] = interface.driver }
        return drivers
    }
}
