/// A port of a controller of a domain: where a device can be.
public struct Place: Hashable, Sendable, Comparable {
    /// The controller.
    public let controller: ControllerID
    /// The port on it.
    public let port: PortNumber
    /// How the controller is implemented; it decides where the port node is.
    public let kind: ControllerKind

    /// Names a port.
    public init(controller: ControllerID, port: PortNumber, kind: ControllerKind = .pv) {
        self.controller = controller
        self.port = port
        self.kind = kind
    }

    /// Orders by controller, then port.
    public static func < (left: Place, right: Place) -> Bool {
        (left.controller, left.port) < (right.controller, right.port)
    }

    /// The place within its domain as people write it, `0:1`.
    public var label: String { "\(controller.number.number):\(port.number)" }
}
