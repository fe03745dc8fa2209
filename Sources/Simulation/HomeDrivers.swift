public import USBModel

extension World {
    /// Tells whether a device is at home: every interface has the driver it would have if the
    /// device were plugged in now, and no port holds it.
    ///
    /// Only ordinary drivers are asked, in the order of the interfaces; a device that is not
    /// there is not at home.
    public func isHome(_ device: BusID) -> Bool {
        guard let device = usb.device(device), !holds(device.id) else { return false }
        return pluggedAnew(device).interfaces.map(\.driver) == device.interfaces.map(\.driver)
    }

    /// The device as the ordinary drivers share it among them when it is new.
    private func pluggedAnew(_ device: SimulatedDevice) -> SimulatedDevice {
        var fresh = self
        fresh.usb.drivers.removeAll { $0 == .usbback }
        for interface in device.interfaces { fresh.usb.setDriver(of: interface.id, to: nil) }
        for interface in device.interfaces { fresh.probe(interface.id, usbbackFirst: false) }
        return fresh.usb.device(device.id) ?? device
    }
}
