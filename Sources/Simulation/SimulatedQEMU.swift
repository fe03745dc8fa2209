public import USBModel
internal import XenStoreWire

/// The QEMU of a simulated domain: a process with open files, devices that were added to it while
/// it ran, and what it keeps of the ports it serves.
public struct SimulatedQEMU: Hashable, Sendable {
    /// What becomes of a device that it shall have.
    public enum Opening: String, Hashable, Sendable {
        /// It opens it, if nobody else has it.
        case opens
        /// It can't, and says so to whoever asks by QMP.
        case refuses
        /// It can't, and says so only in its log.
        case fails
    }

    /// A port of kind `qusb` that it has read, until the port is cleared.
    public struct Slot: Hashable, Sendable {
        /// The controller's number.
        public let controller: UInt32
        /// The port, from 1 up.
        public let port: UInt8
        /// What the port held when it was read.
        public let device: BusID
        /// The number under which it has the device open; nil when it has not.
        public var number: UInt8?
    }

    /// Something that was added by QMP.
    public struct Peripheral: Hashable, Sendable {
        /// Its id.
        public let id: String
        /// QEMU's name for what it is, `usb-host` for a device of the host.
        public let driver: String
        /// How many ports a controller has; 0 for a device.
        public var ports = 0
        /// The id of the controller that a device is at.
        public var controller: String?
        /// The port there.
        public var port: String?
        /// The device of the host.
        public var device: BusID?
        /// The number under which it has the device open; nil when it has not.
        public var number: UInt8?
        /// Whether the guest was asked to do without it.
        public var isLeaving = false
    }

    /// The domain it works for.
    public let domain: UInt16
    /// Its process id.
    public let process: Int32
    /// The program's name as the kernel shows it, at most 15 bytes.
    public var name = "qemu-system-i38"
    /// The user that it runs as.
    public var user: UInt32 = 0
    /// What is `/` for it.
    public var root = "/"
    /// Whether it can open devices.
    public var opening = Opening.opens
    /// Whether it answers on its QMP socket.
    public var answers = true
    /// Whether its guest gives controllers back that QEMU emulates.
    public var guestEjects = true
    /// The ports of kind `qusb` that it has read.
    public var slots: [Slot] = []
    /// What was added by QMP.
    public var peripherals: [Peripheral] = []

    /// Makes a QEMU that runs as root and has nothing yet.
    public init(domain: UInt16, process: Int32) {
        self.domain = domain
        self.process = process
    }

    /// The devices that it has open.
    public var open: [BusAddress] {
        let ports = slots.compactMap { slot in
            slot.number.map { BusAddress(bus: slot.device.bus, device: $0) }
        }
        let added = peripherals.compactMap { peripheral -> BusAddress? in
            guard let device = peripheral.device, let number = peripheral.number else { return nil }
            return BusAddress(bus: device.bus, device: number)
        }
        return ports + added
    }
}

/// QEMUs that come and go.
extension World {
    /// Starts a domain's QEMU, and notes it in the store as libxl does (libxl_dm.c).
    public mutating func startQEMU(for domain: UInt16, process: Int32? = nil) {
        let number = StorePath.Component(UInt(domain))
        let zero = StorePath.root / "local" / "domain" / "0"
        let qemu = SimulatedQEMU(domain: domain, process: process ?? 4000 + Int32(domain))
        qemus.removeAll { $0.domain == domain }
        qemus.append(qemu)
        qemus.sort { $0.domain < $1.domain }
        write(.guest(domain) / "image" / "device-model-pid", "\(qemu.process)")
        write(zero / "device-model" / number / "backends" / "qusb", "")
    }

    /// Ends a domain's QEMU as a toolstack does: what it has open goes back to the drivers.
    public mutating func stopQEMU(of domain: UInt16) {
        guard let qemu = qemus.first(where: { $0.domain == domain }) else { return }
        qemus.removeAll { $0.domain == domain }
        for address in qemu.open { handBack(address, isOrderly: true) }
    }

    /// Kills a domain's QEMU: the store stays as it was, and nobody probes what it had open.
    public mutating func killQEMU(of domain: UInt16) {
        guard let qemu = qemus.first(where: { $0.domain == domain }) else { return }
        qemus.removeAll { $0.domain == domain }
        for address in qemu.open { handBack(address, isOrderly: false) }
    }

    /// Changes a domain's QEMU.
    public mutating func changeQEMU(of domain: UInt16, _ body: (inout SimulatedQEMU) -> Void) {
        guard let index = qemus.firstIndex(where: { $0.domain == domain }) else { return }
        body(&qemus[index])
    }
}

/// What a process does that uses a whole device (drivers/usb/core/devio.c, and libusb above it).
extension World {
    /// Opens a device: its host drivers lose all interfaces.
    ///
    /// - Parameter claims: whether all interfaces are claimed at once, as by the backend of kind
    ///   `qusb`; an emulated device's are claimed when the guest uses them.
    /// - Returns: the device's number; nil when it is not there, or another process has it.
    mutating func open(_ id: BusID, claims: Bool) -> UInt8? {
        guard let device = usb.device(id), let number = device.address?.device,
            !device.interfaces.contains(where: { $0.driver == .usbfs }),
            !qemus.contains(where: { $0.open.contains { $0 == device.address } })
        else { return nil }
        for interface in device.interfaces {
            usb.setDriver(of: interface.id, to: claims ? .usbfs : nil)
        }
        return number
    }

    /// Closes a device: in good order libusb asks the kernel to look for drivers.
    mutating func handBack(_ address: BusAddress, isOrderly: Bool) {
        guard let device = usb.devices.first(where: { $0.address == address }) else { return }
        for interface in device.interfaces where interface.driver == .usbfs {
            usb.setDriver(of: interface.id, to: nil)
        }
        guard isOrderly else { return }
        for interface in device.interfaces { probe(interface.id, usbbackFirst: true) }
    }
}

extension SimulatedDevice {
    /// Its address; nil when its attributes name none.
    var address: BusAddress? {
        guard let number = attributes["devnum"].flatMap({ UInt8(decimal: $0) }) else { return nil }
        return BusAddress(bus: id.bus, device: number)
    }
}
