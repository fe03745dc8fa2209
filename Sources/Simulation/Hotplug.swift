public import USBModel

/// Plugging and unplugging: what the kernel's hub driver does by itself (drivers/usb/core/hub.c).
extension World {
    /// Pulls a device, and with a hub everything below it.
    ///
    /// Its drivers lose it. usbback's port table keeps its line: the port node still names it.
    ///
    /// - Returns: the device, without drivers; nil when there is none. The devices below a hub
    ///   are lost.
    @discardableResult
    public mutating func unplug(_ id: BusID) -> SimulatedDevice? {
        let device = usb.device(id)
        usb.devices.removeAll { $0.id == id || $0.id.isBelow(id) }
        return device?.withoutDrivers
    }

    /// Plugs a device into the socket that its bus id names; what is there is pulled first.
    ///
    /// It gets a new number, and each interface goes to the first driver that accepts.
    ///
    /// - Parameter usbbackFirst: whether usbback is asked before the ordinary drivers, as when it
    ///   was loaded before them.
    public mutating func plug(_ device: SimulatedDevice, usbbackFirst: Bool = false) {
        var device = device.withoutDrivers
        device.attributes["devnum"] = String(newNumber(for: device))
        unplug(device.id)
        usb = SimulatedUSB(devices: usb.devices + [device], drivers: usb.drivers)
        probeAll(of: device, usbbackFirst)
    }

    /// Gives a device another configuration, as a write to `bConfigurationValue` and some resets
    /// do (drivers/usb/core/message.c, `usb_set_configuration`).
    ///
    /// All drivers lose it, the old interfaces are gone and the new ones are probed.
    ///
    /// - Precondition: the interfaces are the device's, of this configuration.
    public mutating func configure(
        _ id: BusID, _ configuration: UInt8, interfaces: [SimulatedInterface],
        usbbackFirst: Bool = false
    ) {
        precondition(
            interfaces.allSatisfy { $0.id.device == id && $0.id.configuration == configuration },
            "the interfaces of a configuration are named after it")
        guard let index = usb.devices.firstIndex(where: { $0.id == id }) else { return }
        usb.devices[index].attributes["bConfigurationValue"] = String(configuration)
        // As the kernel prints it, `%2d`.
        let count = interfaces.count < 10 ? " \(interfaces.count)" : "\(interfaces.count)"
        usb.devices[index].attributes["bNumInterfaces"] = count
        usb.devices[index].interfaces = interfaces
        usb.devices[index] = usb.devices[index].withoutDrivers
        probeAll(of: usb.devices[index], usbbackFirst)
    }

    private mutating func probeAll(of device: SimulatedDevice, _ usbbackFirst: Bool) {
        for interface in device.interfaces {
            probe(interface.id, usbbackFirst: usbbackFirst)
        }
    }

    /// The number after the greatest that the bus has, what is pulled for it included, or that the
    /// device had before; from 127 on the first one that is free (hub.c, `choose_devnum`, which
    /// counts on in the same way).
    private func newNumber(for device: SimulatedDevice) -> Int {
        let others = usb.devices.filter { $0.id.bus == device.id.bus }
        let taken = others.compactMap(\.number)
        let next = ((taken + [device.number ?? 0]).max() ?? 0) + 1
        guard next > Self.numberMax else { return next }
        return (1...Self.numberMax).first { !taken.contains($0) } ?? Self.numberMax
    }

    /// The greatest number of a device on a bus (USB 2.0, 9.4.6).
    private static let numberMax = 127
}

extension SimulatedDevice {
    /// The same device for another socket.
    public func moved(to id: BusID) -> SimulatedDevice {
        let interfaces = interfaces.map { interface in
            let siblings = interface.siblings.map { $0.moved(to: id) }
            return SimulatedInterface(
                id: interface.id.moved(to: id), attributes: interface.attributes,
                driver: interface.driver, matches: interface.matches, siblings: siblings,
                siblingTie: interface.siblingTie)
        }
        var attributes = attributes
        attributes["busnum"] = String(id.bus)
        if attributes["devpath"] != nil { attributes["devpath"] = id.path }
        return SimulatedDevice(
            id: id, attributes: attributes, descriptors: descriptors, interfaces: interfaces)
    }

    fileprivate var withoutDrivers: SimulatedDevice {
        var device = self
        for index in interfaces.indices { device.interfaces[index].driver = nil }
        return device
    }

    fileprivate var number: Int? { attributes["devnum"].flatMap { Int($0) } }
}

extension InterfaceID {
    fileprivate func moved(to device: BusID) -> InterfaceID {
        InterfaceID(device: device, configuration: configuration, number: number)
    }
}

extension BusID {
    /// The chain of ports as `devpath` has it.
    fileprivate var path: String {
        isRootHub ? "0" : ports.map(String.init).joined(separator: ".")
    }

    /// Tells whether the device hangs at a hub, or at another that does.
    fileprivate func isBelow(_ hub: BusID) -> Bool {
        bus == hub.bus && ports.count > hub.ports.count && ports.starts(with: hub.ports)
    }
}
