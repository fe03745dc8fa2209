internal import USBModel

/// What shows that a guest really has a device: usbback has every interface, or QEMU has the
/// device's node open. Port nodes and states only say what was asked for.
extension Observation {
    /// Tells whether the host's side of a place is done.
    func isTaken(_ device: HostDevice, at place: Place) -> Bool {
        guard place.kind.isQEMU else { return device.isCaptured }
        return isWithQEMU(device.id, of: place.controller.domain) ?? true
    }

    /// Tells whether a domain's QEMU has a device open; nil when nobody can tell.
    func isWithQEMU(_ id: BusID, of domain: DomainID) -> Bool? {
        guard let device = host.device(id), let qemu = qemus[domain] else { return false }
        return qemu.has(device.address)
    }

    /// Tells whether a domain has a QEMU that runs, or may for all that can be seen.
    func hasQEMU(_ domain: DomainID) -> Bool { qemus[domain]?.isRunning ?? false }

    /// The one of some places that really has the device; nil when none has.
    func actualPlace(of id: BusID, among places: [Place]) -> Place? {
        let listed = host.portTable?.entries.first { $0.device == id }?.place
        return places.first { place in
            place.kind.isQEMU
                ? isWithQEMU(id, of: place.controller.domain) == true : place == listed
        }
    }

    /// What a QEMU that was looked at has in a place; nil when it was not looked at since.
    func peripherals(at place: Place, known: String?) -> [Peripheral]? {
        peripherals[place.controller.domain]?.filter { $0.isAt(place, known: known) }
    }
}

extension HostInterface {
    /// Tells whether an ordinary driver has the interface for sure: neither usbback, which serves
    /// guests, nor a process that uses the whole device, as QEMU does.
    var isHostsOwn: Bool { driver != nil && driver != .usbback && driver != .usbfs }
}
