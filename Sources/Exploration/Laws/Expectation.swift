internal import PVUSBCore
internal import Simulation

/// What `devices` must say of a device, computed from the world's nodes and links alone.
///
/// It is written from the definitions of the states and records, and shares no line with the code
/// that it is compared with.
struct Expectation: Hashable {
    /// The state; nil for a device of which nothing is to be said.
    let state: DeviceState?
    /// The ports that hold the device.
    let places: [PortName]
    /// Whether something is to be typed.
    let needsRemedy: Bool
    /// Whether it is because of the state, not of what lies beside it.
    let isHalfDone: Bool
    /// Whether somebody's intention is not fulfilled.
    let isPending: Bool

    init(
        _ device: BusID, in world: World, isReadable: Bool = true, seesQEMU: Bool = true
    ) {
        let places = world.ports(holding: device)
        let goal = world.hasRecord(of: device) ? world.goal(of: device) : nil
        let isLive = goal.map { world.recordIsLive(of: device, $0, places) } ?? false
        let known = Self.state(of: device, isReadable, goal, isLive, places, world)
        // Whether a QEMU that can't be looked at has a device, nobody can tell.
        let isDoubtful = !seesQEMU && known == .assignedUncaptured && world.hasQEMU(places)
        let state = isDoubtful ? .assigned : known
        self.state = state
        self.places = places
        isPending =
            ["attach", "detach"].contains(goal) && (isLive || places.isEmpty)
        let isOutdated = goal != nil && !isLive && places.count == 1
        let isNoted = goal == nil && places.isEmpty && world.hasNotes(of: device)
        switch state {
        case nil, .hub: (needsRemedy, isHalfDone) = (false, false)
        case .host, .unbound, .assigned, .parked:
            (needsRemedy, isHalfDone) = (isReadable && (isOutdated || isNoted), false)
        default: (needsRemedy, isHalfDone) = (true, true)
        }
    }

    private static func state(
        of device: BusID, _ isReadable: Bool, _ goal: String?, _ isLive: Bool,
        _ places: [PortName], _ world: World
    ) -> DeviceState? {
        if places.isEmpty, goal == nil, isReadable, world.isHub(device) { return .hub }
        if places.count > 1 { return .contested }
        let drivers = isReadable ? world.drivers(of: device) : nil
        let isSame = !isReadable || world.recordIsOfPlugged(device)
        let isIntended = isLive || (goal != nil && places.isEmpty)
        if let goal, isIntended {
            if !isSame { return .stale }
            switch (goal, isLive) {
            case ("attach", _): return .attaching
            case ("detach", _): return .detaching
            case ("parked", _):
                return drivers.map { $0.allSatisfy { $0 == nil } } == true ? .parked : .stale
            case (_, true): break
            case (_, false): return .stale
            }
        }
        // What can't be read is neither gone nor known.
        if !isReadable { return places.isEmpty ? nil : .assigned }
        if let place = places.first { return held(device, drivers, at: place, world) }
        return drivers.map { free($0) }
    }

    private static func held(
        _ device: BusID, _ drivers: [DriverName?]?, at place: PortName, _ world: World
    ) -> DeviceState {
        guard let drivers else { return .assignedAbsent }
        let isCaptured = drivers.allSatisfy { $0 == .usbback }
        guard place.kind == .pv || !world.hasController(place) else {
            return world.isOpen(device, in: place.domain) ? .assigned : .assignedUncaptured
        }
        guard world.hasController(place) else { return isCaptured ? .captured : .stale }
        guard isCaptured else { return .assignedUncaptured }
        // usbback may have the device for another port: then no guest has it by this one.
        let isServed = world.ports.contains { $0.device == device && place.isThat(of: $0) }
        return isServed || !world.isConnected(place) ? .assigned : .captured
    }

    private static func free(_ drivers: [DriverName?]) -> DeviceState {
        if drivers.isEmpty { return .unbound }
        if drivers.allSatisfy({ $0 == .usbback }) { return .captured }
        if drivers.allSatisfy({ $0 == nil }) { return .unbound }
        return drivers.contains(.usbback) ? .mixed : .host
    }
}

extension PortName {
    /// Tells whether usbback's line is about this port.
    func isThat(of entry: PortTableEntry) -> Bool {
        domain == entry.domain && controller == entry.controller && port == entry.port
    }
}

extension World {
    fileprivate func hasQEMU(_ places: [PortName]) -> Bool {
        places.contains { place in
            place.kind != .pv && qemus.contains { $0.domain == place.domain }
        }
    }

    fileprivate func isHub(_ device: BusID) -> Bool {
        usb.device(device)?.attributes["bDeviceClass"] == "09"
    }

    /// What a record says; what makes no sense was begun by somebody, and is undone.
    fileprivate func goal(of device: BusID) -> String {
        let goal = recorded("goal", of: device) ?? ""
        return ["attach", "attached", "parked"].contains(goal) ? goal : "detach"
    }

    /// Tells whether the backend of a port works.
    fileprivate func isConnected(_ place: PortName) -> Bool {
        place.directory.parent.flatMap { text($0 / "state") } == "4"
    }

    /// Tells whether a domain's QEMU has a device open.
    fileprivate func isOpen(_ device: BusID, in domain: UInt16) -> Bool {
        guard let attributes = usb.device(device)?.attributes,
            let number = attributes["devnum"].flatMap({ UInt8($0) })
        else { return false }
        let address = BusAddress(bus: device.bus, device: number)
        return qemus.contains { $0.domain == domain && $0.open.contains(address) }
    }

    /// The domain of a port lives, and libxl knows the controller.
    func hasController(_ place: PortName) -> Bool {
        let domain = StorePath.Component(UInt(place.domain))
        let number = StorePath.Component(UInt(place.controller))
        let record = StorePath.root / "libxl" / domain / "device" / "vusb" / number
        return text(.root / "local" / "domain" / domain) != nil && text(record / "type") != nil
    }

    /// A record counts while its port holds the device for the domain that it names, or while it
    /// names no port and none holds it.
    fileprivate func recordIsLive(
        of device: BusID, _ goal: String, _ places: [PortName]
    ) -> Bool {
        guard goal != "parked" else { return false }
        guard let port = recorded("port", of: device) else { return places.isEmpty }
        guard let place = places.first(where: { path(of: $0) == port }) else { return false }
        let present = text(
            .root / "local" / "domain" / StorePath.Component(UInt(place.domain)) / "vm")
        guard let present, let vm = recorded("vm", of: device) else { return true }
        return present == vm
    }

    private func path(of place: PortName) -> String {
        "\(place.directory)/\(place.port)"
    }
}
