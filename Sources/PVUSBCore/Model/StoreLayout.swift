public import USBModel
public import XenStoreWire

/// Where everything is in the store; the one place where its paths are built.
///
/// Names follow libxl (`libxl__device_frontend_path`, `_backend_path`, `_libxl_path`); the guest
/// owns the frontend directory, the backend's domain the backend directory, domain 0 the rest.
public enum StoreLayout {
    /// The directory of all domains.
    public static let domains = StorePath.root / "local" / "domain"
    /// The version of our own nodes' format.
    public static let version = StorePath.root / "libxl" / "pvusb" / "version"
    /// The directory of our records, one a device.
    public static let records = StorePath.root / "libxl" / "pvusb" / "device"
    /// libxl's directory of the drivers to give back, one a device.
    public static let driverPaths = StorePath.root / "libxl" / "usbback"

    /// A domain's directory.
    public static func domain(_ domain: DomainID) -> StorePath {
        domains / StorePath.Component(UInt(domain.number))
    }

    /// The domain whose directory a path is; nil for every other path.
    static func domain(at path: StorePath) -> DomainID? {
        let head = "\(domains)/"
        // There may be thousands of paths, and most are longer.
        guard path.text.utf8.count <= head.utf8.count + 5, path.text.hasPrefix(head) else {
            return nil
        }
        return UInt16(decimal: path.text.dropFirst(head.count)).flatMap(DomainID.init)
    }

    /// The directory that domain 0 alone can change, from which controllers are enumerated.
    public static func controllers(of domain: DomainID) -> StorePath {
        .root / "libxl" / StorePath.Component(UInt(domain.number)) / "device" / "vusb"
    }

    /// libxl's own record of a controller.
    public static func record(of controller: ControllerID) -> StorePath {
        controllers(of: controller.domain) / controller.number.component
    }

    /// The directory that the guest's driver reads and writes.
    public static func frontend(of controller: ControllerID) -> StorePath {
        domain(controller.domain) / "device" / "vusb" / controller.number.component
    }

    /// The directory of a kind's backends in domain 0, one a domain.
    public static func backends(_ kind: BackendKind) -> StorePath {
        domain(.zero) / "backend" / kind.component
    }

    /// The directory of a domain's backends in domain 0, one a controller.
    public static func backends(of domain: DomainID, _ kind: BackendKind) -> StorePath {
        backends(kind) / StorePath.Component(UInt(domain.number))
    }

    /// The directory that a controller's backend in domain 0 reads and writes; of one that QEMU
    /// emulates, which has no backend, libxl's own record.
    public static func backend(
        of controller: ControllerID, _ kind: ControllerKind = .pv
    ) -> StorePath {
        guard let backend = kind.backend else { return record(of: controller) }
        return backends(of: controller.domain, backend) / controller.number.component
    }

    /// The directory that a controller's port nodes are in.
    public static func ports(of controller: ControllerID, _ kind: ControllerKind) -> StorePath {
        backend(of: controller, kind) / "port"
    }

    /// A port node.
    public static func port(_ place: Place) -> StorePath {
        ports(of: place.controller, place.kind) / place.port.component
    }

    /// The place whose port node has this path; nil for any other path.
    public static func place(ofPort path: StorePath) -> Place? {
        let words = path.components
        let places = ControllerKind.allCases.compactMap { kind -> Place? in
            // …/backend/vusb/DOMID/DEVID/port/N, or libxl's …/DOMID/device/vusb/DEVID/port/N.
            let domain = kind.backend == nil ? 1 : 5
            let number = kind.backend == nil ? 4 : 6
            guard words.count == number + 3 else { return nil }
            return Place(
                domain: words[domain], controller: words[number], port: words[number + 2], kind)
        }
        return places.first { port($0) == path }
    }

    /// The directory of what the toolstack notes of a domain's QEMU.
    static func image(of domain: DomainID) -> StorePath { self.domain(domain) / "image" }

