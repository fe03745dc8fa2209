extension StoreRequest {
    /// The type of the message that carries the request.
    public var messageType: MessageType {
        switch self {
        case .directory: .directory
        case .read: .read
        case .permissions: .getPermissions
        case .write: .write
        case .makeDirectory: .makeDirectory
        case .remove: .remove
        case .setPermissions: .setPermissions
        case .watch: .watch
        case .unwatch: .unwatch
        case .introduce: .introduce
        case .begin: .transactionStart
        case .commit, .abort: .transactionEnd
        }
    }

    /// The path the request is about; nil for the ends of a transaction.
    public var path: StorePath? {
        switch self {
        case .directory(let path), .read(let path), .permissions(let path), .write(let path, _),
            .makeDirectory(let path), .remove(let path), .setPermissions(let path, _),
            .watch(let path, _), .unwatch(let path, _):
            path
        case .introduce, .begin, .commit, .abort: nil
        }
    }

    /// The size of the request's payload, in bytes; servers take ``Message/payloadMax``.
    public var payloadCount: Int {
        let pathCount = (path?.text.utf8.count ?? 0) + 1
        return switch self {
        case .write(_, let value): pathCount + value.count
        case .setPermissions(_, let list):
            list.reduce(pathCount) { $0 + $1.description.utf8.count + 1 }
        case .watch(_, let token), .unwatch(_, let token): pathCount + token.utf8.count + 1
        case .commit, .abort: 2
        case .introduce(let domain): String(domain).utf8.count + 1 + Self.ringless.utf8.count
        case .directory, .read, .permissions, .makeDirectory, .remove, .begin: pathCount
        }
    }

    /// Encodes the request; its payload is never empty, which oxenstored would not answer.
    ///
    /// Watches and domains do not belong to transactions: their messages carry the transaction 0.
    ///
    /// - Throws: ``WireError`` with the code `oversize` when the payload is longer than servers
    ///   take, `unencodable` when a token has a NUL or a domid is reserved.
    public func message(requestID: UInt32, transactionID: UInt32 = 0) throws(WireError) -> Message {
        try checkEncodable()
        return Message(
            messageType, requestID: requestID,
            transactionID: isOutsideTransactions ? 0 : transactionID,
            payload: payload)
    }

    /// The page and the event channel of a domain that has no ring; C xenstored refuses a port 0.
    private static let ringless = "0\u{0}1\u{0}"

    private var isOutsideTransactions: Bool {
        switch self {
        case .watch, .unwatch, .introduce: true
        default: false
        }
    }

    private func checkEncodable() throws(WireError) {
        guard payloadCount <= Message.payloadMax else {
            throw WireError(.oversize, "the request takes \(payloadCount) bytes, 4096 are allowed")
        }
        switch self {
        case .watch(_, let token), .unwatch(_, let token):
            guard !token.utf8.contains(0) else {
                throw WireError(.unencodable, "a watch token has a NUL")
            }
        case .setPermissions(_, let list):
            guard list.allSatisfy({ $0.domain <= StorePermission.domainMax }) else {
                throw WireError(.unencodable, "a permission names a reserved domid")
            }
        default: break
        }
    }

    private var payload: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(payloadCount)
        bytes.append(string: path?.text ?? firstWord)
        switch self {
        case .write(_, let value): bytes += value
        case .setPermissions(_, let list):
            for entry in list { bytes.append(string: entry.description) }
        case .watch(_, let token), .unwatch(_, let token): bytes.append(string: token)
        case .introduce: bytes += Self.ringless.utf8
        default: break
        }
        return bytes
    }

    private var firstWord: String {
        switch self {
        case .introduce(let domain): String(domain)
        case .commit: "T"
        case .abort: "F"
        default: ""
        }
    }
}

/// Lets a server's code throw the name it answers with.
extension StoreErrorName: Error {}

