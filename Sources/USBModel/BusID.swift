/// A host USB device's sysfs name, its physical place: `3-1.2`, or `usb3` for a root hub.
///
/// The kernel builds the name from the bus number and the chain of hub ports
/// (drivers/usb/core/usb.c, `usb_alloc_dev`).
public struct BusID: Hashable, Sendable {
    /// The greatest bus number and the greatest port of a hub, both one byte in the kernel's API.
    public static let numberMax = 255
    /// The longest chain of ports: a root hub and five more tiers (USB 2.0, 4.1.1).
    public static let portsMax = 6

    /// The bus number, 1…255.
    public let bus: UInt8
    /// The hub ports from the root down, each 1…255; empty for a root hub.
    public let ports: [UInt8]

    /// Tells whether this is a root hub.
    public var isRootHub: Bool { ports.isEmpty }

    /// Parses a sysfs name; nil unless the kernel could have made it.
    public init?(_ text: some StringProtocol) {
        if text.hasPrefix("usb") {
            guard let bus = UInt8(decimal: text.dropFirst(3)), bus > 0 else { return nil }
            self.bus = bus
            ports = []
            return
        }
        let halves = text.split(separator: "-", omittingEmptySubsequences: false)
        guard halves.count == 2, let bus = UInt8(decimal: halves[0]), bus > 0 else { return nil }
        let words = halves[1].split(separator: ".", omittingEmptySubsequences: false)
        let ports = words.compactMap { UInt8(decimal: $0) }
        guard ports.count == words.count, ports.count <= Self.portsMax, !ports.contains(0) else {
            return nil
        }
        self.bus = bus
        self.ports = ports
    }
}

extension BusID: CustomStringConvertible {
    /// The sysfs name.
    public var description: String {
        isRootHub ? "usb\(bus)" : "\(bus)-\(ports.map(String.init).joined(separator: "."))"
    }
}

extension BusID: Comparable {
    /// Orders by bus, then by the chain of ports, as numbers: `1-2` before `1-10`.
    public static func < (left: BusID, right: BusID) -> Bool {
        if left.bus != right.bus { return left.bus < right.bus }
        return left.ports.lexicographicallyPrecedes(right.ports)
    }
}

/// An interface's sysfs name: `3-1.2:1.0`, the device, its configuration and the number.
public struct InterfaceID: Hashable, Sendable {
    /// The device it belongs to.
    public let device: BusID
    /// The configuration's value, 0…255.
    public let configuration: UInt8
    /// The interface's number, 0…255.
    public let number: UInt8

    /// Names an interface of a device.
    public init(device: BusID, configuration: UInt8, number: UInt8) {
        self.device = device
        self.configuration = configuration
        self.number = number
    }

    /// Parses a sysfs name; a root hub's interfaces are named `3-0:1.0` by the kernel.
    public init?(_ text: some StringProtocol) {
        let halves = text.split(separator: ":", omittingEmptySubsequences: false)
        guard halves.count == 2, let device = Self.device(halves[0]) else { return nil }
        let words = halves[1].split(separator: ".", omittingEmptySubsequences: false)
        guard words.count == 2, let configuration = UInt8(decimal: words[0]),
            let number = UInt8(decimal: words[1])
        else { return nil }
        self.init(device: device, configuration: configuration, number: number)
    }

    private static func device(_ text: some StringProtocol) -> BusID? {
        if text.hasSuffix("-0") { return BusID("usb\(text.dropLast(2))") }
        return text.hasPrefix("usb") ? nil : BusID(text)
    }
}

extension InterfaceID: CustomStringConvertible {
    /// The sysfs name.
    public var description: String {
        let name = device.isRootHub ? "\(device.bus)-0" : device.description
        return "\(name):\(configuration).\(number)"
    }
}

extension InterfaceID: Comparable {
    /// Orders by device, then configuration, then number.
    public static func < (left: InterfaceID, right: InterfaceID) -> Bool {
        if left.device != right.device { return left.device < right.device }
        return (left.configuration, left.number) < (right.configuration, right.number)
    }
}

/// A device's volatile address: bus number and device number, as lsusb prints them.
public struct BusAddress: Hashable, Sendable {
    /// The bus number, 1…255.
    public let bus: UInt8
    /// The device number, 1…255; a replug changes it.
    public let device: UInt8

    /// Makes an address from its two numbers.
    public init(bus: UInt8, device: UInt8) {
        self.bus = bus
        self.device = device
    }
}

extension BusAddress: CustomStringConvertible {
    /// The two numbers in decimal, `3.7`.
    public var description: String { "\(bus).\(device)" }
}
