/// An absolute xenstore path that every server accepts.
///
/// Characters are `A-Z a-z 0-9 - / _ @`, no component is empty and the whole is at most 1 024
/// bytes: the narrowest limits of C xenstored and oxenstored (xenstore.txt; oxenstored's
/// `quota-path-max`). A path that exists as a value is therefore safe to send.
public struct StorePath: Hashable, Sendable {
    /// The longest path, in bytes, that both servers accept from a privileged client.
    public static let bytesMax = 1024

    /// The path as it goes over the wire.
    public let text: String

    private init(unchecked text: String) {
        self.text = text
    }

    /// The root of the store.
    public static let root = StorePath(unchecked: "/")

    /// Checks a path that came from outside; nil when a server would refuse it.
    public init?(_ text: String) {
        guard text.utf8.first == UInt8(ascii: "/"), text.utf8.count <= Self.bytesMax else {
            return nil
        }
        if text == "/" {
            self = .root
            return
        }
        let components = text.utf8.dropFirst().split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard components.allSatisfy({ !$0.isEmpty && $0.allSatisfy(Component.allows) }) else {
            return nil
        }
        self.init(unchecked: text)
    }

    /// Appends one component.
    ///
    /// The caller's components are short by construction (domids, bus ids, key names), so the sum
    /// stays far below ``bytesMax``; that is a precondition.
    public func appending(_ component: Component) -> StorePath {
        let joined = self == .root ? "/\(component.text)" : "\(text)/\(component.text)"
        precondition(joined.utf8.count <= Self.bytesMax, "a store path is at most 1024 bytes")
        return StorePath(unchecked: joined)
    }

    /// Appends a component, as in `devices / "vusb" / "0"`.
    public static func / (path: StorePath, component: Component) -> StorePath {
        path.appending(component)
    }

    /// The components from the root down; empty for the root itself.
    public var components: [String] {
        text.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
    }

    /// The path without its last component; nil for the root.
    public var parent: StorePath? {
        guard self != .root, let slash = text.utf8.lastIndex(of: UInt8(ascii: "/")) else {
            return nil
        }
        let head = String(text[..<slash])
        return head.isEmpty ? .root : StorePath(unchecked: head)
    }

    /// The last component; empty for the root.
    public var lastComponent: String {
        components.last ?? ""
    }

    /// Tells whether the other path is this one or lies below it.
    public func contains(_ other: StorePath) -> Bool {
        self == .root || other == self || other.text.hasPrefix(text + "/")
    }
}

extension StorePath {
    /// One name between two slashes of a store path.
    public struct Component: Hashable, Sendable {
        /// The name as it goes over the wire.
        public let text: String

        /// Checks a name; nil when it is empty or has a character xenstore does not know.
        public init?(_ text: String) {
            guard !text.isEmpty, text.utf8.allSatisfy(Self.allows) else { return nil }
            self.text = text
        }

        /// A number as a name, in decimal.
        public init(_ number: UInt) {
            text = String(number)
        }

        static func allows(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "@"):
                true
            default: false
            }
        }
    }
}

extension StorePath.Component: ExpressibleByStringLiteral {
    /// A name known when this was compiled; a bad one is the programmer's mistake and traps.
    public init(stringLiteral value: StaticString) {
        let name = value.description
        precondition(
            !name.isEmpty && name.utf8.allSatisfy(Self.allows), "not a store path component")
        text = name
    }
}

extension StorePath: Comparable {
    /// Orders paths by their bytes, so that listings do not depend on a server's order.
    public static func < (left: StorePath, right: StorePath) -> Bool {
        left.text < right.text
    }
}

extension StorePath: CustomStringConvertible {
    /// The path as it goes over the wire.
    public var description: String { text }
}
