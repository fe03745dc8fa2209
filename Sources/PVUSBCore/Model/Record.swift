public import USBModel
public import XenStoreWire

/// What pvusb means to do with a device, as its record says.
public enum RecordGoal: String, Hashable, Sendable {
    /// The device is on its way to a guest.
    case attach
    /// The device is in a guest.
    case attached
    /// The device is on its way back to the host.
    case detach
    /// The device was left without a driver on purpose.
    case parked

    /// Reads a goal back.
    ///
    /// One that makes no sense was begun by somebody: it means `detach`, whose end is the host's
    /// drivers.
    init(recorded text: String?) {
        self = text.flatMap { Self(rawValue: $0) } ?? .detach
    }
}

/// An interface and the driver it had before it was taken.
public struct RecordedInterface: Hashable, Sendable {
    /// The interface.
    public let id: InterfaceID
    /// The driver to give it back to; nil when it had none.
    public let driver: DriverName?

    /// Notes an interface's driver.
    public init(id: InterfaceID, driver: DriverName?) {
        self.id = id
        self.driver = driver
    }
}

/// What pvusb wrote into the store about a device that is not simply the host's.
///
/// It says what we meant and which drivers to give back; who has the device is said by the port
/// nodes alone, and how far it got by sysfs.
public struct Record: Hashable, Sendable {
    /// The format of the nodes; a greater one in the store is read only.
    public static let version = 1

    /// What we meant.
    public var goal: RecordGoal
    /// The claimed port; nil until one is claimed.
    public var place: Place?
    /// The controller that the attach had to make; nil when there was one, and once it is done.
    public var created: ControllerID?
    /// The claimed domain's `vm` value; with the domid it identifies the domain.
    public var vm: String?
    /// The id that a QEMU which emulates the controller was given for the device.
    public var qmp: String?
    /// Which device it is; nil when nobody could tell.
    public var identity: DeviceIdentity?
    /// Every interface and the driver it had, by interface.
    public var interfaces: [RecordedInterface]

    /// Makes a record.
    public init(
        goal: RecordGoal, place: Place?, created: ControllerID? = nil, vm: String?,
        qmp: String? = nil, identity: DeviceIdentity?, interfaces: [RecordedInterface]
    ) {
        self.goal = goal
        self.place = place
        self.created = created
        self.vm = vm
        self.qmp = qmp
        self.identity = identity
        self.interfaces = interfaces
    }

    /// Tells whether records of that version, nil where there were never any, are ours to write.
    static func isOurs(version: String?) -> Bool {
        guard let version else { return true }
        return Int(decimal: version).map { $0 <= Self.version } ?? false
    }

    /// The driver recorded for an interface.
    public func driver(of interface: InterfaceID) -> DriverName? {
        interfaces.first { $0.id == interface }?.driver
    }
}

/// The names of a record's nodes.
enum RecordKey {
    static let goal: StorePath.Component = "goal"
    static let port: StorePath.Component = "port"
    static let domain: StorePath.Component = "domain"
    static let vm: StorePath.Component = "vm"
    static let controller: StorePath.Component = "controller"
    static let qmp: StorePath.Component = "qmp"
    static let identity: StorePath.Component = "identity"
    static let interface: StorePath.Component = "interface"
    static let fields = [goal, port, domain, vm, controller, qmp, identity]
}

extension Record {
    /// The writes that make the record of a device, all of them or none.
    public func writes(for device: BusID) -> [StoreRequest] {
        let path = StoreLayout.record(of: device)
        var writes: [StoreRequest] = [
            .write(StoreLayout.version, text: String(Self.version)),
            .write(path / RecordKey.goal, text: goal.rawValue),
        ]
        writes += placeWrites(for: device)
        if let created {
            writes.append(.write(path / RecordKey.controller, text: created.asCreated))
        }
        if let identity {
            writes.append(.write(path / RecordKey.identity, text: identity.description))
        }
        for interface in interfaces {
            let node = path / RecordKey.interface / interface.id.component
            writes.append(.write(node, text: interface.driver?.text ?? ""))
        }
        return writes
    }

    /// The writes that say which port of which domain is meant.
    func placeWrites(for device: BusID) -> [StoreRequest] {
        let path = StoreLayout.record(of: device)
        var writes: [StoreRequest] = []
        if let place {
            writes.append(.write(path / RecordKey.port, text: StoreLayout.port(place).text))
        }
        if let domain = (place?.controller ?? created)?.domain {
            writes.append(.write(path / RecordKey.domain, text: domain.description))
        }
        if let vm { writes.append(.write(path / RecordKey.vm, text: vm)) }
        if let qmp { writes.append(.write(path / RecordKey.qmp, text: qmp)) }
        return writes
    }

    /// Reads a record back; a node that makes no sense counts as absent.
    init(of device: BusID, in answers: StoreAnswers) {
        let path = StoreLayout.record(of: device)
        goal = RecordGoal(recorded: answers.text(path / RecordKey.goal))
        place = answers.text(path / RecordKey.port).flatMap { StoreLayout.place(recorded: $0) }
        vm = answers.text(path / RecordKey.vm)
        qmp = answers.text(path / RecordKey.qmp)
        let domain = answers.text(path / RecordKey.domain).flatMap { UInt16(decimal: $0) }
        created = answers.text(path / RecordKey.controller)
            .flatMap { ControllerID(asCreated: $0, in: domain.flatMap(DomainID.init)) }
        identity = answers.text(path / RecordKey.identity).flatMap { DeviceIdentity($0) }
        let names = answers.children(path / RecordKey.interface)
        interfaces = names.compactMap { InterfaceID(component: $0) }
            .filter { $0.device == device }.sorted()
            .map { id in
                let node = path / RecordKey.interface / id.component
                return RecordedInterface(
                    id: id, driver: answers.text(node).flatMap { DriverName($0) })
            }
    }
}

extension ControllerID {
    /// What a record says of a controller that the attach had to make.
    var asCreated: String { "created \(number.number)" }

    /// Reads that back; nil when it makes no sense.
    init?(asCreated text: String, in domain: DomainID?) {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 2, words[0] == "created", let number = UInt8(decimal: words[1]),
            let domain
        else { return nil }
        self.init(domain: domain, number: ControllerNumber(number))
    }
}
