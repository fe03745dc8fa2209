internal import USBModel
internal import XenStoreWire

extension StoreAnswers {
    /// The driver that libxl noted for an interface; nil for anything but the directory of one.
    ///
    /// libxl stores and trusts an absolute path (libxl_usb.c, `usbdev_get_all_interfaces`); here it
    /// must be that of a direct child of the USB drivers' directory, and of an ordinary driver.
    func notedDriver(of interface: InterfaceID) -> DriverName? {
        guard let path = text(StoreLayout.driverPath(of: interface)),
            let name = path.split(separator: "/").last.flatMap({ DriverName($0) }),
            path == SysfsPath.driver(name), name != SysfsPath.usbback
        else { return nil }
        return name
    }

    /// libxl's notes of a device's drivers, the ones that make sense; nil when there are none.
    func notes(of device: BusID) -> DriverNotes? {
        let names = children(StoreLayout.driverPaths(of: device))
        guard !names.isEmpty else { return nil }
        let interfaces = names.compactMap { InterfaceID(component: $0) }
            .filter { $0.device == device }
            .map { RecordedInterface(id: $0, driver: notedDriver(of: $0)) }
        return DriverNotes(interfaces: interfaces)
    }
}

/// What libxl wrote down of the drivers that a device's interfaces had.
///
/// It is keyed by the socket, not by the device, and nobody removes it when the device goes: it
/// counts only while nothing better is known.
public struct DriverNotes: Hashable, Sendable {
    /// The interfaces and their drivers; nil for a note that makes no sense.
    public let interfaces: [RecordedInterface]

    /// Collects notes.
    public init(interfaces: [RecordedInterface]) {
        self.interfaces = interfaces.sorted { $0.id < $1.id }
    }

    /// The driver noted for an interface.
    public func driver(of interface: InterfaceID) -> DriverName? {
        interfaces.first { $0.id == interface }?.driver
    }
}
