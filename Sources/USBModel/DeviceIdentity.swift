/// What tells whether the device on a socket is still the same one.
///
/// A bus id names the socket; a device can be pulled and another plugged in its place.
public struct DeviceIdentity: Hashable, Sendable {
    /// The model.
    public let vendorProduct: VendorProduct
    /// The serial number as the device tells it; nil when it has none.
    public let serial: String?
    /// The hash of the raw descriptors, see ``hash(ofDescriptors:)``.
    public let descriptorHash: UInt64

    /// Makes an identity from its parts.
    public init(vendorProduct: VendorProduct, serial: String?, descriptorHash: UInt64) {
        self.vendorProduct = vendorProduct
        self.serial = serial
        self.descriptorHash = descriptorHash
    }

    /// Parses the text form; nil unless it is exactly what ``description`` makes.
    public init?(_ text: some StringProtocol) {
        // By bytes: a serial may begin with a combining mark, which would join the space.
        let bytes = Array(text.utf8)
        guard bytes.count >= Self.fixedLength, bytes[9] == 0x20,
            let vendorProduct = VendorProduct(String(decoding: bytes[..<9], as: UTF8.self)),
            let hash = UInt64(hex: String(decoding: bytes[10..<26], as: UTF8.self), digits: 16)
        else { return nil }
        let rest = bytes.dropFirst(Self.fixedLength)
        guard rest.isEmpty || rest.first == 0x20 else { return nil }
        let serial = rest.isEmpty ? nil : String(decoding: rest.dropFirst(), as: UTF8.self)
        self.init(vendorProduct: vendorProduct, serial: serial, descriptorHash: hash)
    }

    /// The bytes before the serial: `0627:0001 0123456789abcdef`.
    private static let fixedLength = 26

    /// FNV-1a, 64 bits, over the bytes of sysfs's `descriptors`.
    ///
    /// It tells a device from an honest other one; it is no defence against a forged device.
    public static func hash(ofDescriptors bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { hash, byte in
            (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
        }
    }
}

extension DeviceIdentity: CustomStringConvertible {
    /// One line for a store value: `0627:0001 0123456789abcdef SERIAL`.
    ///
    /// The serial is last, after one space, as the device tells it; both are absent without one.
    public var description: String {
        let fixed = "\(vendorProduct) \(descriptorHash.hexText(digits: 16))"
        return serial.map { "\(fixed) \($0)" } ?? fixed
    }
}
