/// The paths of sysfs that pvusb reads and writes, built here and nowhere else.
///
/// They are made of checked names only, and are rooted at `/sys`; the seam to the files maps
/// them elsewhere when it is told to.
package enum SysfsPath {
    /// The directory of all devices and interfaces.
    package static let devices = "/sys/bus/usb/devices"
    /// The directory of all USB drivers.
    package static let drivers = "/sys/bus/usb/drivers"
    /// Written with an interface's name, it lets the kernel choose a driver.
    package static let driversProbe = "/sys/bus/usb/drivers_probe"
    /// usbback's port table, readable by root only.
    package static let portIDs = "\(driver(usbback))/port_ids"
    /// The passthrough driver of kind `pv`.
    package static let usbback = DriverName.usbback

    /// A device's directory.
    package static func device(_ id: BusID) -> String { "\(devices)/\(id)" }

    /// An attribute of a device.
    package static func attribute(_ name: DeviceAttribute, of id: BusID) -> String {
        "\(device(id))/\(name.rawValue)"
    }

    /// An interface's directory.
    package static func interface(_ id: InterfaceID) -> String { "\(devices)/\(id)" }

    /// An interface's class.
    package static func interfaceClass(_ id: InterfaceID) -> String {
        "\(interface(id))/bInterfaceClass"
    }

    /// The link to the driver an interface is bound to; absent while it has none.
    package static func driverLink(_ id: InterfaceID) -> String { "\(interface(id))/driver" }

    /// A driver's directory.
    package static func driver(_ name: DriverName) -> String { "\(drivers)/\(name)" }

    /// Written with an interface's name, it binds the interface to the driver.
    package static func bind(_ name: DriverName) -> String { "\(driver(name))/bind" }

    /// Written with an interface's name, it takes the interface from the driver.
    package static func unbind(_ name: DriverName) -> String { "\(driver(name))/unbind" }
}

/// The attributes of a device that are read, in the order in which they are asked for.
package enum DeviceAttribute: String, Hashable, Sendable, CaseIterable {
    /// The vendor's number, four hexadecimal digits.
    case idVendor
    /// The product's number, four hexadecimal digits.
    case idProduct
    /// The bus number, decimal.
    case busnum
    /// The device number, decimal.
    case devnum
    /// The class, two hexadecimal digits.
    case bDeviceClass
    /// The rate in Mbit/s.
    case speed
    /// The maker's name, the device's own text.
    case manufacturer
    /// The product's name, the device's own text.
    case product
    /// The serial number, the device's own text.
    case serial
    /// The raw descriptors, bytes.
    case descriptors

    /// Tells whether every device has it.
    package var isMandatory: Bool {
        switch self {
        case .speed, .manufacturer, .product, .serial: false
        case .idVendor, .idProduct, .busnum, .devnum, .bDeviceClass, .descriptors: true
        }
    }
}
