internal import USBModel

/// What others did since the plan was made, and what makes its next step a wrong one.
///
/// Who looks and then acts can still be too late; but what was seen is not acted against.
extension Step {
    /// Why the step must not be done now, so that it is planned anew; nil when it may be.
    func obstacle(
        in seen: Observation, _ identities: [BusID: DeviceIdentity]
    ) -> PVUSBError? {
        switch self {
        case .bind(let interface, let driver) where driver == SysfsPath.usbback:
            seen.stranger(on: interface.device, identities) ?? seen.hold(beside: interface)
        case .bind(let interface, _):
            seen.stranger(on: interface.device, identities) ?? seen.capture(of: interface.device)
        case .probe(let interface): seen.capture(of: interface.device)
        // Plugged in again before its port was forgotten, a device may be with usbback after all.
        case .forget(let device): seen.capture(of: device)
        case .unbind(let interface, let driver) where driver != SysfsPath.usbback:
            seen.stranger(on: interface.device, identities)
        case .clear(let device, let place) where seen.isKnown(device, at: place):
            seen.capture(of: device)
        case .record(let device, let record) where record.goal == .parked:
            seen.homecoming(of: device)
        default: nil
        }
    }
}

extension Step {
    /// Tells whether it has to be looked again although the wish was seen fulfilled: usbback may
    /// have looked at the port after the last look at its table and before the port was cleared.
    func isUncertain(after last: StepReport?) -> Bool {
        guard case .awaitReleased = self, case .clear? = last?.step else { return false }
        return last?.result == .done
    }
}

extension Plan {
    /// Which devices the plan's binds are for, by socket.
    func movedDevices(in seen: Observation) -> [BusID: DeviceIdentity] {
        var identities: [BusID: DeviceIdentity] = [:]
        for step in steps {
            guard case .bind(let interface, _) = step else { continue }
            identities[interface.device] = seen.host.device(interface.device)?.identity
        }
        return identities
    }
}

extension Observation {
    /// Another device is on the socket than the one the plan was made for.
    fileprivate func stranger(
        on socket: BusID, _ identities: [BusID: DeviceIdentity]
    ) -> PVUSBError? {
        guard let planned = identities[socket], let present = host.device(socket),
            present.identity != planned
        else { return nil }
        return PVUSBError(
            .busy, "another device came to the socket of \(socket) meanwhile",
            remedy: "pvusb recover \(socket)")
    }

    /// The host has another interface of the device again: no device is part guest, part host.
    fileprivate func hold(beside interface: InterfaceID) -> PVUSBError? {
        let others = host.device(interface.device)?.interfaces.filter { $0.id != interface } ?? []
        let held = others.first { $0.driver != nil && $0.driver != SysfsPath.usbback }
        return held.flatMap { held in
            held.driver.map { driver in
                PVUSBError(
                    .busy, "\(driver) took \(held.id) again meanwhile",
                    remedy: "pvusb recover \(interface.device)")
            }
        }
    }

    /// usbback has an interface of the device again: the port must not go, nor the host have one.
    fileprivate func capture(of device: BusID) -> PVUSBError? {
        let interfaces = host.device(device)?.interfaces ?? []
        guard interfaces.contains(where: { $0.driver == SysfsPath.usbback }) else { return nil }
        return PVUSBError(
            .busy, "usbback took \(device) again meanwhile", remedy: "pvusb recover \(device)")
    }

    /// The drivers took the device when QEMU let it go: it is not parked yet.
    fileprivate func homecoming(of device: BusID) -> PVUSBError? {
        let drivers = (host.device(device)?.interfaces ?? []).compactMap(\.driver)
        guard let driver = drivers.first(where: { $0 != SysfsPath.usbback && $0 != .usbfs }) else {
            return nil
        }
        return PVUSBError(
            .busy, "\(driver) took \(device) again meanwhile", remedy: "pvusb recover \(device)")
    }

    /// usbback may have the device for this very port.
    fileprivate func isKnown(_ device: BusID, at place: Place) -> Bool {
        guard let table = host.portTable else { return true }
        return table.entries.contains { $0.device == device && $0.place == place }
    }
}
