internal import USBModel

extension Observation {
    /// Plans that one of several ports that hold a device lets it go.
    ///
    /// Nothing is unbound that another port holds: only if usbback has the device for this very
    /// port is it taken from usbback first, which dies of a port that is cleared under a device.
    ///
    /// - Parameter wanted: the port; nil means the one that our record names, else one of a domain
    ///   that is gone.
    func planWithdrawal(of id: BusID, from wanted: Place?) -> Plan {
        let places = places(of: id)
        guard let place = wanted ?? claimToDrop(on: id, places) else {
            return Plan(.host(id), [], given: self)
        }
        let steps = withdrawal(of: id, from: place, isOurs: place == ourClaim(on: id, places))
        return Plan(.withdrawn(id, from: place), steps, given: self)
    }

    private func withdrawal(of id: BusID, from place: Place, isOurs: Bool) -> [Step] {
        let isKnown = host.portTable?.entries.contains { $0.device == id && $0.place == place }
        let captured = (host.device(id)?.interfaces ?? []).filter {
            $0.driver == SysfsPath.usbback
        }
        let unbinds = (isKnown == true ? captured : [])
            .map { Step.unbind($0.id, from: SysfsPath.usbback) }
        let exit =
            unbinds + unplugging(id, place) + [.clear(id, place)]
            + configuring(.port(place))
        guard isOurs, let record = records[id] else { return exit }
        return [.record(id, record.with(goal: .detach))] + exit + [.withdrawRecord(id)]
    }

    /// What QEMU was told to have in the port.
    private func unplugging(_ id: BusID, _ place: Place) -> [Step] {
        guard place.kind == .deviceModel, hasQEMU(place.controller.domain) else { return [] }
        return [.unplug(id, place, known: nil)]
    }
}
