extension Message {
    /// Parses the message as the answer to a request.
    ///
    /// An error concerns this reply alone: the stream's framing is intact, and the connection may
    /// go on. A guest can bring one about (a permission with a reserved domid on its own node).
    /// For ``StoreRequest/begin`` the identifier is checked; ``startedTransaction()`` returns it.
    ///
    /// - Throws: ``WireError`` with the code `unexpected` when the type is not the request's,
    ///   `malformed` when the payload is not what its type asks for.
    public func reply(to request: StoreRequest) throws(WireError) -> StoreReply {
        if header.type == .error { return .failure(try errorName()) }
        guard header.type == request.messageType else {
            throw WireError(
                .unexpected,
                "type \(header.type.rawValue) came for type \(request.messageType.rawValue)")
        }
        switch request {
        case .directory: return .children(try childNames())
        case .read: return .value(payload)
        case .permissions: return .permissions(try permissionList())
        case .begin: _ = try startedTransaction()
        default:
            guard payload == [0x4f, 0x4b, 0] else { throw malformed("an acknowledgement") }
        }
        return .done
    }

    /// The identifier in a reply to `TRANSACTION_START`, at least 1.
    ///
    /// - Throws: ``WireError`` with the code `unexpected` for another type, `malformed` for another
    ///   payload than a decimal number and a NUL.
    public func startedTransaction() throws(WireError) -> UInt32 {
        guard header.type == .transactionStart else {
            throw WireError(.unexpected, "type \(header.type.rawValue) starts no transaction")
        }
        guard let strings = payload.strings, strings.count == 1,
            strings[0].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let identifier = UInt32(strings[0]), identifier > 0
        else { throw malformed("a transaction's identifier") }
        return identifier
    }

    private func errorName() throws(WireError) -> StoreErrorName {
        guard let strings = payload.strings, strings.count == 1, !strings[0].isEmpty,
            strings[0].utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) })
        else { throw malformed("an error's name") }
        return StoreErrorName(strings[0])
    }

    private func childNames() throws(WireError) -> [String] {
        guard let names = payload.strings,
            names.allSatisfy({ StorePath.Component($0) != nil })
        else { throw malformed("a list of children") }
        return names
    }

    private func permissionList() throws(WireError) -> [StorePermission] {
        let strings = payload.strings ?? []
        let list = strings.compactMap { StorePermission($0) }
        guard !list.isEmpty, list.count == strings.count else {
            throw malformed("a permission list")
        }
        return list
    }

    private func malformed(_ what: String) -> WireError {
        WireError(.malformed, "\(what) of \(payload.count) bytes is malformed")
    }
}

extension StoreReply {
    /// Encodes the reply on the server's side.
    ///
    /// A reply with more than ``Message/payloadMax`` bytes becomes the error `E2BIG`, as in C
    /// xenstored. `startedTransaction` is the identifier for a `TRANSACTION_START` that is done.
    public func message(answering header: MessageHeader, startedTransaction: UInt32 = 1) -> Message
    {
        let payload = payload(answering: header.type, startedTransaction)
        guard payload.count <= Message.payloadMax else {
            return StoreReply.failure(.tooBig).message(answering: header)
        }
        return Message(
            failure == nil ? header.type : .error, requestID: header.requestID,
            transactionID: header.transactionID, payload: payload)
    }

    private func payload(answering type: MessageType, _ startedTransaction: UInt32) -> [UInt8] {
        var bytes: [UInt8] = []
        switch self {
        case .done:
            bytes.append(string: type == .transactionStart ? String(startedTransaction) : "OK")
        case .children(let names):
            for name in names { bytes.append(string: name) }
        case .value(let value): bytes = value
        case .permissions(let list):
            for entry in list { bytes.append(string: entry.description) }
        case .failure(let name): bytes.append(string: name.text)
        }
        return bytes
    }
}

/// Tells a client that something changed at or below a path it watches.
///
/// Events say where to look, not what happened: identical ones coalesce, so they are never
/// counted.
public struct WatchEvent: Hashable, Sendable {
    /// The changed path; the watched one for the first event.
    ///
    /// Not always a ``StorePath``: it is relative for a relative watch, and may be
    /// `@releaseDomain`.
    public let path: String
    /// The token the watch was made with.
    public let token: String

    /// Makes an event from its two halves.
    public init(path: String, token: String) {
        self.path = path
        self.token = token
    }

    /// Parses an event.
    ///
    /// - Throws: ``WireError`` with the code `unexpected` when the message is no event, `malformed`
    ///   when its payload is not two NUL-terminated texts with a path in the first.
    public init(decoding message: Message) throws(WireError) {
        guard message.header.type == .watchEvent else {
            throw WireError(.unexpected, "type \(message.header.type.rawValue) is no watch event")
        }
        guard let strings = message.payload.strings, strings.count == 2, !strings[0].isEmpty else {
            throw WireError(
                .malformed, "a watch event of \(message.payload.count) bytes is malformed")
        }
        self.init(path: strings[0], token: strings[1])
    }

    /// Encodes the event.
    ///
    /// - Throws: ``WireError`` with the code `oversize` when path and token are too long together;
    ///   C xenstored drops such an event. `unencodable` when one of them has a NUL.
    public func message() throws(WireError) -> Message {
        guard !path.utf8.contains(0), !token.utf8.contains(0) else {
            throw WireError(.unencodable, "a watch event has a NUL")
        }
        var payload: [UInt8] = []
        payload.append(string: path)
        payload.append(string: token)
        guard payload.count <= Message.payloadMax else {
            throw WireError(.oversize, "a watch event takes \(payload.count) bytes")
        }
        return Message(.watchEvent, requestID: 0, transactionID: 0, payload: payload)
    }
}
