internal import PVUSBCore
internal import Simulation

/// A port node, named by kind and numbers.
struct PortName: Hashable, Comparable {
    var kind = ControllerKind.pv
    let domain: UInt16
    let controller: UInt32
    let port: UInt8

    static func < (left: PortName, right: PortName) -> Bool {
        (left.kind.rawValue, left.domain, left.controller, left.port)
            < (right.kind.rawValue, right.domain, right.controller, right.port)
    }

    /// The directory of the node and its neighbours.
    var directory: StorePath {
        let domain = StorePath.Component(UInt(domain))
        let number = StorePath.Component(UInt(controller))
        let backends = StorePath.root / "local" / "domain" / "0" / "backend"
        return switch kind {
        case .pv: backends / "vusb" / domain / number / "port"
        case .qusb: backends / "qusb" / domain / number / "port"
        case .deviceModel: .root / "libxl" / domain / "device" / "vusb" / number / "port"
        }
    }
}

/// Reads a world directly, without any of the core's parsers: what the laws are held against.
extension World {
    /// Every port node that holds a device, by kind, domain, controller and port.
    func ports(holding device: BusID) -> [PortName] {
        ControllerKind.allCases.flatMap { ports(of: $0, holding: device.description) }.sorted()
    }

    private func ports(of kind: ControllerKind, holding value: String) -> [PortName] {
        // The small worlds have two guests; nobody makes more than a few controllers.
        ([1, 2] as [UInt16]).flatMap { domain -> [PortName] in
            (0..<8 as Range<UInt32>).flatMap { controller -> [PortName] in
                let place = PortName(
                    kind: kind, domain: domain, controller: controller, port: 0)
                guard isOfKind(place) else { return [] }
                return children(of: place.directory).compactMap { UInt8($0) }.compactMap { port in
                    let name = PortName(
                        kind: kind, domain: domain, controller: controller, port: port)
                    let node = place.directory / StorePath.Component(UInt(port))
                    return text(node) == value ? name : nil
                }
            }
        }
    }

    /// libxl's own record has copies of the ports of all kinds, and those of one kind only there.
    private func isOfKind(_ place: PortName) -> Bool {
        guard place.kind == .deviceModel, let record = place.directory.parent else { return true }
        return text(record / "type") == place.kind.rawValue
    }

    /// The drivers of a device's interfaces; nil when it is not plugged in.
    func drivers(of device: BusID) -> [DriverName?]? {
        usb.device(device)?.interfaces.map(\.driver)
    }

    /// The directory of pvusb's record of a device.
    static func record(of device: BusID) -> StorePath {
        .root / "libxl" / "pvusb" / "device" / name(of: device.description)
    }

    private static func name(of text: String) -> StorePath.Component {
        let encoded = text.map { $0 == "." ? "_" : $0 == ":" ? "@" : $0 }
        guard let name = StorePath.Component(String(encoded)) else {
            preconditionFailure("a sysfs name can be encoded")
        }
        return name
    }

    /// A field of the record of a device; nil when there is none.
    func recorded(_ field: StorePath.Component, of device: BusID) -> String? {
        text(Self.record(of: device) / field)
    }

    /// The recorded driver of an interface, empty for none; nil when it is not recorded.
    func recordedDriver(of interface: InterfaceID) -> String? {
        text(
            Self.record(of: interface.device) / "interface"
                / Self.name(of: interface.description))
    }

    /// Tells whether there is any record of a device.
    func hasRecord(of device: BusID) -> Bool { text(Self.record(of: device)) != nil }

    /// Tells whether libxl has notes of a device's drivers.
    func hasNotes(of device: BusID) -> Bool {
        text(.root / "libxl" / "usbback" / Self.name(of: device.description)) != nil
    }

    /// Tells whether a record, if there is one, is about the device that is plugged in.
    func recordIsOfPlugged(_ device: BusID) -> Bool {
        guard let identity = recorded("identity", of: device), let plugged = usb.device(device)
        else { return true }
        let vendor = plugged.attributes["idVendor"] ?? ""
        let product = plugged.attributes["idProduct"] ?? ""
        return identity.hasPrefix("\(vendor):\(product)")
    }
}
