internal import USBModel

extension Observation {
    /// Plans a device's way back for somebody who asked for it.
    func planDetach(
        of device: BusID, from place: Place?, rebind: Bool
    ) throws(PVUSBError) -> Plan {
        try checkReadable(device)
        try check(device, isIn: place)
        let status = status(of: device)
        guard status.state != .hub else {
            throw PVUSBError(.refused, "\(device) is a hub; no guest ever has one")
        }
        guard status.state != .contested else {
            if place == nil { try checkContest(of: device) }
            return planWithdrawal(of: device, from: place)
        }
        return rebind ? planHost(of: device) : planParking(of: device)
    }

    /// Nobody but the caller can say which of two ports shall keep a device, if none is ours.
    func checkContest(of device: BusID) throws(PVUSBError) {
        let status = status(of: device)
        guard status.state != .contested || claimToDrop(on: device, places(of: device)) != nil
        else {
            throw .unfinished(status)
        }
    }

    /// Refuses to touch a device of which nobody can say which driver has it.
    func checkReadable(_ device: BusID) throws(PVUSBError) {
        guard let reason = unreadableReason(of: device) else { return }
        throw PVUSBError(
            .failed, "\(device) can't be read", cause: reason,
            remedy: "plug it in again, then type: pvusb recover \(device)")
    }

    /// Makes sure that the port named still holds the device it held when it was named.
    private func check(_ device: BusID, isIn place: Place?) throws(PVUSBError) {
        guard let place, content(of: place) != .device(device) else { return }
        throw PVUSBError(
            .busy,
            "port \(place.label) of domain \(place.controller.domain) does not hold "
                + "\(device) any more", remedy: "pvusb list")
    }
}