extension StoreRequest {
    /// Decodes a request on the server's side.
    ///
    /// A relative path lies below `home`, the directory of the connection's domain. Watches must
    /// be absolute: the events of a relative one carry relative paths, which a request cannot say.
    /// The paths `@introduceDomain` and `@releaseDomain` are not among ``StorePath``'s either:
    /// ``ServerRequest`` has them.
    ///
    /// - Throws: the name to answer: `EINVAL` for a malformed payload or path, `ENOSYS` for a type
    ///   that is no ``StoreRequest``.
    public init(
        decoding message: Message, home: StorePath = .root / "local" / "domain" / "0"
    ) throws(StoreErrorName) {
        let payload = message.payload
        switch message.header.type {
        case .directory: self = .directory(try onePath(payload, home))
        case .read: self = .read(try onePath(payload, home))
        case .getPermissions: self = .permissions(try onePath(payload, home))
        case .makeDirectory: self = .makeDirectory(try onePath(payload, home))
        case .remove: self = .remove(try onePath(payload, home))
        case .write: self = try decodeWrite(payload, home)
        case .setPermissions: self = try decodeSetPermissions(payload, home)
        case .watch:
            let (path, token) = try decodeWatch(payload)
            self = .watch(path, token: token)
        case .unwatch:
            let (path, token) = try decodeWatch(payload)
            self = .unwatch(path, token: token)
        case .transactionStart:
            guard payload.isEmpty || payload == [0] else { throw .invalid }
            self = .begin
        case .transactionEnd: self = try decodeEnd(payload)
        default: throw .unsupported
        }
    }
}

private func onePath(_ payload: [UInt8], _ home: StorePath) throws(StoreErrorName) -> StorePath {
    guard let strings = payload.strings, strings.count == 1 else { throw .invalid }
    return try storePath(strings[0], home)
}

/// The path a client named; a relative one lies below its home.
func storePath(_ text: String, _ home: StorePath) throws(StoreErrorName) -> StorePath {
    let isSpecial = text.hasPrefix("@")
    let absolute = text.hasPrefix("/") || text.isEmpty ? text : "\(home)/\(text)"
    guard !isSpecial, let path = StorePath(absolute) else { throw .invalid }
    return path
}

private func decodeWrite(
    _ payload: [UInt8], _ home: StorePath
) throws(StoreErrorName) -> StoreRequest {
    guard let end = payload.firstIndex(of: 0) else { throw .invalid }
    let name = try onePath(Array(payload[...end]), home)
    return .write(name, Array(payload[(end + 1)...]))
}

private func decodeSetPermissions(
    _ payload: [UInt8], _ home: StorePath
) throws(StoreErrorName) -> StoreRequest {
    guard let strings = payload.strings, strings.count > 1 else { throw .invalid }
    let list = strings.dropFirst().compactMap { StorePermission($0) }
    guard list.count == strings.count - 1 else { throw .invalid }
    return .setPermissions(try storePath(strings[0], home), list)
}

private func decodeWatch(_ payload: [UInt8]) throws(StoreErrorName) -> (StorePath, String) {
    guard let strings = payload.strings, strings.count == 2, let path = StorePath(strings[0])
    else { throw .invalid }
    return (path, strings[1])
}

private func decodeEnd(_ payload: [UInt8]) throws(StoreErrorName) -> StoreRequest {
    switch payload {
    case [UInt8(ascii: "T"), 0]: return .commit
    case [UInt8(ascii: "F"), 0]: return .abort
    default: throw .invalid
    }
}

extension [UInt8] {
    /// Appends a text and the NUL that ends it.
    mutating func append(string: String) {
        append(contentsOf: string.utf8)
        append(0)
    }

    /// The NUL-terminated texts the bytes consist of; no bytes are no texts.
    ///
    /// Nil when the last NUL is missing or a text is not UTF-8.
    var strings: [String]? {
        guard let last else { return [] }
        guard last == 0 else { return nil }
        let parts = dropLast().split(separator: 0, omittingEmptySubsequences: false)
        let texts = parts.compactMap { String(validating: $0, as: UTF8.self) }
        return texts.count == parts.count ? texts : nil
    }
}
