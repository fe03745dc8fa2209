/// Takes a stream of bytes apart into messages, however the stream was split.
///
/// After an error the place of the next header is unknown: every further call throws the same
/// error, and the connection has to be closed, as C xenstored does.
public struct MessageDecoder: Hashable, Sendable {
    private let payloadMax: UInt32
    private let directoryMax: UInt32
    private var buffer: [UInt8] = []
    private var start = 0
    private var failure: WireError?

    /// Makes a decoder with limits on the payload, in bytes.
    ///
    /// `directoryMax` is the limit for `DIRECTORY` messages where it is not the same.
    public init(payloadMax: Int = Message.payloadMax, directoryMax: Int? = nil) {
        self.payloadMax = UInt32(clamping: payloadMax)
        self.directoryMax = UInt32(clamping: directoryMax ?? payloadMax)
    }

    /// Makes a client's decoder, which takes `DIRECTORY` replies of up to 1 MiB.
    ///
    /// oxenstored sends them whole; ten thousand domains are 48 896 bytes.
    public static func client() -> MessageDecoder {
        MessageDecoder(directoryMax: 1 << 20)
    }

    /// Tells whether bytes of an unfinished message are waiting, as when a peer closes too early.
    public var hasPartialMessage: Bool {
        start < buffer.count
    }

    /// Takes the next bytes of the stream.
    public mutating func append(_ bytes: some Sequence<UInt8>) {
        buffer.append(contentsOf: bytes)
    }

    /// Returns the next message; nil when more bytes are needed.
    ///
    /// - Throws: ``WireError`` with the code `oversize` as soon as a header announces more than
    ///   the limit.
    public mutating func next() throws(WireError) -> Message? {
        if let failure { throw failure }
        guard let header = MessageHeader(buffer[start...]) else { return nil }
        try check(header)
        let payloadStart = start + MessageHeader.byteCount
        let end = payloadStart + Int(header.length)
        guard buffer.count >= end else { return nil }
        let payload = Array(buffer[payloadStart..<end])
        consume(upTo: end)
        return Message(
            header.type, requestID: header.requestID, transactionID: header.transactionID,
            payload: payload)
    }

    private mutating func check(_ header: MessageHeader) throws(WireError) {
        let limit = header.type == .directory ? directoryMax : payloadMax
        guard header.length > limit else { return }
        let error = WireError(
            .oversize, "a payload of \(header.length) bytes is announced, the limit is \(limit)")
        failure = error
        throw error
    }

    /// Moves on, and gives memory back only now and then, so that a batch costs linear time.
    private mutating func consume(upTo end: Int) {
        start = end
        if start == buffer.count {
            buffer.removeAll(keepingCapacity: buffer.capacity <= 1 << 16)
            start = 0
        } else if start > 1 << 16 {
            buffer.removeSubrange(..<start)
            start = 0
        }
    }
}

/// What is wrong with bytes of the protocol, or with a request that has no bytes.
public struct WireError: Error, Hashable, Sendable {
    /// The kind of a wire error; more may be added.
    public struct Code: Hashable, Sendable {
        private enum Kind: Hashable, Sendable {
            case oversize, unencodable, unexpected, malformed
        }

        private let kind: Kind

        /// A payload is longer than the receiver takes.
        public static let oversize = Code(kind: .oversize)
        /// A request cannot be said on the wire: a NUL in a token, a reserved domid.
        public static let unencodable = Code(kind: .unencodable)
        /// A message is of another type than the request it should answer.
        public static let unexpected = Code(kind: .unexpected)
        /// A payload does not have the form its type asks for.
        public static let malformed = Code(kind: .malformed)
    }

    /// The kind of the error.
    public let code: Code
    /// What went wrong, as a sentence without its full stop.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
