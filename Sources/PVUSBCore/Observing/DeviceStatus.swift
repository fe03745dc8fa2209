public import USBModel

/// What a device's state rests on and what to do about it.
public struct DeviceStatus: Hashable, Sendable {
    /// Which device.
    public let id: BusID
    /// The device; nil when it is not plugged in.
    public let device: HostDevice?
    /// Where it is.
    public let state: DeviceState
    /// Every port that holds it; more than one is a contest.
    public let places: [Place]
    /// The one of them that counts: the recorded one, if it holds the device.
    public let place: Place?
    /// The kind of the controller that the port is on.
    public let kind: ControllerKind?
    /// What was begun and is not finished.
    public let pending: RecordGoal?
    /// The record, when there is one.
    public let record: Record?
    /// Whether the record is of an earlier time: nothing but the drivers it names still counts.
    public let recordIsDead: Bool
    /// What is not as it should be, as sentences.
    public let problems: [String]
    /// The command that finishes or undoes what is half done; nil when nothing is.
    public let remedy: String?
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
        let isDead = record.map { self.isDead($0, given: places) } ?? false
        let place = places.first { $0 == record?.place } ?? places.first
        let state = state(of: id, record: isDead ? nil : record, places: places)
            .unlessUnreadable(isUnreadable(id))
        let isBegun = record.map { [.attach, .detach].contains($0.goal) } ?? false
        return DeviceStatus(
            id: id, device: device, state: state, places: places, place: place,
            kind: place.flatMap { controller($0.controller)?.kind },
            pending: isBegun && (!isDead || places.isEmpty) ? record?.goal : nil, record: record,
            recordIsDead: isDead,
            problems: problems(state, id, places) + sideProblems(of: id, places),
            remedy: remedy(for: state, id, places))
    }

    private func state(of id: BusID, record: Record?, places: [Place]) -> DeviceState {
        let device = host.device(id)
        // A hub on the socket of what was recorded or given away is another device.
        if let device, device.isHub, records[id] == nil, places.isEmpty { return .hub }
        if places.count > 1 { return .contested }
        if let record { return state(of: device, record: record, place: places.first) }
        if let place = places.first { return assigned(device, at: place) }
        return records[id].map { forgotten($0, device) } ?? unassigned(device)
    }

    private func state(of device: HostDevice?, record: Record, place: Place?) -> DeviceState {
        if let device, let identity = record.identity, identity != device.identity {
            return .stale
        }
        switch record.goal {
        case .attach: return .attaching
        case .detach: return .detaching
        case .parked, .attached: return place.map { assigned(device, at: $0) } ?? .stale
        }
    }

    /// No port holds the device any more: what was meant was cut short, or somebody undid it.
    private func forgotten(_ record: Record, _ device: HostDevice?) -> DeviceState {
        if let device, let identity = record.identity, identity != device.identity {
            return .stale
        }
        switch record.goal {
        case .attach: return .attaching
        case .detach: return .detaching
        case .attached: return .stale
        case .parked:
            let hasDriver = device?.interfaces.contains { $0.driver != nil } ?? true
            return hasDriver ? .stale : .parked
        }
    }

    private func assigned(_ device: HostDevice?, at place: Place) -> DeviceState {
        guard let device else { return .assignedAbsent }
        // A domain that is gone has nothing: what it had is half way back.
        guard !isLeftBehind(place) else {
            return device.isCaptured ? .captured : .stale
        }
        guard isTaken(device, at: place) else { return .assignedUncaptured }
        return isForgotten(device.id, at: place) ? .captured : .assigned
    }

    /// usbback works for the port, but has forgotten that the device is for it.
    func isForgotten(_ device: BusID, at place: Place) -> Bool {
        guard let table = host.portTable, place.kind == .pv,
            controller(place.controller)?.backendState == .connected
        else { return false }
        return !table.entries.contains { $0.device == device && $0.place == place }
    }

    private func unassigned(_ device: HostDevice?) -> DeviceState {
        guard let device else { return .stale }
        if device.isCaptured { return .captured }
        let drivers = device.interfaces.compactMap(\.driver)
        if drivers.isEmpty { return .unbound }
        return drivers.contains(SysfsPath.usbback) ? .mixed : .host
    }

}

extension DeviceState {
    /// A device that can't be read is plugged in.
    fileprivate func unlessUnreadable(_ isUnreadable: Bool) -> DeviceState {
        isUnreadable && self == .assignedAbsent ? .assigned : self
    }
}

extension Observation {
    /// Tells whether a record is of an earlier time.
    ///
    /// It is live while the port it names holds the device and is the same domain's, or while it
    /// names no port yet.
    func isDead(_ record: Record, given places: [Place]) -> Bool {
        guard let place = record.place else { return record.goal == .parked || !places.isEmpty }
        guard record.goal != .parked, places.contains(place) else { return true }
        let present = domain(place.controller.domain)?.vm
        return present != nil && record.vm != nil && present != record.vm
    }

    /// Tells whether a record has nothing left to undo: no port holds the device, and everything
    /// is back with the host's drivers.
    func isDebris(_ record: Record, of id: BusID) -> Bool {
        guard places(of: id).isEmpty, record.created == nil, record.goal != .attach,
            let device = host.device(id)
        else { return false }
        let isSame = record.identity == device.identity
        return device.interfaces.allSatisfy { interface in
            guard let driver = interface.driver else {
                return isSame && record.driver(of: interface.id) == nil
            }
            return driver != SysfsPath.usbback && driver != .usbfs
        }
    }
}

extension HostDevice {
    /// Tells whether every interface is with the passthrough driver.
    public var isCaptured: Bool {
        !interfaces.isEmpty && interfaces.allSatisfy { $0.driver == SysfsPath.usbback }
    }
}