    /// What kind of guest a domain is, as only domain 0 can say.
    static func guestType(of domain: DomainID) -> StorePath {
        .root / "libxl" / StorePath.Component(UInt(domain.number)) / "type"
    }

    /// The node that a domain's QEMU makes when it can be the backend of kind `qusb`.
    static func qusbOffer(of domain: DomainID) -> StorePath {
        self.domain(.zero) / "device-model" / StorePath.Component(UInt(domain.number))
            / "backends" / "qusb"
    }

    /// The place that a record names; nil when it makes no sense.
    static func place(recorded text: String) -> Place? {
        StorePath(text).flatMap { place(ofPort: $0) }
    }

    /// Our record of a device.
    public static func record(of device: BusID) -> StorePath {
        records / device.component
    }

    /// libxl's directory of a device's drivers.
    public static func driverPaths(of device: BusID) -> StorePath {
        driverPaths / device.component
    }

    /// libxl's note of the driver that an interface had.
    public static func driverPath(of interface: InterfaceID) -> StorePath {
        driverPaths(of: interface.device) / interface.component / "driver_path"
    }
}

/// A kind of controller that has a backend in domain 0.
public enum BackendKind: String, Hashable, Sendable, CaseIterable {
    /// The kernel's, usbback.
    case vusb
    /// QEMU's.
    case qusb

    /// The kind of controller.
    public var kind: ControllerKind {
        switch self {
        case .vusb: .pv
        case .qusb: .qusb
        }
    }

    fileprivate var component: StorePath.Component {
        switch self {
        case .vusb: "vusb"
        case .qusb: "qusb"
        }
    }
}

extension ControllerKind {
    /// The backend of such a controller; QEMU emulates one without.
    public var backend: BackendKind? {
        switch self {
        case .pv: .vusb
        case .qusb: .qusb
        case .deviceModel: nil
        }
    }

    /// Whether QEMU has the devices, and not the kernel's usbback.
    public var isQEMU: Bool { self != .pv }
}

extension Place {
    fileprivate init?(
        domain: String, controller: String, port: String, _ kind: ControllerKind
    ) {
        guard let domain = UInt16(decimal: domain).flatMap(DomainID.init),
            let number = UInt8(decimal: controller),
            let port = UInt8(decimal: port).flatMap(PortNumber.init)
        else { return nil }
        let id = ControllerID(domain: domain, number: ControllerNumber(number))
        self.init(controller: id, port: port, kind: kind)
    }
}

extension ControllerNumber {
    /// The number as a name in the store.
    public var component: StorePath.Component { StorePath.Component(UInt(number)) }
}

extension BusID {
    /// The bus id as a name in the store, where `.` is not allowed and becomes `_`.
    public var component: StorePath.Component {
        StorePath.Component(encoding: description)
    }

    /// Reads a name in the store back; nil when it is not a device's.
    public init?(component: String) {
        guard !component.contains(".") else { return nil }
        self.init(StorePath.Component.decoded(component))
    }
}

extension InterfaceID {
    /// The interface's name as a name in the store: `.` becomes `_` and `:` becomes `@`.
    public var component: StorePath.Component {
        StorePath.Component(encoding: description)
    }

    /// Reads a name in the store back; nil when it is not an interface's.
    public init?(component: String) {
        guard !component.contains("."), !component.contains(":") else { return nil }
        self.init(StorePath.Component.decoded(component))
    }
}

extension StorePath.Component {
    /// libxl's encoding (libxl_usb.c, `usb_interface_xenstore_encode`), injective on sysfs names.
    fileprivate init(encoding name: String) {
        let encoded = String(name.map { $0 == "." ? "_" : $0 == ":" ? "@" : $0 })
        guard let component = StorePath.Component(encoded) else {
            preconditionFailure("a bus id has digits, dashes, dots and a colon only")
        }
        self = component
    }

    fileprivate static func decoded(_ text: String) -> String {
        String(text.map { $0 == "_" ? "." : $0 == "@" ? ":" : $0 })
    }
}
