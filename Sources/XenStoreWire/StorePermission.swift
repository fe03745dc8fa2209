/// One entry of a node's permission list.
///
/// The first entry of a list names the owner and, by its access, what every domain not listed may
/// do; later entries grant single domains (xenstore.txt, "Permissions").
public struct StorePermission: Hashable, Sendable {
    /// What a domain may do with a node.
    public enum Access: UInt8, Hashable, Sendable {
        /// Nothing.
        case none = 0x6e
        /// Read the value and the names of the children.
        case read = 0x72
        /// Write the value and create children.
        case write = 0x77
        /// Read and write.
        case both = 0x62

        /// Tells whether reading is among the rights.
        public var reads: Bool { self == .read || self == .both }
        /// Tells whether writing is among the rights.
        public var writes: Bool { self == .write || self == .both }
    }

    /// The greatest domid, 32 751: the ones above are reserved (xen.h, `DOMID_FIRST_RESERVED`).
    public static let domainMax: UInt16 = 32751

    /// What the domain may do.
    public let access: Access
    /// The domid, 0…32751.
    public let domain: UInt16

    /// Makes an entry from its two halves.
    public init(_ access: Access, _ domain: UInt16) {
        self.access = access
        self.domain = domain
    }

    /// Parses the wire's form, a letter and a domid as in `n0` and `r12`; nil when it is not that.
    public init?(_ text: String) {
        guard let letter = text.utf8.first, let access = Access(rawValue: letter) else {
            return nil
        }
        let digits = text.utf8.dropFirst()
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let domain = UInt16(String(Substring(digits))), domain <= Self.domainMax
        else { return nil }
        self.init(access, domain)
    }
}

extension StorePermission: CustomStringConvertible {
    /// The wire's form, as in `n0`.
    public var description: String {
        "\(Character(Unicode.Scalar(access.rawValue)))\(domain)"
    }
}
