internal import XenStoreWire

/// What the service keeps for one client.
struct StoreServiceClient: Sendable {
    enum State {
        /// Its requests are answered.
        case open
        /// It broke the rules or its domain died: what it was answered may leave, then it goes.
        case ended
    }

    struct DomainWatch: Equatable {
        let change: DomainChange
        let token: String

        var event: WatchEvent { WatchEvent(path: change.rawValue, token: token) }
    }

    let domain: UInt16
    /// The connection of the client's watches and of what is outside transactions.
    var main: ConnectionID
    var state = State.open
    var decoder = MessageDecoder()
    var output = OutputQueue()
    /// Each open transaction has a connection of its own, which can have one.
    private(set) var transactions: [UInt32: ConnectionID] = [:]
    private(set) var domainWatches: [DomainWatch] = []
    private(set) var domainEvents: [WatchEvent] = []
    private var lastTransaction: UInt32 = 0

    init(domain: UInt16, main: ConnectionID) {
        self.domain = domain
        self.main = main
    }

    /// Where a client's relative paths begin.
    var home: StorePath { .root / "local" / "domain" / StorePath.Component(UInt(domain)) }

    var connections: [ConnectionID] { [main] + transactions.values }

    mutating func watch(_ change: DomainChange, _ token: String) -> StoreReply {
        let watch = DomainWatch(change: change, token: token)
        guard !domainWatches.contains(watch) else { return .failure(.exists) }
        domainWatches.append(watch)
        enqueue(watch)
        return .done
    }

    mutating func unwatch(_ change: DomainChange, _ token: String) -> StoreReply {
        let watch = DomainWatch(change: change, token: token)
        guard let index = domainWatches.firstIndex(of: watch) else { return .failure(.noEntry) }
        domainWatches.remove(at: index)
        return .done
    }

    /// Tells a client of a change; guests are not told, as the special nodes are `n0`.
    mutating func announce(_ change: DomainChange) {
        guard domain == 0 else { return }
        for watch in domainWatches where watch.change == change { enqueue(watch) }
    }

    /// Identical events that wait are one.
    private mutating func enqueue(_ watch: DomainWatch) {
        if !domainEvents.contains(watch.event) { domainEvents.append(watch.event) }
    }

    mutating func takeDomainEvents() -> [WatchEvent] {
        defer { domainEvents = [] }
        return domainEvents
    }

    /// Gives a transaction the next number, which is not used again before all others were.
    mutating func open(_ connection: ConnectionID) -> UInt32 {
        repeat {
            lastTransaction = lastTransaction == .max ? 1 : lastTransaction + 1
        } while transactions[lastTransaction] != nil
        transactions[lastTransaction] = connection
        return lastTransaction
    }

    mutating func close(_ transaction: UInt32) -> ConnectionID? {
        transactions.removeValue(forKey: transaction)
    }

    /// Forgets transactions and watches; `main` is a fresh connection.
    mutating func reset(main: ConnectionID) {
        self.main = main
        transactions = [:]
        domainWatches = []
        domainEvents = []
    }
}

/// Bytes that wait to be sent.
struct OutputQueue: Sendable {
    private var bytes: [UInt8] = []
    private var start = 0

    var count: Int { bytes.count - start }

    mutating func append(_ message: Message) {
        bytes += message.bytes
    }

    /// Takes bytes from the front; memory is given back now and then, so that all costs linear
    /// time.
    mutating func take(_ limit: Int) -> [UInt8] {
        let end = start + min(max(0, limit), count)
        let taken = Array(bytes[start..<end])
        start = end
        if start >= bytes.count / 2 {
            bytes.removeSubrange(..<start)
            start = 0
        }
        return taken
    }
}
