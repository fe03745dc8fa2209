public import USBModel

/// What kind of guest a domain is, as libxl notes it where only domain 0 can write.
public enum GuestType: String, Hashable, Sendable {
    /// A PV guest.
    case pv
    /// A PVH guest.
    case pvh
    /// An HVM guest.
    case hvm
}

/// The QEMU of a domain, as the store names it and its process shows itself.
public struct QEMUView: Hashable, Sendable {
    /// What there is of the process.
    public enum Process: Hashable, Sendable {
        /// The store names none.
        case none
        /// The one that the store names does not exist.
        case gone(Int32)
        /// The one that the store names is another program, of this name.
        case foreign(Int32, String)
        /// It can't be looked at, for this reason.
        case unreadable(Int32, String)
        /// It runs, and has these devices open.
        case running(Int32, open: Set<BusAddress>)
    }

    /// What kind of guest the domain is; nil when nobody says.
    public var guestType: GuestType?
    /// The domain in which the device model runs instead of this one; nil when it runs here.
    public var stubDomain: String?
    /// Whether it offers to be the backend of kind `qusb`.
    public var offersQusb: Bool
    /// The process.
    public var process: Process
    /// Why it can't open a device, although it runs; nil when nothing is known to keep it.
    public var confinement: String?

    /// Describes a domain's QEMU.
    public init(
        guestType: GuestType? = nil, stubDomain: String? = nil, offersQusb: Bool = false,
        process: Process = .none, confinement: String? = nil
    ) {
        self.guestType = guestType
        self.stubDomain = stubDomain
        self.offersQusb = offersQusb
        self.process = process
        self.confinement = confinement
    }

    /// Whether it runs, or may run for all that can be seen.
    public var isRunning: Bool {
        switch process {
        case .running, .unreadable: true
        case .none, .gone, .foreign: false
        }
    }

    /// Whether it has a device open; nil when nobody can tell.
    public func has(_ device: BusAddress) -> Bool? {
        switch process {
        case .running(_, let open): open.contains(device)
        case .unreadable: nil
        case .none, .gone, .foreign: false
        }
    }

    /// Why it can take no device, as a clause about the domain's; nil when nothing is in the way.
    public var obstacle: String? {
        if let stubDomain {
            return "its device model runs in stub domain \(stubDomain), which has no device of "
                + "this host"
        }
        switch process {
        case .none: return "it has no QEMU"
        case .gone(let process): return "its QEMU (process \(process)) is not running"
        case .foreign(let process, let name):
            return "process \(process), which shall be its QEMU, is \(name)"
        case .unreadable(let process, let reason):
            return "its QEMU (process \(process)) can't be looked at: \(reason)"
        case .running(let process, _):
            return confinement.map { "its QEMU (process \(process)) \($0)" }
        }
    }

    /// Whether only root can tell.
    var isHidden: Bool {
        if case .unreadable = process { true } else { false }
    }
}

/// A device of a QEMU that somebody added while it ran, as its object tree shows it.
public struct Peripheral: Hashable, Sendable {
    /// The id it was given.
    public let id: String
    /// The bus it is on, `xenusb-0.0`; nil when QEMU does not tell.
    public let bus: String?
    /// The port of that bus; nil when QEMU does not tell.
    public let port: String?

    /// Describes a device.
    public init(id: String, bus: String?, port: String?) {
        self.id = id
        self.bus = bus
        self.port = port
    }

    /// Tells whether it is what is in a port; one whose bus is not told, by the id it should have.
    func isAt(_ place: Place, known: String?) -> Bool {
        guard let bus, let port else { return id == known }
        return bus == "\(place.controller.qemuID).0" && port == "\(place.port.number)"
    }
}

extension ControllerID {
    /// The id that libxl gives a controller in QEMU (libxl_usb.c, `libxl__device_usbctrl_add_qmp`).
    var qemuID: String { "xenusb-\(number.number)" }
}

extension BusAddress {
    /// The id that libxl gives a device in QEMU (libxl_usb.c, `libxl__device_usbdev_add_qmp`).
    var qemuID: String { "xenusb-\(bus)-\(device)" }
}
