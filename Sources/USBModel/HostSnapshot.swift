/// A device that is there and could not be understood.
public struct UnreadableDevice: Hashable, Sendable {
    /// Its name in sysfs, as it came.
    public let name: String
    /// What is wrong, as a sentence without its full stop.
    public let reason: String

    /// Names a device and what is wrong with it.
    public init(name: String, reason: String) {
        self.name = name
        self.reason = reason
    }
}

/// The host's USB devices at one moment.
public struct HostSnapshot: Hashable, Sendable {
    /// The devices, root hubs among them, sorted by bus id.
    public let devices: [HostDevice]
    /// The USB drivers that are loaded, sorted; a name that is no ``DriverName`` is left out.
    public let drivers: [DriverName]
    /// usbback's port table; nil when usbback is not loaded or does not let us read it.
    public let portTable: PortTable?
    /// What was there and could not be understood, sorted by name.
    public let unreadable: [UnreadableDevice]
    /// Every device that is listed, sorted, whether it was read or not.
    public let names: [BusID]

    /// Describes a host; the lists may come in any order.
    ///
    /// - Parameter names: the devices that are listed; nil for those that were read.
    public init(
        devices: [HostDevice], drivers: [DriverName], portTable: PortTable?,
        unreadable: [UnreadableDevice] = [], names: [BusID]? = nil
    ) {
        self.names = (names ?? devices.map(\.id)).sorted()
        self.devices = devices.sorted { $0.id < $1.id }
        self.drivers = drivers.sorted()
        self.portTable = portTable
        self.unreadable = unreadable.sorted { ($0.name, $0.reason) < ($1.name, $1.reason) }
    }

    /// The device of that name, if it is there and could be understood.
    public func device(_ id: BusID) -> HostDevice? {
        devices.first { $0.id == id }
    }
}
