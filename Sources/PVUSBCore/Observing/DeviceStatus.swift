public import USBModel

/// Where a device is between the host and a guest.
public enum DeviceState: String, Hashable, Sendable, CaseIterable {
    /// Ordinary drivers have it, on some interface at least.
    case host
    /// No interface has a driver.
    case unbound
    /// The passthrough driver has it, no guest does.
    case captured
    /// An attach has begun and is not finished.
    case attaching
    /// A guest has it.
    case assigned
    /// It was unplugged, its port still holds it.
    case assignedAbsent = "assigned-absent"
    /// A port holds it, its interfaces are not with the passthrough driver.
    case assignedUncaptured = "assigned-uncaptured"
    /// A detach has begun and is not finished.
    case detaching
    /// A record or a port is for a device that is no longer this one.
    case stale
    /// Two ports, or two tools, claim it.
    case contested
    /// It was left without a driver on purpose.
    case parked
    /// Some interfaces are with the passthrough driver, others are not.
    case mixed
    /// It is a hub, which is never given away.
    case hub
}

/// What a device's state rests on and what to do about it.
public struct DeviceStatus: Hashable, Sendable {
    /// Which device.
    public let id: BusID
    /// The device; nil when it is not plugged in.
    public let device: HostDevice?
    /// Where it is.
    public let state: DeviceState
    /// The port that holds it.
    public let place: Place?
    /// The kind of the controller that the port is on.
    public let kind: ControllerKind?
    /// What was begun and is not finished.
    public let pending: RecordGoal?
    /// The record, when there is one.
    public let record: Record?
    /// What is not as it should be, as sentences.
    public let problems: [String]

    /// The command that finishes or undoes what is half done; nil when nothing is.
    public var remedy: String? {
        // What QEMU has is only looked at yet.
        guard kind == nil || kind == .pv else { return nil }
        if state == .contested, record == nil, let place {
            // No port is ours to clear: the one who gave it away twice takes it back once.
            return "xl usbdev-detach \(place.controller.domain) \(place.controller.number.number) "
                + "\(place.port.number)"
        }
        return switch state {
        case .attaching, .detaching, .assignedAbsent, .assignedUncaptured, .stale, .contested,
            .captured, .mixed:
            "pvusb recover \(id)"
        case .host, .unbound, .assigned, .parked, .hub: nil
        }
    }
}

extension Observation {
    /// Every device that is plugged in, recorded or held by a port, by bus id.
    public func deviceStatuses() -> [DeviceStatus] {
        let ids = Set(host.devices.map(\.id)).union(takenDevices)
        return ids.sorted().map { status(of: $0) }
    }

    /// What state a device is in.
    public func status(of id: BusID) -> DeviceStatus {
        let device = host.device(id)
        let record = records[id]
        let places = places(of: id)
        let place = places.first { $0 == record?.place } ?? places.first
        let state = state(of: device, record: record, places: places)
            .unlessUnreadable(isUnreadable(id))
        let pending = record.flatMap { [.attach, .detach].contains($0.goal) ? $0.goal : nil }
        return DeviceStatus(
            id: id, device: device, state: state, place: place,
            kind: place.flatMap { controller($0.controller)?.kind }, pending: pending,
            record: record,
            problems: problems(state, id, record, places)
                + (unreadableReason(of: id).map { ["\(id) can't be read: \($0)"] } ?? []))
    }

    private func state(of device: HostDevice?, record: Record?, places: [Place]) -> DeviceState {
        if let device, device.isHub { return .hub }
        if places.count > 1 { return .contested }
        if let record, !record.isDead(given: places) {
            return state(of: device, record: record, place: places.first)
        }
        guard let place = places.first else { return unassigned(device) }
        return assigned(device, at: place)
    }

    private func state(of device: HostDevice?, record: Record, place: Place?) -> DeviceState {
        if let device, let identity = record.identity, identity != device.identity {
            return .stale
        }
        switch record.goal {
        case .attach: return .attaching
        case .detach: return .detaching
        case .parked: return .parked
        case .attached: return place.map { assigned(device, at: $0) } ?? .stale
        }
    }

    /// Only a PV controller's devices are with usbback; whether QEMU has one, drivers don't tell.
    private func assigned(_ device: HostDevice?, at place: Place) -> DeviceState {
        guard let device else { return .assignedAbsent }
        guard controller(place.controller)?.kind == .pv else { return .assigned }
        return device.isCaptured ? .assigned : .assignedUncaptured
    }

    private func unassigned(_ device: HostDevice?) -> DeviceState {
        guard let device else { return .stale }
        if device.isCaptured { return .captured }
        let drivers = device.interfaces.compactMap(\.driver)
        if drivers.isEmpty { return .unbound }
        return drivers.contains(SysfsPath.usbback) ? .mixed : .host
    }

    private func problems(
        _ state: DeviceState, _ id: BusID, _ record: Record?, _ places: [Place]
    ) -> [String] {
        switch state {
        case .host, .unbound, .assigned, .parked, .hub: []
        case .captured: ["usbback has \(id), but no port does"]
        case .mixed: ["some interfaces of \(id) are with usbback, others are not"]
        case .attaching: ["an attach of \(id) was begun and not finished"]
        case .detaching: ["a detach of \(id) was begun and not finished"]
        case .assignedAbsent: ["\(id) was unplugged while a guest had it"]
        case .assignedUncaptured: ["a port holds \(id), but usbback does not have it"]
        case .contested: ["\(places.count) ports hold \(id)"]
        case .stale: [staleProblem(id, record)]
        }
    }

    private func staleProblem(_ id: BusID, _ record: Record?) -> String {
        guard let identity = record?.identity, host.device(id)?.identity != identity,
            host.device(id) != nil
        else { return "the record of \(id) says it is attached, but no port holds it" }
        return "the record of \(id) is for another device, \(identity.vendorProduct)"
    }
}

extension DeviceState {
    /// A device that can't be read is plugged in.
    fileprivate func unlessUnreadable(_ isUnreadable: Bool) -> DeviceState {
        isUnreadable && self == .assignedAbsent ? .assigned : self
    }
}

extension Record {
    /// Tells whether the device is in other ports than the one this record is about: another tool
    /// gave it away since, and what was meant before no longer counts.
    fileprivate func isDead(given places: [Place]) -> Bool {
        guard let place, !places.isEmpty else { return false }
        return !places.contains(place)
    }
}

extension HostDevice {
    /// Tells whether every interface is with the passthrough driver.
    public var isCaptured: Bool {
        !interfaces.isEmpty && interfaces.allSatisfy { $0.driver == SysfsPath.usbback }
    }
}
