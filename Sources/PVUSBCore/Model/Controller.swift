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

/// A port of a controller of a domain: where a device can be.
public struct Place: Hashable, Sendable, Comparable {
    /// The controller.
    public let controller: ControllerID
    /// The port on it.
    public let port: PortNumber

    /// Names a port.
    public init(controller: ControllerID, port: PortNumber) {
        self.controller = controller
        self.port = port
    }

    /// Orders by controller, then port.
    public static func < (left: Place, right: Place) -> Bool {
        (left.controller, left.port) < (right.controller, right.port)
    }

    /// The place within its domain as people write it, `0:1`.
    public var label: String { "\(controller.number.number):\(port.number)" }
}

/// What a new controller shall be.
public struct ControllerSettings: Hashable, Sendable {
    /// How it is implemented.
    public let kind: ControllerKind
    /// The USB version it offers, 1 or 2.
    public let version: UInt8
    /// How many ports it has, 1…31.
    public let ports: UInt8

    /// What a controller is that an attach has to make: libxl's defaults, which any device fits
    /// that the kind carries at all.
    public static let automatic = ControllerSettings(kind: .pv, checkedVersion: 2, ports: 8)

    private init(kind: ControllerKind, checkedVersion version: UInt8, ports: UInt8) {
        self.kind = kind
        self.version = version
        self.ports = ports
    }

    /// Describes a PV controller; nil outside libxl's limits (libxl_usb.c,
    /// `libxl__device_usbctrl_setdefault`), whose defaults are version 2 and 8 ports.
    public init?(kind: ControllerKind = .pv, version: UInt8 = 2, ports: UInt8 = 8) {
        guard (1...2).contains(version), (1...PortNumber.max).contains(ports) else { return nil }
        self.init(kind: kind, checkedVersion: version, ports: ports)
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

    /// The lowest free port.
    public var freePort: PortNumber? {
        PortNumber.all(UInt8(clamping: ports.count)).first { content(of: $0) == .free }
    }

    /// The controller with every port free that holds a device.
    func withoutDevice(_ device: BusID) -> ControllerView {
        with(ports: ports.map { $0 == .device(device) ? .free : $0 })
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
