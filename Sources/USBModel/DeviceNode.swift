/// The file through which a process uses a whole device (drivers/usb/core/devio.c).
extension BusAddress {
    private static let nodes = "/dev/bus/usb"

    /// The path of the device's node, `/dev/bus/usb/003/007`.
    public var node: String {
        "\(Self.nodes)/\(Self.threeDigits(bus))/\(Self.threeDigits(device))"
    }

    /// Reads such a path back; nil for any other, such as that of a node that is gone.
    public init?(node: String) {
        let words = node.split(separator: "/", omittingEmptySubsequences: false)
        guard words.count == 6, let bus = UInt8(words[4]), let device = UInt8(words[5]) else {
            return nil
        }
        self.init(bus: bus, device: device)
        guard self.node == node else { return nil }
    }

    private static func threeDigits(_ number: UInt8) -> String {
        String(String(1000 + Int(number)).dropFirst())
    }
}
