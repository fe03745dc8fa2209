internal import PVUSBCore
internal import Simulation

/// A port node, named by numbers.
struct PortName: Hashable, Comparable {
    let domain: UInt16
    let controller: UInt32
    let port: UInt8

    static func < (left: PortName, right: PortName) -> Bool {
        (left.domain, left.controller, left.port) < (right.domain, right.controller, right.port)
    }
}

/// Reads a world directly, without any of the core's parsers: what the laws are held against.
extension World {
    private static let backends = StorePath.root / "local" / "domain" / "0" / "backend" / "vusb"

    /// Every port node that holds a device, by domain, controller and port.
    func ports(holding device: BusID) -> [PortName] {
        portNodes.filter { $0.value == device.description }.map(\.name)
    }

    /// Every port node of every backend, with what it holds.
    var portNodes: [(name: PortName, value: String)] {
        numbers(below: Self.backends).flatMap { domain -> [(name: PortName, value: String)] in
            let path = Self.backends / StorePath.Component(UInt(domain))
            return numbers(below: path).flatMap { controller -> [(name: PortName, value: String)] in
                let ports = path / StorePath.Component(UInt(controller)) / "port"
                return numbers(below: ports).map { port in
                    let value = text(ports / StorePath.Component(UInt(port))) ?? ""
                    let name = PortName(
                        domain: UInt16(domain), controller: UInt32(controller), port: UInt8(port))
                    return (name, value)
                }
            }
        }
    }

    private func numbers(below path: StorePath) -> [UInt32] {
        children(of: path).compactMap { UInt32($0) }.sorted()
    }

    /// The drivers of a device's interfaces; nil when it is not plugged in.
    func drivers(of device: BusID) -> [DriverName?]? {
        usb.device(device)?.interfaces.map(\.driver)
    }

    /// The directory of pvusb's record of a device.
    private static func record(of device: BusID) -> StorePath {
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
