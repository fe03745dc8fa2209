internal import USBModel
internal import XenStoreWire

/// What the kernel does with a write to `bind`, `unbind` and `drivers_probe`.
///
/// Each rule is a row of docs/simulation.md, with the kernel file it comes from. The rules are
/// those of Linux 5.14 and newer (drivers/base/bus.c, drivers/base/dd.c).
extension World {
    /// `bind_store`: the driver takes the interface, if it matches, nobody has it and the probe
    /// accepts.
    ///
    /// The order counts: one that does not match is refused as such even when a driver has it.
    mutating func bind(_ name: String, to driver: DriverName) throws(FileErrno) {
        let interface = try knownInterface(name)
        guard driver == .usbback || interface.matches.contains(driver) else { throw .noDevice }
        guard interface.driver == nil else { throw .busy }
        guard accepts(interface, driver) else { throw .noDevice }
        usb.setDriver(of: interface.id, to: driver)
    }

    /// `unbind_store`: the driver loses the interface, if it is the one that has it.
    mutating func unbind(_ name: String, from driver: DriverName) throws(FileErrno) {
        let interface = try knownInterface(name)
        guard interface.driver == driver else { throw .noDevice }
        usb.setDriver(of: interface.id, to: nil)
    }

    /// `drivers_probe_store`: an interface without a driver goes to the first one that accepts;
    /// that none does, or that it has one, is no error.
    ///
    /// Which driver is asked first is the order of loading; the worst case is assumed, usbback.
    mutating func probe(_ name: String) throws(FileErrno) {
        let interface = try knownInterface(name)
        guard interface.driver == nil else { return }
        let candidates = [DriverName.usbback] + interface.matches
        let taker = candidates.first { accepts(interface, $0) }
        usb.setDriver(of: interface.id, to: taker)
    }

    /// `bus_find_device_by_name`; the comparison tolerates one final newline.
    private func knownInterface(_ text: String) throws(FileErrno) -> SimulatedInterface {
        let name = text.hasSuffix("\n") ? String(text.dropLast()) : text
        guard let id = InterfaceID(name), let interface = usb.interface(id) else {
            throw .noDevice
        }
        return interface
    }

    private func accepts(_ interface: SimulatedInterface, _ driver: DriverName) -> Bool {
        guard usb.drivers.contains(driver) else { return false }
        return driver == .usbback
            ? usbbackAccepts(interface.id.device) : interface.matches.contains(driver)
    }

    /// usbback's probe (usbstub.c, `usbstub_probe`): no hub, a device that a port of a connected
    /// controller waits for, and no faster than the controller's version carries.
    private func usbbackAccepts(_ id: BusID) -> Bool {
        guard let device = usb.device(id), !device.isHub,
            let entry = ports.first(where: { $0.device == id })
        else { return false }
        let controller = SimulatedController(entry)
        guard state(of: controller.backend) == .connected else { return false }
        let limit: USBSpeed = text(controller.backend / "usb-ver") == "1" ? .full : .high
        return device.speed.map { $0 <= limit } ?? false
    }

    /// Tells whether usbback has any interface of a device.
    func isCaptured(_ id: BusID) -> Bool {
        usb.device(id)?.interfaces.contains { $0.driver == .usbback } ?? false
    }
}
