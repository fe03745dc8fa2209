/// Every request a server answers: those about nodes, and those about domains and the connection.
///
/// ``StoreRequest`` is what a client of this package asks; a server also hears the rest.
public enum ServerRequest: Hashable, Sendable {
    /// A request about nodes, watches on nodes or a transaction.
    case node(StoreRequest)
    /// A part of the names of a node's children, from an offset in bytes on.
    case directoryPart(StorePath, offset: Int)
    /// Asks for events about domains, marked with a token.
    case watchDomains(DomainChange, token: String)
    /// Ends a watch on domains.
    case unwatchDomains(DomainChange, token: String)
    /// Drops all watches and transactions of the connection.
    case resetWatches
    /// A domain's home; the domain need not exist.
    case domainPath(UInt16)
    /// Asks whether the server knows a domain.
    case isIntroduced(UInt16)
    /// Makes a domain known to the server.
    case introduce(UInt16)
    /// Makes the server forget a domain.
    case release(UInt16)
    /// Tells the server that a domain runs again.
    case resume(UInt16)
}

/// What a special watch tells of: its path is no node's.
public enum DomainChange: String, Hashable, Sendable, CaseIterable {
    /// A domain became known to the server.
    case introduced = "@introduceDomain"
    /// A domain shut down, crashed, or is gone.
    case released = "@releaseDomain"
}

extension ServerRequest {
    /// Decodes a request on the server's side.
    ///
    /// Paths are as ``StoreRequest/init(decoding:home:)`` has them. Domids are 0…32751, in
    /// `GET_DOMAIN_PATH` and `IS_DOMAIN_INTRODUCED` up to 65535.
    ///
    /// - Throws: the name to answer: `EINVAL` for a malformed payload, `ENOSYS` for a type that is
    ///   no request here.
    public init(
        decoding message: Message, home: StorePath = .root / "local" / "domain" / "0"
    ) throws(StoreErrorName) {
        let payload = message.payload
        switch message.header.type {
        case .watch where payload.first == UInt8(ascii: "@"):
            let (change, token) = try decodeDomainWatch(payload)
            self = .watchDomains(change, token: token)
        case .unwatch where payload.first == UInt8(ascii: "@"):
            let (change, token) = try decodeDomainWatch(payload)
            self = .unwatchDomains(change, token: token)
        case .directoryPart: self = try decodePart(payload, home)
        case .resetWatches:
            guard payload.isEmpty || payload == [0] else { throw .invalid }
            self = .resetWatches
        case .getDomainPath: self = .domainPath(try oneDomain(payload, upTo: .max))
        case .isDomainIntroduced: self = .isIntroduced(try oneDomain(payload, upTo: .max))
        case .introduce: self = try decodeIntroduce(payload)
        case .release: self = .release(try oneDomain(payload))
        case .resume: self = .resume(try oneDomain(payload))
        default: self = .node(try StoreRequest(decoding: message, home: home))
        }
    }

    /// Tells whether only domain 0 may ask that (C xenstored, `XS_FLAG_PRIV`).
    public var isPrivileged: Bool {
        switch self {
        case .isIntroduced, .introduce, .release, .resume: true
        default: false
        }
    }
}

private func decodeDomainWatch(
    _ payload: [UInt8]
) throws(StoreErrorName) -> (DomainChange, String) {
    guard let strings = payload.strings, strings.count == 2,
        let change = DomainChange(rawValue: strings[0])
    else { throw .invalid }
    return (change, strings[1])
}

private func decodePart(
    _ payload: [UInt8], _ home: StorePath
) throws(StoreErrorName) -> ServerRequest {
    guard let strings = payload.strings, strings.count == 2,
        let offset = number(strings[1], upTo: UInt64(UInt32.max))
    else { throw .invalid }
    return .directoryPart(try storePath(strings[0], home), offset: Int(offset))
}

/// The page of the ring and the port of its event channel mean nothing to a server without rings,
/// but C xenstored refuses a port of 0.
private func decodeIntroduce(_ payload: [UInt8]) throws(StoreErrorName) -> ServerRequest {
    guard let strings = payload.strings, strings.count == 3,
        let domain = number(strings[0], upTo: UInt64(StorePermission.domainMax)),
        number(strings[1], upTo: .max) != nil,
        let port = number(strings[2], upTo: UInt64(UInt32.max)), port > 0
    else { throw .invalid }
    return .introduce(UInt16(domain))
}

private func oneDomain(
    _ payload: [UInt8], upTo limit: UInt16 = StorePermission.domainMax
) throws(StoreErrorName) -> UInt16 {
    guard let strings = payload.strings, strings.count == 1,
        let domain = number(strings[0], upTo: UInt64(limit))
    else { throw .invalid }
    return UInt16(domain)
}

private func number(_ text: String, upTo limit: UInt64) -> UInt64? {
    guard let number = decimal(text), number <= limit else { return nil }
    return number
}

/// Parses a number of decimal digits alone; nil for anything else, a sign too.
func decimal(_ text: String) -> UInt64? {
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return UInt64(text)
}
