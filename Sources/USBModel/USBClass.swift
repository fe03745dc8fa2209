/// The class of a USB device or interface, one byte (USB-IF, "Defined Class Codes").
public struct USBClass: Hashable, Sendable, RawRepresentable {
    /// The code.
    public let rawValue: UInt8

    /// Keeps a code as it came; every byte is one.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// Parses the two hexadecimal digits that sysfs prints.
    ///
    /// drivers/usb/core/sysfs.c prints `%02x`: `09` is a hub, `9a` is not.
    public init?(_ text: some StringProtocol) {
        guard let code = UInt8(hex: text, digits: 2) else { return nil }
        self.init(rawValue: code)
    }

    /// 00, only of a device: each interface tells its own class.
    public static let perInterface = USBClass(rawValue: 0x00)
    /// 01, sound.
    public static let audio = USBClass(rawValue: 0x01)
    /// 02, modems and network adapters.
    public static let communications = USBClass(rawValue: 0x02)
    /// 03, keyboards, mice and the like.
    public static let hid = USBClass(rawValue: 0x03)
    /// 06, cameras that are read like a file system.
    public static let image = USBClass(rawValue: 0x06)
    /// 07, printers.
    public static let printer = USBClass(rawValue: 0x07)
    /// 08, disks and sticks.
    public static let massStorage = USBClass(rawValue: 0x08)
    /// 09, hubs.
    public static let hub = USBClass(rawValue: 0x09)
    /// 0a, the data interface beside a communications interface.
    public static let data = USBClass(rawValue: 0x0a)
    /// 0b, smart card readers.
    public static let smartCard = USBClass(rawValue: 0x0b)
    /// 0e, web cameras.
    public static let video = USBClass(rawValue: 0x0e)
    /// e0, Bluetooth and other radios.
    public static let wireless = USBClass(rawValue: 0xe0)
    /// ef, devices of several functions and oddments.
    public static let miscellaneous = USBClass(rawValue: 0xef)
    /// fe, firmware upgrade, test and measurement.
    public static let applicationSpecific = USBClass(rawValue: 0xfe)
    /// ff, what the vendor likes.
    public static let vendorSpecific = USBClass(rawValue: 0xff)

    private static let names: [UInt8: String] = [
        0x00: "per interface", 0x01: "audio", 0x02: "communications", 0x03: "hid",
        0x05: "physical", 0x06: "image", 0x07: "printer", 0x08: "mass storage", 0x09: "hub",
        0x0a: "data", 0x0b: "smart card", 0x0d: "content security", 0x0e: "video",
        0x0f: "health", 0x10: "audio/video", 0x11: "billboard", 0x12: "type-c bridge",
        0xdc: "diagnostic", 0xe0: "wireless", 0xef: "miscellaneous",
        0xfe: "application specific", 0xff: "vendor specific",
    ]

    /// What people call the class, in lower case; `class 9a` for a code without a name.
    public var name: String {
        Self.names[rawValue] ?? "class \(self)"
    }
}

extension USBClass: CustomStringConvertible {
    /// Two lower-case hexadecimal digits, as in sysfs.
    public var description: String { rawValue.hexText(digits: 2) }
}

extension USBClass: Comparable {
    /// Orders by code.
    public static func < (left: USBClass, right: USBClass) -> Bool {
        left.rawValue < right.rawValue
    }
}
