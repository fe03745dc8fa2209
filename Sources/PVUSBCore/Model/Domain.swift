/// A Xen guest's number, 0…32751; domain 0 is the host we run in (xen.h, `DOMID_FIRST_RESERVED`).
public struct DomainID: Hashable, Sendable, Comparable {
    /// The greatest domid of a real domain.
    public static let max: UInt16 = 32751
    /// Domain 0, the host we run in.
    public static let zero = DomainID(unchecked: 0)

    /// The number.
    public let number: UInt16

    private init(unchecked number: UInt16) {
        self.number = number
    }

    /// Makes a domid from a number; nil above ``max``.
    public init?(_ number: UInt16) {
        guard number <= Self.max else { return nil }
        self.init(unchecked: number)
    }

    /// Orders by number.
    public static func < (left: DomainID, right: DomainID) -> Bool {
        left.number < right.number
    }
}

extension DomainID: CustomStringConvertible {
    /// The number in decimal.
    public var description: String { String(number) }
}

/// A domain as the store describes it.
public struct DomainView: Hashable, Sendable {
    /// The domid.
    public let id: DomainID
    /// The value of `/local/domain/<domid>/name`; nil when there is none.
    public let name: String?
    /// The value of `/local/domain/<domid>/vm`; with the domid it tells a domain from a later one.
    public let vm: String?

    /// Describes a domain.
    public init(id: DomainID, name: String?, vm: String?) {
        self.id = id
        self.name = name
        self.vm = vm
    }

    /// The word that names the domain on a command line: its name, or its number where the name
    /// would be read as something else.
    public var word: String {
        guard let name, !name.isEmpty, !name.contains(where: \.isWhitespace),
            !name.utf8.allSatisfy({ (0x30...0x39).contains($0) }), !name.hasPrefix("-")
        else { return id.description }
        return name
    }

    /// What a person calls the domain: its name, or its number when it has none.
    public var label: String { name ?? "domain \(id)" }
}

/// A state of the XenBus handshake, as both ends write it into `state` (xenbus.h).
public enum XenbusState: UInt8, Hashable, Sendable {
    /// Nothing is known.
    case unknown = 0
    /// The toolstack made the nodes.
    case initialising = 1
    /// The backend is ready and waits for the frontend.
    case initWait = 2
    /// The frontend has shared its rings.
    case initialised = 3
    /// Both ends work.
    case connected = 4
    /// An end was asked to go.
    case closing = 5
    /// An end is gone.
    case closed = 6
    /// The backend changes its configuration.
    case reconfiguring = 7
    /// The backend has changed its configuration.
    case reconfigured = 8

    /// The state's name as people read it.
    public var label: String {
        switch self {
        case .unknown: "unknown"
        case .initialising: "initialising"
        case .initWait: "waiting"
        case .initialised: "initialised"
        case .connected: "connected"
        case .closing: "closing"
        case .closed: "closed"
        case .reconfiguring: "reconfiguring"
        case .reconfigured: "reconfigured"
        }
    }
}
