public import USBModel
public import XenStoreServer
public import XenStoreWire

/// A whole host as a value: its USB tree, its store, its guests and what its drivers remember.
///
/// It holds the kernel's and the guests' rules, never a toolstack's. Copies are cheap, and two
/// worlds are equal when nobody could tell them apart.
public struct World: Hashable, Sendable {
    /// A guest's part in the play.
    public struct Guest: Hashable, Sendable {
        /// How a guest answers a USB controller.
        public enum Frontend: String, Hashable, Sendable {
            /// It has no driver for one.
            case none
            /// It has Linux's xen-hcd, which connects, and goes when the backend goes.
            case wellBehaved
            /// It connects, and does not go when the backend asks it to.
            case neverCloses
            /// It comes back once to a controller that closed and is still online, as when its
            /// driver is loaded anew; from then on it is well behaved.
            case connectsTwice
        }

        /// Its domid.
        public let domain: UInt16
        /// How it answers a USB controller.
        public var frontend: Frontend

        /// Whether it has a driver that answers a USB controller.
        public var hasFrontend: Bool {
            get { frontend != .none }
            set { frontend = !newValue ? .none : hasFrontend ? frontend : .wellBehaved }
        }

        /// Makes a guest.
        public init(domain: UInt16, frontend: Frontend) {
            self.domain = domain
            self.frontend = frontend
        }

        /// Makes a guest with a well-behaved driver, or without one.
        public init(domain: UInt16, hasFrontend: Bool = true) {
            self.init(domain: domain, frontend: hasFrontend ? .wellBehaved : .none)
        }
    }

    /// The USB side.
    public var usb: SimulatedUSB
    /// The xenstore.
    public var store: StoreEngine
    /// The guests, by domid.
    public var guests: [Guest]
    /// usbback's port table, by device: what it has been told to wait for.
    public var ports: [PortTableEntry]
    /// The QEMUs that run, by domid.
    public var qemus: [SimulatedQEMU] = []
    /// What libxl keeps of the domains in files of `/var/lib/xen`, by name; nothing where another
    /// toolstack runs.
    public var userdata: [String: [UInt8]] = [:]
    /// Who has which lock; only worlds in memory use it.
    public var locks: [String: Int32] = [:]
    /// The connection on which the kernel's drivers and the guests speak.
    let kernel: ConnectionID

    /// Makes a world of its parts.
    public init(
        usb: SimulatedUSB, store: StoreEngine, guests: [Guest], ports: [PortTableEntry] = []
    ) {
        self.usb = usb
        self.store = store
        self.guests = guests.sorted { $0.domain < $1.domain }
        self.ports = ports
        kernel = self.store.connect(domain: 0)
    }

    /// A node's value as text; nil when there is no such node.
    public func text(_ path: StorePath) -> String? {
        store.value(at: path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Tells whether any port node holds a device.
    public func holds(_ device: BusID) -> Bool {
        guests.contains { guest in
            portDirectories(of: guest.domain).contains { ports in
                (store.children(of: ports) ?? []).compactMap { UInt8(decimal: $0) }.contains {
                    text(ports / StorePath.Component(UInt($0))) == device.description
                }
            }
        }
    }

    /// The directories of the ports of a domain's controllers: the backends', and libxl's own
    /// where QEMU emulates a controller.
    private func portDirectories(of domain: UInt16) -> [StorePath] {
        let number = StorePath.Component(UInt(domain))
        let backends = SimulatedController.Backend.allCases
            .map { SimulatedController.allBackends($0) / number }
        let emulated = StorePath.root / "libxl" / number / "device" / "vusb"
        return (backends + [emulated]).flatMap { parent in
            (store.children(of: parent) ?? []).compactMap { UInt32(decimal: $0) }
                .map { parent / StorePath.Component(UInt($0)) / "port" }
        }
    }

    mutating func write(_ path: StorePath, _ text: String) {
        _ = store.perform(.write(path, text: text), from: kernel)
    }
}
