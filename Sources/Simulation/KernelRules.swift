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
        try take(interface, by: driver)
    }

    /// `unbind_store`: the driver loses the interface, if it is the one that has it.
    mutating func unbind(_ name: String, from driver: DriverName) throws(FileErrno) {
        let interface = try knownInterface(name)
        guard interface.driver == driver else { throw .noDevice }
        usb.setDriver(of: interface.id, to: nil)
        guard driver != .usbback else { return }
        for companion in companions(of: interface) where companion.driver == driver {
            usb.setDriver(of: companion.id, to: nil)
        }
    }

    /// `drivers_probe_store`: an interface without a driver goes to the first one that accepts;
    /// that none does, or that it has one, is no error.
    ///
    /// Which driver is asked first is the order of loading; the worst case is assumed, usbback.
    mutating func probe(_ name: String) throws(FileErrno) {
        probe(try knownInterface(name).id, usbbackFirst: true)
    }

    /// `__device_attach`: a probe that fails, for whatever reason, leaves the next driver its try.
    mutating func probe(_ id: InterfaceID, usbbackFirst: Bool) {
        guard let interface = usb.interface(id), interface.driver == nil else { return }
        let ordinary = interface.matches
        let candidates = usbbackFirst ? [.usbback] + ordinary : ordinary + [.usbback]
        for driver in candidates where usb.drivers.contains(driver) {
            do throws(FileErrno) {
                return try take(interface, by: driver)
            } catch {
                continue
            }
        }
    }

    /// `bus_find_device_by_name`; the comparison tolerates one final newline.
    private func knownInterface(_ text: String) throws(FileErrno) -> SimulatedInterface {
        let name = text.hasSuffix("\n") ? String(text.dropLast()) : text
        guard let id = InterfaceID(name), let interface = usb.interface(id) else {
            throw .noDevice
        }
        return interface
    }

    /// The driver's probe of an interface that it matches and that is free.
    ///
    /// An ordinary driver claims the interface's siblings, too (drivers/usb/core/driver.c,
    /// `usb_driver_claim_interface`).
    private mutating func take(
        _ interface: SimulatedInterface, by driver: DriverName
    ) throws(FileErrno) {
        guard driver != .usbback else {
            guard usbbackAccepts(interface.id.device) else { throw .noDevice }
            return usb.setDriver(of: interface.id, to: driver)
        }
        let siblings = interface.siblings.compactMap { usb.interface($0) }
        let free = siblings.filter { $0.driver == nil }
        guard interface.siblingTie != .mutual || free.count == siblings.count else {
            throw SiblingDriver.all[driver.text]?.refusal ?? .busy
        }
        for taken in [interface] + free { usb.setDriver(of: taken.id, to: driver) }
    }

    /// The interfaces that their driver gives up with this one.
    private func companions(of interface: SimulatedInterface) -> [SimulatedInterface] {
        let all = usb.device(interface.id.device)?.interfaces ?? []
        let led = interface.siblingTie == .loose ? [] : interface.siblings
        let leaders = all.filter {
            $0.siblingTie == .mutual && $0.siblings.contains(interface.id)
        }
        let names = led + leaders.map(\.id) + leaders.flatMap(\.siblings)
        return all.filter { $0.id != interface.id && names.contains($0.id) }
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
