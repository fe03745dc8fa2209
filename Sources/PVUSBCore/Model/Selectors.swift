public import USBModel

/// The words with which a person names a device.
public enum DeviceSelector: Hashable, Sendable {
    /// By its physical place, `3-1.2`.
    case busID(BusID)
    /// By what it is, `046d:c52b`, and its serial number where one is given.
    case product(VendorProduct, serial: String?)
    /// By its bus address as lsusb prints it, `3.7` or `003.007`.
    case address(BusAddress)

    /// The bus id of the device that is meant; nil where only a look at all of them can tell.
    var knownID: BusID? {
        guard case .busID(let id) = self else { return nil }
        return id
    }

    /// Reads a device's name as typed.
    ///
    /// - Throws: a usage error that shows the ways to name a device.
    public init(_ word: String) throws(PVUSBError) {
        if let device = BusID(word) {
            self = .busID(device)
        } else if let product = Self.product(word) {
            self = product
        } else if let address = Self.address(word) {
            self = address
        } else {
            throw PVUSBError(
                .usage,
                "'\(word)' is no device: write a bus id (3-1.2), vendor:product (046d:c52b), "
                    + "vendor:product@serial, or bus.device from 1.1 to 255.255 (3.7)",
                remedy: "pvusb devices")
        }
    }

    private static func product(_ word: String) -> DeviceSelector? {
        let parts = word.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let product = VendorProduct(String(first)) else {
            return nil
        }
        guard parts.count == 2 else { return .product(product, serial: nil) }
        return parts[1].isEmpty ? nil : .product(product, serial: String(parts[1]))
    }

    private static func address(_ word: String) -> DeviceSelector? {
        let parts = word.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let bus = UInt8(complete: parts[0]), bus > 0,
            let device = UInt8(complete: parts[1]), device > 0
        else { return nil }
        return .address(BusAddress(bus: bus, device: device))
    }
}

extension DeviceSelector: CustomStringConvertible {
    /// The words as a person would type them.
    public var description: String {
        switch self {
        case .busID(let device): device.description
        case .product(let product, let serial):
            serial.map { "\(product)@\($0)" } ?? product.description
        case .address(let address): address.description
        }
    }
}

/// The word with which a person names a domain.
public enum DomainSelector: Hashable, Sendable {
    /// By number.
    case number(DomainID)
    /// By name.
    case name(String)

    /// Reads a domain's name as typed; one that is all digits is a domid, as in xl.
    ///
    /// - Throws: a usage error that names the range.
    public init(_ word: String) throws(PVUSBError) {
        guard !word.isEmpty else {
            throw PVUSBError(
                .usage, "an empty word is no domain: write a name or a number from 0 to 32751")
        }
        guard word.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            self = .name(word)
            return
        }
        guard let domain = UInt16(complete: word).flatMap(DomainID.init) else {
            throw PVUSBError(
                .usage, "'\(word)' is no domain: a domain's number is from 0 to \(DomainID.max)")
        }
        self = .number(domain)
    }
}

/// A place as asked for: a controller, or a port of it.
public struct PlaceWish: Hashable, Sendable {
    /// The controller.
    public let controller: ControllerNumber
    /// The port; nil lets a free one be picked.
    public let port: PortNumber?

    /// Makes a wish.
    public init(controller: ControllerNumber, port: PortNumber?) {
        self.controller = controller
        self.port = port
    }

    /// Reads a place as typed, `0` or `0:1`; every number is decimal and complete.
    ///
    /// - Throws: a usage error that names the range.
    public init(_ word: String) throws(PVUSBError) {
        let parts = word.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let controller = parts.first.flatMap({ UInt8(complete: $0) }) else {
            throw .noPlace(word, "a controller is a number from 0 to 255")
        }
        self.controller = ControllerNumber(controller)
        guard parts.count == 2 else {
            port = nil
            return
        }
        guard let port = UInt8(complete: parts[1]).flatMap(PortNumber.init) else {
            throw .noPlace(word, "a port is a number from 1 to \(PortNumber.max)")
        }
        self.port = port
    }

    /// The place as a person would type it.
    public var label: String {
        port.map { "\(controller.number):\($0.number)" } ?? "\(controller.number)"
    }
}

extension PVUSBError {
    fileprivate static func noPlace(_ word: String, _ range: String) -> PVUSBError {
        PVUSBError(.usage, "'\(word)' is no place (CONTROLLER or CONTROLLER:PORT): \(range)")
    }
}
