internal import XenStoreWire

/// A xenstore as its clients see it over a stream of bytes, without any I/O.
///
/// A client is fed with ``receive(_:from:)`` and what it is answered taken with
/// ``takeOutput(for:limit:)``, both in pieces of any size. What waits for a client is bounded: while
/// ``outputMax`` bytes wait, nothing more of it is answered. Sent by several clients, requests are
/// carried out in the order in which they are received.
public struct StoreService: Sendable {
    /// Names one client; never used again.
    public struct Client: Hashable, Sendable {
        let number: UInt64
    }

    /// The store; what a program changes in it, clients hear of by their watches.
    ///
    /// Another store in its place has none of the clients' connections: they are answered `EIO`.
    public var engine: StoreEngine
    /// Every such commit that would succeed answers `EAGAIN`, for tests of clients; nil or a number
    /// below 1: none.
    public var eagainEvery: Int?

    var clients: [Client: StoreServiceClient] = [:]
    var introduced: Set<UInt16> = [0]
    var goodCommits = 0
    private var lastClient: UInt64 = 0

    /// How many bytes may wait for a client, but for the messages that pass the limit.
    public static let outputMax = 1 << 16
    /// How many events may wait for a client that reads none; with more it is ended.
    public static let waitingEventsMax = 4_096
    /// How many transactions a client may have open; one more answers `ENOSPC`.
    public static let transactionsMax = 1_024
    /// How many events are encoded at once.
    private static let eventBatch = 16

    /// Makes a service without clients that knows only domain 0.
    public init(engine: StoreEngine = StoreEngine(), eagainEvery: Int? = nil) {
        self.engine = engine
        self.eagainEvery = eagainEvery
    }

    /// Adds a client that belongs to a domain; on a unix socket that is domain 0.
    public mutating func connect(domain: UInt16 = 0) -> Client {
        lastClient += 1
        let client = Client(number: lastClient)
        let main = engine.connect(domain: domain)
        clients[client] = StoreServiceClient(domain: domain, main: main)
        return client
    }

    /// Ends a client with its watches and transactions; an unknown one is left alone.
    public mutating func disconnect(_ client: Client) {
        end(client)
        clients[client] = nil
    }

    /// Tells whether a client is still answered; one that is not can only be disconnected, after
    /// its last output was taken.
    ///
    /// It is not when it announced a payload of more than 4 096 bytes, when its domain died, or
    /// when too many events wait for it.
    public func isOpen(_ client: Client) -> Bool {
        guard let state = clients[client]?.state, state == .open else { return false }
        return waitingEvents(client).count <= Self.waitingEventsMax
    }

    /// Tells whether more bytes of a client are welcome: it is open, and its answers are taken.
    public func acceptsInput(from client: Client) -> Bool {
        isOpen(client) && !isFull(client)
    }

    /// Tells whether there is something to take for a client.
    public func hasOutput(for client: Client) -> Bool {
        guard let count = clients[client]?.output.count else { return false }
        if count > 0 { return true }
        let isTold = clients[client]?.domainEvents.isEmpty == false
        return isOpen(client) && (isTold || !waitingEvents(client).isEmpty)
    }

    /// Takes bytes a client sent, and carries out the requests that are complete, as long as there
    /// is room for their answers; the others wait for ``takeOutput(for:limit:)``.
    public mutating func receive(_ bytes: some Sequence<UInt8>, from client: Client) {
        guard clients[client]?.state == .open else { return }
        clients[client]?.decoder.append(bytes)
        answerRequests(of: client)
    }

    /// Returns what a client is to be sent next, and forgets it.
    public mutating func takeOutput(for client: Client, limit: Int = .max) -> [UInt8] {
        encodeEvents(for: client)
        let bytes = clients[client]?.output.take(limit) ?? []
        answerRequests(of: client)
        return bytes
    }

    private func waitingEvents(_ client: Client) -> [WatchEvent] {
        guard let main = clients[client]?.main else { return [] }
        return engine.pendingEvents(for: main)
    }

    private func isFull(_ client: Client) -> Bool {
        (clients[client]?.output.count ?? 0) >= Self.outputMax
    }

    /// Answers what there is room for.
    ///
    /// What others did before a request is told before its answer, as by C xenstored and oxenstored:
    /// who has a reply has heard of everything before it.
    private mutating func answerRequests(of client: Client) {
        encodeEvents(for: client)
        while let message = nextMessage(of: client) {
            let reply = answer(message, from: client)
            clients[client]?.output.append(reply)
            encodeEvents(for: client)
        }
    }

    /// The next complete request, if its answer has room; a stream that lost its frame ends.
    private mutating func nextMessage(of client: Client) -> Message? {
        guard acceptsInput(from: client) else { return nil }
        do throws(WireError) {
            return try clients[client]?.decoder.next()
        } catch {
            end(client)
            return nil
        }
    }

    private mutating func encodeEvents(for client: Client) {
        guard isOpen(client), let main = clients[client]?.main else { return }
        append(clients[client]?.takeDomainEvents() ?? [], to: client)
        while !isFull(client) {
            let events = engine.takeEvents(for: main, atMost: Self.eventBatch)
            if events.isEmpty { return }
            append(events, to: client)
        }
    }

    /// An event that is too long for a message is dropped, as C xenstored does.
    private mutating func append(_ events: [WatchEvent], to client: Client) {
        for event in events {
            guard let message = try? event.message() else { continue }
            clients[client]?.output.append(message)
        }
    }

    /// Gives the client's connections back, once: their numbers are used again.
    mutating func end(_ client: Client) {
        guard let known = clients[client], known.state == .open else { return }
        for connection in known.connections { engine.disconnect(connection) }
        clients[client]?.state = .ended
    }
}
