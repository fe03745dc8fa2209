/// One line of usbback's port table: a device is announced for a port of a controller.
public struct PortTableEntry: Hashable, Sendable {
    /// The greatest domid of a real domain (xen.h, `DOMID_FIRST_RESERVED` less one).
    public static let domainMax: UInt16 = 32751
    /// The greatest port (usbif.h, `USBIF_MAX_PORTNR`).
    public static let portMax: UInt8 = 31

    /// The device.
    public let device: BusID
    /// The domid of the controller's domain, 0…32751.
    public let domain: UInt16
    /// The controller's devid; usbback calls it the handle.
    public let controller: UInt32
    /// The port, 1…31.
    public let port: UInt8

    /// Makes an entry from its parts.
    public init(device: BusID, domain: UInt16, controller: UInt32, port: UInt8) {
        self.device = device
        self.domain = domain
        self.controller = controller
        self.port = port
    }

    /// Parses a line, `busid:domid:handle:port`, without its newline.
    public init?(_ line: some StringProtocol) {
        let words = line.split(separator: ":", omittingEmptySubsequences: false)
        guard words.count == 4, let device = BusID(words[0]),
            let domain = UInt16(decimal: words[1]), domain <= Self.domainMax,
            let controller = UInt32(decimal: words[2]),
            let port = UInt8(decimal: words[3]), (1...Self.portMax).contains(port)
        else { return nil }
        self.init(device: device, domain: domain, controller: controller, port: port)
    }
}

extension PortTableEntry: CustomStringConvertible {
    /// The line as usbback prints it, without its newline.
    public var description: String { "\(device):\(domain):\(controller):\(port)" }
}

/// usbback's port table: the devices it will take, and for whom.
///
/// It is the driver's attribute `port_ids`. A device is listed from the moment usbback has seen
/// its port node until it has seen the node cleared; only then may it be bound, or given back.
public struct PortTable: Hashable, Sendable {
    /// The lines that could be read, in usbback's order.
    public let entries: [PortTableEntry]
    /// The lines that could not, as they came.
    public let badLines: [String]

    /// Makes a table from its lines.
    public init(entries: [PortTableEntry], badLines: [String] = []) {
        self.entries = entries
        self.badLines = badLines
    }

    /// Parses the attribute; a bad line is kept aside and hides no other.
    public init(_ bytes: some Sequence<UInt8>) {
        let lines = Array(bytes).split(separator: 0x0a).map {
            String(decoding: $0, as: UTF8.self)
        }
        entries = lines.compactMap { PortTableEntry($0) }
        badLines = lines.filter { PortTableEntry($0) == nil }
    }

    /// Tells whether a device is announced, for whatever port.
    public func lists(_ device: BusID) -> Bool {
        entries.contains { $0.device == device }
    }
}
