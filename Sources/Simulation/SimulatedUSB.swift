public import USBModel

/// A device of a simulated host: what sysfs says of it, and its interfaces.
public struct SimulatedDevice: Hashable, Sendable {
    /// Its bus id.
    public let id: BusID
    /// The attributes of its sysfs directory, each without the final newline.
    public var attributes: [String: String]
    /// The bytes of its `descriptors` attribute.
    public var descriptors: [UInt8]
    /// Its interfaces, by number.
    public var interfaces: [SimulatedInterface]

    /// Makes a device.
    public init(
        id: BusID, attributes: [String: String], descriptors: [UInt8],
        interfaces: [SimulatedInterface]
    ) {
        self.id = id
        self.attributes = attributes
        self.descriptors = descriptors
        self.interfaces = interfaces
    }

    var isHub: Bool {
        attributes["bDeviceClass"].flatMap { USBClass($0) } == .hub
    }

    var speed: USBSpeed? {
        attributes["speed"].flatMap { USBSpeed($0) }
    }
}

/// An interface of a simulated device.
public struct SimulatedInterface: Hashable, Sendable {
    /// Its name.
    public let id: InterfaceID
    /// The attributes of its sysfs directory, each without the final newline.
    public var attributes: [String: String]
    /// The driver that has it.
    public var driver: DriverName?
    /// The ordinary drivers that would take it, the one that wins a probe first.
    public var matches: [DriverName]
    /// The other interfaces of the device that its ordinary driver's probe claims with it.
    public var siblings: [InterfaceID]
    /// How the driver holds on to them.
    public var siblingTie: SiblingTie

    /// Makes an interface.
    public init(
        id: InterfaceID, attributes: [String: String], driver: DriverName?, matches: [DriverName],
        siblings: [InterfaceID] = [], siblingTie: SiblingTie = .loose
    ) {
        self.id = id
        self.attributes = attributes
        self.driver = driver
        self.matches = matches
        self.siblings = siblings
        self.siblingTie = siblingTie
    }
}

/// The USB side of a simulated host.
public struct SimulatedUSB: Hashable, Sendable {
    /// The devices, by bus id.
    public var devices: [SimulatedDevice]
    /// The loaded USB interface drivers, by name.
    public var drivers: [DriverName]

    /// Makes a tree, sorting what it is given.
    public init(devices: [SimulatedDevice], drivers: [DriverName]) {
        self.devices = devices.sorted { $0.id < $1.id }
        self.drivers = drivers.sorted()
    }

    /// A device.
    public func device(_ id: BusID) -> SimulatedDevice? {
        devices.first { $0.id == id }
    }

    func interface(_ id: InterfaceID) -> SimulatedInterface? {
        device(id.device)?.interfaces.first { $0.id == id }
    }

    mutating func setDriver(of id: InterfaceID, to driver: DriverName?) {
        guard let device = devices.firstIndex(where: { $0.id == id.device }),
            let interface = devices[device].interfaces.firstIndex(where: { $0.id == id })
        else { return }
        devices[device].interfaces[interface].driver = driver
    }
}
