/// The kind of a message: the number in the first word of its header.
///
/// A number this type does not list is kept as it came (xs_wire.h, `enum xsd_sockmsg_type`).
public struct MessageType: RawRepresentable, Hashable, Sendable {
    /// The number as it goes over the wire.
    public let rawValue: UInt32

    /// Keeps a number as it came.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Talks to the server itself (`XS_CONTROL`, once `XS_DEBUG`).
    public static let control = MessageType(rawValue: 0)
    /// Lists a node's children.
    public static let directory = MessageType(rawValue: 1)
    /// Reads a node's value.
    public static let read = MessageType(rawValue: 2)
    /// Reads a node's permission list.
    public static let getPermissions = MessageType(rawValue: 3)
    /// Starts a watch.
    public static let watch = MessageType(rawValue: 4)
    /// Ends a watch.
    public static let unwatch = MessageType(rawValue: 5)
    /// Opens a transaction; the reply is its identifier.
    public static let transactionStart = MessageType(rawValue: 6)
    /// Commits or aborts a transaction.
    public static let transactionEnd = MessageType(rawValue: 7)
    /// Makes a domain known to the server.
    public static let introduce = MessageType(rawValue: 8)
    /// Makes the server forget a domain.
    public static let release = MessageType(rawValue: 9)
    /// Asks for a domain's home, `/local/domain/<domid>`.
    public static let getDomainPath = MessageType(rawValue: 10)
    /// Writes a node's value.
    public static let write = MessageType(rawValue: 11)
    /// Creates a node unless it exists.
    public static let makeDirectory = MessageType(rawValue: 12)
    /// Removes a node and everything below it.
    public static let remove = MessageType(rawValue: 13)
    /// Replaces a node's permission list.
    public static let setPermissions = MessageType(rawValue: 14)
    /// Tells a client of a change; sent by the server only.
    public static let watchEvent = MessageType(rawValue: 15)
    /// Refuses a request; sent by the server only.
    public static let error = MessageType(rawValue: 16)
    /// Asks whether the server knows a domain.
    public static let isDomainIntroduced = MessageType(rawValue: 17)
    /// Tells the server that a domain runs again.
    public static let resume = MessageType(rawValue: 18)
    /// Gives a domain the rights of another one.
    public static let setTarget = MessageType(rawValue: 19)
    /// Once lowered a connection's rights; no server of today knows it.
    public static let restrict = MessageType(rawValue: 20)
    /// Drops all watches and transactions of the connection.
    public static let resetWatches = MessageType(rawValue: 21)
    /// Lists a part of a node's children (C xenstored only).
    public static let directoryPart = MessageType(rawValue: 22)
    /// Reads a server's or a domain's feature bits (from 4.21).
    public static let getFeature = MessageType(rawValue: 23)
    /// Sets a domain's feature bits (from 4.21).
    public static let setFeature = MessageType(rawValue: 24)
    /// Reads quotas (from 4.22).
    public static let getQuota = MessageType(rawValue: 25)
    /// Sets a quota (from 4.22).
    public static let setQuota = MessageType(rawValue: 26)
    /// A number that will never be a request.
    public static let invalid = MessageType(rawValue: 65535)
}

/// The sixteen bytes before every payload: four little-endian words.
public struct MessageHeader: Hashable, Sendable {
    /// The size of a header, in bytes.
    public static let byteCount = 16

    /// The kind of the message.
    public let type: MessageType
    /// The number a client gave its request; the reply has the same, an event has 0.
    public let requestID: UInt32
    /// The transaction the message belongs to; 0 for none.
    public let transactionID: UInt32
    /// The size of the payload that follows, in bytes.
    public let length: UInt32

    /// Makes a header from its four words.
    public init(type: MessageType, requestID: UInt32, transactionID: UInt32, length: UInt32) {
        self.type = type
        self.requestID = requestID
        self.transactionID = transactionID
        self.length = length
    }

    /// Reads a header from the first sixteen bytes of a slice; nil when there are fewer.
    init?(_ bytes: ArraySlice<UInt8>) {
        guard bytes.count >= Self.byteCount else { return nil }
        func word(_ index: Int) -> UInt32 {
            let start = bytes.startIndex + 4 * index
            return bytes[start..<start + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
        }
        self.init(
            type: MessageType(rawValue: word(0)), requestID: word(1), transactionID: word(2),
            length: word(3))
    }

    /// The header as it goes over the wire.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount + Int(length))
        for word in [type.rawValue, requestID, transactionID, length] {
            for shift in stride(from: 0, to: 32, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        return bytes
    }
}

/// One message of the protocol: a header and its payload.
public struct Message: Hashable, Sendable {
    /// The largest payload, in bytes, that a server accepts (xs_wire.h, `XENSTORE_PAYLOAD_MAX`).
    public static let payloadMax = 4096

    /// The header; its length is the payload's.
    public let header: MessageHeader
    /// The bytes after the header.
    public let payload: [UInt8]

    /// Makes a message; the header's length is taken from the payload.
    public init(
        _ type: MessageType, requestID: UInt32, transactionID: UInt32, payload: [UInt8]
    ) {
        header = MessageHeader(
            type: type, requestID: requestID, transactionID: transactionID,
            length: UInt32(clamping: payload.count))
        self.payload = payload
    }

    /// Header and payload as they go over the wire.
    ///
    /// They belong into one `sendmsg`: C xenstored reads from blocking sockets, and a client that
    /// stops between the two stops every other client.
    public var bytes: [UInt8] {
        header.bytes + payload
    }
}
