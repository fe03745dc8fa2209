/// The name of a kernel driver, safe to use as one component of a path.
public struct DriverName: Hashable, Sendable {
    /// The longest name, in bytes.
    public static let bytesMax = 64

    /// The name.
    public let text: String

    /// Checks a name: `[A-Za-z0-9_.-]+`, not `.` or `..`, at most ``bytesMax`` bytes; spaces may
    /// stand inside, as in Linux's `MOSCHIP usb-ethernet driver` (drivers/net/usb/mcs7830.c).
    public init?(_ text: some StringProtocol) {
        let bytes = text.utf8
        guard (1...Self.bytesMax).contains(bytes.count), bytes.allSatisfy(Self.allows),
            text != ".", text != "..", !text.hasPrefix(" "), !text.hasSuffix(" ")
        else { return nil }
        self.text = String(text)
    }

    /// The driver with which a backend in the kernel captures interfaces, kind `pv`.
    public static let usbback = DriverName(checked: "usbback")

    /// The driver in whose name a process has an interface, through its device node.
    public static let usbfs = DriverName(checked: "usbfs")

    private init(checked text: String) {
        self.text = text
    }

    private static func allows(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true  // 0-9 A-Z a-z
        case 0x2d, 0x2e, 0x5f, 0x20: true  // - . _ and the space
        default: false
        }
    }
}

extension DriverName: CustomStringConvertible {
    /// The name.
    public var description: String { text }
}

extension DriverName: Comparable {
    /// Orders by the bytes of the name.
    public static func < (left: DriverName, right: DriverName) -> Bool {
        left.text < right.text
    }
}
