public import HostUSB
public import USBModel
internal import XenStoreServer

extension World {
    /// Makes a world of the USB devices that a host's sysfs shows, with usbback loaded and three
    /// guests that have no controller yet: `pv1`, `pvh1` and `win10`.
    ///
    /// - Throws: the errno of a tree that has no USB devices at all.
    public init(capturing files: any Files) throws(FileErrno) {
        var usb = try SimulatedUSB(capturing: files)
        usb.findSiblings()
        let drivers = Set(usb.drivers).union([.usbback])
        self.init(usb: SimulatedUSB(devices: usb.devices, drivers: Array(drivers)))
    }

    /// Makes a world of a USB tree, with the three guests.
    init(usb: SimulatedUSB) {
        var store = StoreEngine.hostStore()
        let uuids = ["1d3f6f0a-0001", "1d3f6f0a-0002", "1d3f6f0a-0003"]
            .map { "\($0)-4a7e-9c55-00163e5e6c00" }
        store.addGuest(1, name: "pv1", type: .pv, uuid: uuids[0])
        store.addGuest(2, name: "pvh1", type: .pvh, uuid: uuids[1])
        store.addGuest(3, name: "win10", type: .hvm, uuid: uuids[2])
        self.init(
            usb: usb, store: store,
            guests: [Guest(domain: 1), Guest(domain: 2), Guest(domain: 3)])
        startQEMU(for: 3)
    }
}

extension World {
    /// Makes a world of a directory that holds a sysfs tree, such as `/sys` itself.
    ///
    /// - Throws: that there are no USB devices in it.
    public static func capturing(sysfs directory: String) throws(WorldFailure) -> World {
        do throws(FileErrno) {
            return try World(capturing: SystemFiles(sysfs: directory))
        } catch {
            throw WorldFailure(
                "\(directory)/bus/usb/devices can't be listed (\(error))",
                remedy: "name the tree's sys folder with --sysfs")
        }
    }
}

extension SimulatedUSB {
    /// The devices and the drivers of a tree; whose siblings an interface claims is found later,
    /// by ``findSiblings()``.
    init(capturing files: any Files) throws(FileErrno) {
        let names = try files.list("/sys/bus/usb/devices")
        let interfaces = names.compactMap { InterfaceID($0) }
        let devices = names.compactMap { BusID($0) }.map { id in
            SimulatedDevice(
                capturing: id, interfaces: interfaces.filter { $0.device == id }.sorted(), files)
        }
        let loaded = ((try? files.list("/sys/bus/usb/drivers")) ?? []).compactMap { DriverName($0) }
        self.init(devices: devices, drivers: loaded)
    }

    /// Finds the siblings that drivers claim in every device.
    mutating func findSiblings() {
        for index in devices.indices { devices[index].interfaces.findSiblings() }
    }
}

extension SimulatedDevice {
    /// The attributes that say what a device is; the rest say how it is doing.
    static let attributeNames = [
        "bConfigurationValue", "bDeviceClass", "bDeviceProtocol", "bDeviceSubClass",
        "bMaxPower", "bNumConfigurations", "bNumInterfaces", "bcdDevice", "busnum", "devnum",
        "devpath", "idProduct", "idVendor", "manufacturer", "maxchild", "product", "serial",
        "speed", "version",
    ]

    fileprivate init(capturing id: BusID, interfaces: [InterfaceID], _ files: any Files) {
        let directory = "/sys/bus/usb/devices/\(id)"
        var interfaces = interfaces.map { SimulatedInterface(capturing: $0, files) }
        interfaces.findSiblings()
        self.init(
            id: id, attributes: files.attributes(Self.attributeNames, of: directory),
            descriptors: (try? files.read("\(directory)/descriptors")) ?? [],
            interfaces: interfaces)
    }
}

extension SimulatedInterface {
    static let attributeNames = [
        "bAlternateSetting", "bInterfaceClass", "bInterfaceNumber", "bInterfaceProtocol",
        "bInterfaceSubClass", "bNumEndpoints", "modalias",
    ]

    fileprivate init(capturing id: InterfaceID, _ files: any Files) {
        let directory = "/sys/bus/usb/devices/\(id)"
        let link = try? files.readLink("\(directory)/driver")
        let name = link?.split(separator: "/").last.map(String.init)
        let driver = name.flatMap { DriverName($0) }
        self.init(
            id: id, attributes: files.attributes(Self.attributeNames, of: directory),
            driver: driver, matches: driver.flatMap { $0 == .usbback ? nil : [$0] } ?? [])
    }
}

extension Files {
    /// The attributes that there are, without their final newline.
    fileprivate func attributes(_ names: [String], of directory: String) -> [String: String] {
        var attributes: [String: String] = [:]
        for name in names {
            guard let bytes = try? read("\(directory)/\(name)") else { continue }
            let text = String(decoding: bytes, as: UTF8.self)
            attributes[name] = text.hasSuffix("\n") ? String(text.dropLast()) : text
        }
        return attributes
    }
}
