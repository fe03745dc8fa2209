internal import USBModel

/// What libxl keeps of a domain, as JSON: the bytes, and where its two lists about USB are.
///
/// Only those two lists are ever changed; every other byte stays, the final NUL too. libxl leaves
/// out what has its default: a controller's number -1, its version and ports 0; a device's
/// controller -1, its port, bus and address 0 (libxl_types.idl, `libxl_device_usbctrl` and
/// `libxl_device_usbdev`).
struct DomainConfiguration: Hashable {
    /// A controller of the list.
    struct Controller: Hashable {
        let number: Int
        let kind: String?
        let version: Int
        let ports: Int
    }

    /// A device of the list.
    struct Device: Hashable {
        let controller: Int
        let port: Int
        let bus: Int
        let address: Int
    }

    static let controllersKey = "usbctrls"
    static let devicesKey = "usbdevs"

    private(set) var bytes: [UInt8]
    private(set) var controllers: [Controller]
    private(set) var devices: [Device]

    /// Reads libxl's JSON.
    ///
    /// - Throws: where and why it is none, or has a list twice.
    init(_ bytes: [UInt8]) throws(MalformedJSON) {
        self.bytes = bytes
        controllers = []
        devices = []
        for range in try Self.elements(of: Self.controllersKey, in: bytes) {
            controllers.append(Controller(try JSONFields(bytes, range)))
        }
        for range in try Self.elements(of: Self.devicesKey, in: bytes) {
            devices.append(Device(try JSONFields(bytes, range)))
        }
    }

    private static func elements(
        of key: String, in bytes: [UInt8]
    ) throws(MalformedJSON) -> [Range<Int>] {
        guard let list = try JSONList(key, in: bytes).value else { return [] }
        var scanner = JSONScanner(bytes, at: list.lowerBound)
        return try scanner.elements()
    }

    /// The same with a controller; another one of that number is replaced.
    func with(_ controller: Controller) throws(MalformedJSON) -> DomainConfiguration {
        guard !controllers.contains(controller) else { return self }
        let index = controllers.firstIndex { $0.number == controller.number }
        return try changing(Self.controllersKey, at: index, to: controller.json)
    }

    /// The same with a device; another one in that port is replaced.
    func with(_ device: Device) throws(MalformedJSON) -> DomainConfiguration {
        guard !devices.contains(device) else { return self }
        let index = devices.firstIndex {
            $0.controller == device.controller && $0.port == device.port
        }
        return try changing(Self.devicesKey, at: index, to: device.json)
    }

    /// The same without a controller and what is in its ports.
    func without(controller number: Int) throws(MalformedJSON) -> DomainConfiguration {
        var rest = self
        while let index = rest.devices.firstIndex(where: { $0.controller == number }) {
            rest = try rest.changing(Self.devicesKey, at: index, to: nil)
        }
        guard let index = rest.controllers.firstIndex(where: { $0.number == number }) else {
            return rest
        }
        return try rest.changing(Self.controllersKey, at: index, to: nil)
    }

    /// The same without what is in a port.
    func without(port: Int, of controller: Int) throws(MalformedJSON) -> DomainConfiguration {
        let index = devices.firstIndex { $0.controller == controller && $0.port == port }
        guard let index else { return self }
        return try changing(Self.devicesKey, at: index, to: nil)
    }

    private func changing(
        _ key: String, at index: Int?, to json: JSONFragment?
    ) throws(MalformedJSON) -> DomainConfiguration {
        let list = try JSONList(key, in: bytes)
        return try DomainConfiguration(list.changing(at: index, to: json))
    }
}

extension DomainConfiguration.Controller {
    fileprivate init(_ fields: JSONFields) {
        self.init(
            number: fields.number("devid") ?? -1, kind: fields.text("type"),
            version: fields.number("version") ?? 0, ports: fields.number("ports") ?? 0)
    }

    fileprivate var json: JSONFragment {
        .object([
            ("type", kind.map { .text($0) }), ("devid", .number(number, unless: -1)),
            ("version", .number(version, unless: 0)), ("ports", .number(ports, unless: 0)),
        ])
    }
}

extension DomainConfiguration.Device {
    fileprivate init(_ fields: JSONFields) {
        let host = fields.object("type.hostdev")
        self.init(
            controller: fields.number("ctrl") ?? -1, port: fields.number("port") ?? 0,
            bus: host?.number("hostbus") ?? 0, address: host?.number("hostaddr") ?? 0)
    }

    fileprivate var json: JSONFragment {
        .object([
            ("ctrl", .number(controller, unless: -1)), ("port", .number(port, unless: 0)),
            (
                "type.hostdev",
                .object([
                    ("hostbus", .number(bus, unless: 0)), ("hostaddr", .number(address, unless: 0)),
                ])
            ),
        ])
    }
}
