internal import CLinux
public import XenStoreWire

/// A client of a running xenstored: connects when it is first asked, and anew after a failure.
///
///     let store = StoreClient(.socket("/run/xenstored/socket"))
///     let replies = try store.perform([.read(path), .directory(parent)])
///
/// It is synchronous and lives on one thread. Each call ends within the time-out.
public final class StoreClient: Store {
    /// Where the server is.
    public let address: StoreAddress
    /// How long one call may take, in milliseconds.
    public let timeoutMilliseconds: Int

    /// How often a server was connected to.
    private(set) var connections = 0
    /// How many messages servers were asked.
    private(set) var asked = 0

    private var connection: Connection?
    private var transaction: UInt32 = 0

    /// Names a server; nothing is connected yet.
    public init(_ address: StoreAddress, timeoutMilliseconds: Int = 10_000) {
        self.address = address
        self.timeoutMilliseconds = timeoutMilliseconds
    }

    /// For a transport of a test's.
    init(
        over transport: any Transport, at address: StoreAddress = .socket(""),
        timeoutMilliseconds: Int
    ) {
        self.address = address
        self.timeoutMilliseconds = timeoutMilliseconds
        connection = Connection(over: transport)
    }

    /// The open file, for one who waits for events together with others; nil when unconnected.
    public var descriptor: Int32? {
        guard connection != nil else { return nil }
        return connection?.descriptor
    }

    /// Tells whether a transaction is open.
    public var isInTransaction: Bool { transaction != 0 }

    /// Sends a batch and returns one reply for each request, in order.
    ///
    /// What no server may be sent (the removal of the root, a message above 4 096 bytes) is
    /// refused here; then nothing of the batch is sent, and an open transaction that it would
    /// have committed is aborted.
    public func perform(_ batch: [StoreRequest]) throws(StoreFailure) -> [StoreReply] {
        let refusals = batch.map(\.refusal)
        if refusals.contains(where: { $0 != nil }) { return try refuse(batch, refusals) }
        // Nothing is open, so nothing can be aborted; a lost connection is not made anew for it.
        if batch == [.abort], transaction == 0 { return [.failure(.noEntry)] }
        var replies: [StoreReply] = []
        for part in batch.partsAfterBegin {
            replies += try ask(part)
            guard part.last == .begin, let refusal = replies.last?.failure else { continue }
            // What was meant for the transaction must not be done outside of one.
            return replies + batch.dropFirst(replies.count).map { _ in .failure(refusal) }
        }
        return replies
    }

    /// The watch events that have come, without waiting for any.
    public func takeEvents() throws(StoreFailure) -> [WatchEvent] {
        guard connection != nil else { return [] }
        do {
            return try connection?.takeEvents() ?? []
        } catch {
            drop()
            throw error
        }
    }

    /// The watch events that came with replies; nothing is read, so nothing can fail.
    func takeHeardEvents() -> [WatchEvent] {
        guard connection != nil else { return [] }
        return connection?.takeHeardEvents() ?? []
    }

    /// Waits between two tries of a transaction: half to one and a half times as long as asked, so
    /// that two who collided do not collide again in step.
    ///
    /// - Parameter milliseconds: about how long, 0…1000.
    public func pause(_ milliseconds: Int) {
        let nanoseconds = Int64(clamping: min(max(milliseconds, 0), 1_000)) * 1_000_000
        _ = pvusb_wait_readable(
            nil, 0, Int64.random(in: nanoseconds / 2...nanoseconds * 3 / 2))
    }

    /// Ends the connection; an open transaction and all watches are gone.
    public func disconnect() {
        drop()
    }
}

extension StoreClient {
    /// Asks requests of which only the last may begin a transaction.
    private func ask(_ requests: [StoreRequest]) throws(StoreFailure) -> [StoreReply] {
        let deadline = deadline()
        var bodies: [(type: MessageType, transaction: UInt32, payload: [UInt8])] = []
        var open = transaction
        for request in requests {
            let message = try request.encoded(in: open)
            bodies.append((message.header.type, message.header.transactionID, message.payload))
            if request == .commit || request == .abort { open = 0 }
        }
        let messages = try exchange(bodies, deadline)
        transaction = open
        var replies: [StoreReply] = []
        for (request, message) in zip(requests, messages) {
            replies.append(try reply(message, to: request, deadline))
        }
        return replies
    }

    private func reply(
        _ message: Message, to request: StoreRequest, _ deadline: UInt64
    ) throws(StoreFailure) -> StoreReply {
        let reply = try decoded(message, request)
        guard case .directory(let path) = request, reply == .failure(.tooBig) else {
            return reply
        }
        return try directoryInParts(path, message.header.transactionID, deadline)
    }

    private func decoded(
        _ message: Message, _ request: StoreRequest
    ) throws(StoreFailure) -> StoreReply {
        do {
            let reply = try message.reply(to: request)
            if request == .begin, reply == .done {
                transaction = try message.startedTransaction()
            }
            return reply
        } catch {
            // The stream is whole, only this reply makes no sense; a transaction can't go on.
            if transaction != 0 { drop() }
            throw StoreFailure(.malformed, "xenstored broke the protocol: \(error.message)")
        }
    }

