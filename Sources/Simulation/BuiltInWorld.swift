internal import USBModel

extension World {
    /// The world to play in when no other is at hand: a small host with what people own.
    ///
    /// Two identical keyboards, a stick, a SuperSpeed disk, a serial adapter behind a hub, and a
    /// sound device with two interfaces.
    public static func builtIn() -> World {
        World(
            usb: SimulatedUSB(
                devices: BuiltInDevice.all.map(\.simulated),
                drivers: ["hub", "usbhid", "usb-storage", "ftdi_sio", "snd-usb-audio", "usbback"]
                    .compactMap { DriverName($0) }))
    }
}

/// A line of the built-in world's parts list.
private struct BuiltInDevice {
    var bus: UInt8
    var ports: [UInt8] = []
    var number: UInt8
    var product: VendorProduct
    var speed: String
    var names: (manufacturer: String, product: String)
    var serial: String?
    /// The class, the subclass and the driver of each interface.
    var interfaces: [(usbClass: String, subclass: String, driver: String)]

    static let all = [
        BuiltInDevice(
            bus: 1, number: 1, product: VendorProduct(vendor: 0x1d6b, product: 0x0002),
            speed: "480", names: ("Linux 6.1 xhci-hcd", "xHCI Host Controller"),
            serial: "0000:00:14.0", interfaces: [("09", "00", "hub")]),
        BuiltInDevice(
            bus: 1, ports: [1], number: 2,
            product: VendorProduct(vendor: 0x046d, product: 0xc31c), speed: "1.5",
            names: ("Logitech", "USB Keyboard"), serial: nil, interfaces: [("03", "01", "usbhid")]),
        BuiltInDevice(
            bus: 1, ports: [2], number: 3,
            product: VendorProduct(vendor: 0x046d, product: 0xc31c), speed: "1.5",
            names: ("Logitech", "USB Keyboard"), serial: nil, interfaces: [("03", "01", "usbhid")]),
        BuiltInDevice(
            bus: 1, ports: [3], number: 4,
            product: VendorProduct(vendor: 0x05e3, product: 0x0608), speed: "480",
            names: ("Genesys Logic", "USB2.0 Hub"), serial: nil, interfaces: [("09", "00", "hub")]),
        BuiltInDevice(
            bus: 1, ports: [3, 1], number: 5,
            product: VendorProduct(vendor: 0x0403, product: 0x6001), speed: "12",
            names: ("FTDI", "FT232R USB UART"), serial: "A50285BI",
            interfaces: [("ff", "ff", "ftdi_sio")]),
        BuiltInDevice(
            bus: 1, ports: [3, 2], number: 6,
            product: VendorProduct(vendor: 0x0781, product: 0x5567), speed: "480",
            names: ("SanDisk", "Cruzer Blade"), serial: "4C530001230808117371",
            interfaces: [("08", "06", "usb-storage")]),
        BuiltInDevice(
            bus: 1, ports: [4], number: 7,
            product: VendorProduct(vendor: 0x0d8c, product: 0x0014), speed: "12",
            names: ("C-Media Electronics Inc.", "USB Audio Device"), serial: nil,
            interfaces: [("01", "01", "snd-usb-audio"), ("01", "02", "snd-usb-audio")]),
        BuiltInDevice(
            bus: 2, number: 1, product: VendorProduct(vendor: 0x1d6b, product: 0x0003),
            speed: "5000", names: ("Linux 6.1 xhci-hcd", "xHCI Host Controller"),
            serial: "0000:00:14.0", interfaces: [("09", "00", "hub")]),
        BuiltInDevice(
            bus: 2, ports: [1], number: 2,
            product: VendorProduct(vendor: 0x1058, product: 0x25a2), speed: "5000",
            names: ("Western Digital", "Elements 25A2"), serial: "575832314443",
            interfaces: [("08", "06", "usb-storage")]),
    ]

    private var id: BusID {
        let path = ports.map(String.init).joined(separator: ".")
        guard let id = BusID(ports.isEmpty ? "usb\(bus)" : "\(bus)-\(path)") else {
            preconditionFailure("the parts list has sysfs names only")
        }
        return id
    }

    private var isHub: Bool { interfaces.first?.usbClass == "09" }

    var simulated: SimulatedDevice {
        let words = product.description.split(separator: ":").map(String.init)
        var attributes = [
            "busnum": String(bus), "devnum": String(number), "idVendor": words[0],
            "idProduct": words[1], "bDeviceClass": isHub ? "09" : "00", "speed": speed,
            "manufacturer": names.manufacturer, "product": names.product,
            "bNumInterfaces": " \(interfaces.count)", "bConfigurationValue": "1",
        ]
        attributes["serial"] = serial
        return SimulatedDevice(
            id: id, attributes: attributes, descriptors: descriptors,
            interfaces: simulatedInterfaces)
    }

    /// A device descriptor (USB 2.0, 9.6.1): two-byte numbers have the low byte first.
    private var descriptors: [UInt8] {
        let isFast = speed == "5000"
        let numbers = product.description.split(separator: ":").compactMap { UInt16($0, radix: 16) }
        let product = numbers.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
        let usb: [UInt8] = isFast ? [0x00, 0x03] : [0x00, 0x02]
        return [18, 1] + usb + [isHub ? 9 : 0, 0, 0, isFast ? 9 : 64] + product
            + [0x00, 0x01, 1, 2, serial == nil ? 0 : 3, 1]
    }

    private var simulatedInterfaces: [SimulatedInterface] {
        var all = interfaces.enumerated().map { index, interface in
            let driver = DriverName(interface.driver)
            return SimulatedInterface(
                id: InterfaceID(device: id, configuration: 1, number: UInt8(index)),
                attributes: [
                    "bInterfaceClass": interface.usbClass, "bInterfaceNumber": "0\(index)",
                    "bInterfaceSubClass": interface.subclass,
                ], driver: driver, matches: driver.map { [$0] } ?? [])
        }
        all.findSiblings()
        return all
    }
}
