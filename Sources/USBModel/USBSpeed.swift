/// How fast a device talks, as sysfs's `speed` tells it.
public enum USBSpeed: Hashable, Sendable, CaseIterable {
    /// USB 1.0, 1.5 Mbit/s.
    case low
    /// USB 1.1, 12 Mbit/s.
    case full
    /// USB 2.0, 480 Mbit/s.
    case high
    /// USB 3.0, 5 Gbit/s.
    case superSpeed
    /// USB 3.1, 10 Gbit/s.
    case superSpeedPlus
    /// USB 3.2 on two lanes, 20 Gbit/s.
    case superSpeedPlusBy2

    /// Parses what drivers/usb/core/sysfs.c prints; nil for any other text, as for `unknown`.
    public init?(_ text: some StringProtocol) {
        guard let speed = Self.allCases.first(where: { $0.description == text }) else {
            return nil
        }
        self = speed
    }

    /// The rate in Mbit/s.
    public var megabits: Double {
        switch self {
        case .low: 1.5
        case .full: 12
        case .high: 480
        case .superSpeed: 5_000
        case .superSpeedPlus: 10_000
        case .superSpeedPlusBy2: 20_000
        }
    }
}

extension USBSpeed: CustomStringConvertible {
    /// The rate in Mbit/s as sysfs prints it, `1.5` or `480`.
    public var description: String {
        self == .low ? "1.5" : String(Int(megabits))
    }
}

extension USBSpeed: Comparable {
    /// Orders by rate.
    public static func < (left: USBSpeed, right: USBSpeed) -> Bool {
        left.megabits < right.megabits
    }
}