    /// Reads a directory that is too long for one reply (`XS_DIRECTORY_PART`): each part names the
    /// directory's generation; when that changes on the way, all begins anew.
    private func directoryInParts(
        _ path: StorePath, _ transaction: UInt32, _ deadline: UInt64
    ) throws(StoreFailure) -> StoreReply {
        var listing = DirectoryListing()
        while true {
            let payload = Array("\(path)\0\(listing.byteCount)\0".utf8)
            let replies = try exchange([(.directoryPart, transaction, payload)], deadline)
            guard let message = replies.first else { return .failure(.inputOutput) }
            if message.header.type == .error {
                return .failure(StoreErrorName(message.payload.text))
            }
            guard listing.append(message.payload) else { continue }
            return .children(listing.names)
        }
    }

    private func exchange(
        _ bodies: [(type: MessageType, transaction: UInt32, payload: [UInt8])],
        _ deadline: UInt64
    ) throws(StoreFailure) -> [Message] {
        do {
            if connection == nil {
                connection = try Connection(to: address, deadline: deadline)
                connections += 1
                transaction = 0
            }
            asked += bodies.count
            return try connection?.ask(bodies, deadline: deadline) ?? []
        } catch {
            drop()
            throw error
        }
    }

    /// Answers a batch of which some requests must not be sent: none is.
    private func refuse(
        _ batch: [StoreRequest], _ refusals: [StoreErrorName?]
    ) throws(StoreFailure) -> [StoreReply] {
        let ends = batch.contains { $0 == .commit || $0 == .abort }
        if transaction != 0, ends { _ = try ask([.abort]) }
        return refusals.map { .failure($0 ?? .invalid) }
    }

    private func drop() {
        connection = nil
        transaction = 0
    }

    func deadline() -> UInt64 {
        pvusb_monotonic() + UInt64(clamping: timeoutMilliseconds) * 1_000_000
    }
}

extension StoreClient {
    /// Asks for one of the messages that a toolstack needs besides its batches.
    ///
    /// - Returns: the reply's text without its final NUL; the refusal as a failure.
    private func ask(
        _ type: MessageType, _ words: [String]
    ) throws(StoreFailure) -> Result<String, StoreErrorName> {
        let payload = Array((words.isEmpty ? "\0" : words.map { "\($0)\0" }.joined()).utf8)
        let replies = try exchange([(type, 0, payload)], deadline())
        guard let reply = replies.first else { return .failure(.inputOutput) }
        let text = reply.payload.text
        return reply.header.type == .error ? .failure(StoreErrorName(text)) : .success(text)
    }

    /// A domain's directory, as the server sees it; it says nothing of whether the domain exists.
    ///
    /// - Parameter domain: its number, 0…32751.
    public func domainPath(
        of domain: UInt16
    ) throws(StoreFailure) -> Result<String, StoreErrorName> {
        try ask(.getDomainPath, [String(domain)])
    }

    /// Whether the server has been told of a domain.
    ///
    /// - Parameter domain: its number, 0…32751.
    public func isIntroduced(
        _ domain: UInt16
    ) throws(StoreFailure) -> Result<Bool, StoreErrorName> {
        try ask(.isDomainIntroduced, [String(domain)]).map { $0 == "T" }
    }

    /// The server's feature bits; ENOSYS from servers before Xen 4.21.
    public func features() throws(StoreFailure) -> Result<UInt32, StoreErrorName> {
        try ask(.getFeature, []).flatMap { text in
            UInt32(text).map { .success($0) } ?? .failure(.inputOutput)
        }
    }
}

/// A directory as it is put together of parts.
struct DirectoryListing {
    private var generation: [UInt8] = []
    private var bytes: [UInt8] = []

    /// Where the next part begins.
    var byteCount: Int { bytes.count }

    /// The children's names, once the last part is there.
    var names: [String] {
        bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Takes in a part: the generation, a NUL, and some of the names, each with a NUL.
    ///
    /// - Returns: whether it was the last one, which ends with an empty name.
    mutating func append(_ payload: [UInt8]) -> Bool {
        let end = payload.firstIndex(of: 0) ?? payload.count
        let seen = Array(payload[..<end])
        guard bytes.isEmpty || seen == generation else {
            self = DirectoryListing()
            return false
        }
        generation = seen
        let part = payload.dropFirst(end + 1)
        bytes += part
        return part.isEmpty || bytes.suffix(2) == [0, 0] || bytes == [0]
    }
}

extension [UInt8] {
    /// The bytes as text, without a final NUL.
    fileprivate var text: String {
        String(decoding: last == 0 ? dropLast() : self[...], as: UTF8.self)
    }
}

extension [StoreRequest] {
    /// The requests cut behind each `begin`, whose reply the ones after it need.
    fileprivate var partsAfterBegin: [[StoreRequest]] {
        var parts: [[StoreRequest]] = [[]]
        for request in self {
            parts[parts.count - 1].append(request)
            if request == .begin { parts.append([]) }
        }
        return parts.filter { !$0.isEmpty }
    }
}

extension StoreRequest {
    /// Why the request must not be sent; nil when it may be.
    ///
    /// oxenstored deletes the whole store when the root is removed.
    fileprivate var refusal: StoreErrorName? {
        if case .remove(.root) = self { return .invalid }
        if case .setPermissions(_, let list) = self, list.isEmpty { return .invalid }
        return (try? message(requestID: 1)) == nil ? .tooBig : nil
    }

    fileprivate func encoded(in transaction: UInt32) throws(StoreFailure) -> Message {
        do {
            return try message(requestID: 1, transactionID: transaction)
        } catch {
            throw StoreFailure(.malformed, error.message)
        }
    }
}
