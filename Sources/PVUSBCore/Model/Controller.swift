public import USBModel
internal import XenStoreWire

/// How a virtual USB controller is implemented.
public enum ControllerKind: String, Hashable, Sendable, CaseIterable {
    /// The kernel driver `usbback`.
    case pv
    /// QEMU's PV backend.
    case qusb
    /// Emulated by the HVM guest's QEMU.
    case deviceModel = "devicemodel"
}

/// A controller's number within its domain, its "devid", 0…255.
public struct ControllerNumber: Hashable, Sendable, Comparable {
    /// The number.
    public let number: UInt8

    /// Makes a devid from its number.
    public init(_ number: UInt8) {
        self.number = number
    }

    /// Orders by number.
    public static func < (left: ControllerNumber, right: ControllerNumber) -> Bool {
        left.number < right.number
    }
}

/// A port's number on its controller, 1…31 (usbif.h, `USBIF_MAX_PORTNR`).
public struct PortNumber: Hashable, Sendable, Comparable {
    /// The greatest port number.
    public static let max: UInt8 = 31

    /// The number.
    public let number: UInt8

    /// The first port.
    public static let first = PortNumber(checked: 1)

    private init(checked number: UInt8) {
        self.number = number
    }

    /// Makes a port number; nil outside 1…31.
    public init?(_ number: UInt8) {
        guard (1...Self.max).contains(number) else { return nil }
        self.init(checked: number)
    }

    /// The number as a name in the store.
    var component: StorePath.Component { StorePath.Component(UInt(number)) }

    /// Orders by number.
    public static func < (left: PortNumber, right: PortNumber) -> Bool {
        left.number < right.number
    }

    /// The ports 1…count of a controller.
    public static func all(_ count: UInt8) -> [PortNumber] {
        (0..<min(count, max)).compactMap { PortNumber($0 + 1) }
    }
}

/// A controller of a domain.
public struct ControllerID: Hashable, Sendable, Comparable {
    /// The domain it belongs to.
    public let domain: DomainID
    /// Its number there.
    public let number: ControllerNumber

    /// Names a controller.
    public init(domain: DomainID, number: ControllerNumber) {
        self.domain = domain
        self.number = number
    }

    /// Orders by domain, then number.
    public static func < (left: ControllerID, right: ControllerID) -> Bool {
        (left.domain, left.number) < (right.domain, right.number)
    }
}

/// What a port node holds.
public enum PortContent: Hashable, Sendable {
    /// The empty value: the port is free.
    case free
    /// A device's bus id.
    case device(BusID)
    /// Something that is no bus id; never used for anything but showing it.
    case unreadable(Untrusted<String>)
    /// The node does not exist.
    case missing
}

/// A controller as the store describes it.
public struct ControllerView: Hashable, Sendable {
    /// Which controller.
    public let id: ControllerID
    /// How it is implemented; nil when the record names a kind we do not know.
    public let kind: ControllerKind?
    /// The USB version, as recorded.
    public let version: UInt8
    /// The domain that runs the backend.
    public let backendDomain: DomainID
    /// The backend's state; nil when there is none to read.
    public let backendState: XenbusState?
    /// The state that the guest claims; only for showing.
    public let frontendState: Untrusted<XenbusState>?
    /// The ports, from 1 up.
    public let ports: [PortContent]
    /// Whether only the backend's nodes are left of it, its domain being gone.
    public let isOrphan: Bool
    /// Whether the backend was asked to go for good (`online` is 0): it takes no device any more.
    public let isOffline: Bool

    /// Describes a controller.
    public init(
        id: ControllerID, kind: ControllerKind?, version: UInt8, backendDomain: DomainID,
        backendState: XenbusState?, frontendState: Untrusted<XenbusState>?, ports: [PortContent],
        isOrphan: Bool = false, isOffline: Bool = false
    ) {
        self.id = id
        self.kind = kind
        self.version = version
        self.backendDomain = backendDomain
        self.backendState = backendState
        self.frontendState = frontendState
        self.ports = ports
        self.isOrphan = isOrphan
        self.isOffline = isOffline
    }

    /// What a port holds; missing when the controller has no such port.
    public func content(of port: PortNumber) -> PortContent {
        let index = Int(port.number) - 1
        return ports.indices.contains(index) ? ports[index] : .missing
    }

    /// A port of it as a place.
    func place(_ port: PortNumber) -> Place {
        Place(controller: id, port: port, kind: kind ?? .pv)
    }

    /// The lowest free port.
    public var freePort: PortNumber? {
        PortNumber.all(UInt8(clamping: ports.count)).first { content(of: $0) == .free }
    }

    /// The same controller with other ports.
    func with(ports: [PortContent]) -> ControllerView {
        ControllerView(
            id: id, kind: kind, version: version, backendDomain: backendDomain,
            backendState: backendState, frontendState: frontendState, ports: ports,
            isOrphan: isOrphan, isOffline: isOffline)
    }

    /// The ports that hold a device, with the device.
    public var occupied: [(port: PortNumber, device: BusID)] {
        PortNumber.all(UInt8(clamping: ports.count)).compactMap { port in
            guard case .device(let device) = content(of: port) else { return nil }
            return (port, device)
        }
    }
}
