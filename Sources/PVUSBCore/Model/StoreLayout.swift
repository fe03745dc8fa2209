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

    /// The directory of the backends of PV controllers in domain 0, one a domain.
    public static let backends = domain(.zero) / "backend" / "vusb"

    /// The directory of a domain's backends in domain 0, one a controller.
    public static func backends(of domain: DomainID) -> StorePath {
        backends / StorePath.Component(UInt(domain.number))
    }

    /// The directory that the backend of a PV controller in domain 0 reads and writes.
    public static func backend(of controller: ControllerID) -> StorePath {
        backends(of: controller.domain) / controller.number.component
    }

    /// The directory that a controller's port nodes are in: the backend's, in domain 0; for one
    /// that QEMU emulates, which has no backend, libxl's own record.
    public static func ports(of controller: ControllerID, _ kind: ControllerKind) -> StorePath {
        let number = StorePath.Component(UInt(controller.domain.number))
        return switch kind {
        case .pv: backend(of: controller) / "port"
        case .qusb:
            domain(.zero) / "backend" / "qusb" / number / controller.number.component / "port"
        case .deviceModel: record(of: controller) / "port"
        }
    }

    /// The port node of a PV controller in domain 0.
    public static func port(_ place: Place) -> StorePath {
        ports(of: place.controller, .pv) / place.port.component
    }

    /// The place whose port node has this path; nil for any other path.
    public static func place(ofPort path: StorePath) -> Place? {
        let words = path.components
        guard words.count == 9, let domain = UInt16(decimal: words[5]).flatMap(DomainID.init),
            let number = UInt8(decimal: words[6]),
            let port = UInt8(decimal: words[8]).flatMap(PortNumber.init)
        else { return nil }
        let controller = ControllerID(domain: domain, number: ControllerNumber(number))
        let place = Place(controller: controller, port: port)
        return self.port(place) == path ? place : nil
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
