public import XenStoreWire

/// Names one client of a ``StoreEngine``.
///
/// Numbers of ended connections are used again, so that two stores in the same state are equal.
public struct ConnectionID: Hashable, Sendable {
    let number: Int
}

/// A xenstore as a value: nodes, connections, transactions and watches, without any I/O.
///
/// It answers as C xenstored does, with one difference: a transaction sees the store as it was at
/// its begin. A copy costs O(1), and a write to a copy costs the way to the node. Equality and hash
/// follow the content, so that stores can be kept in sets.
public struct StoreEngine: Hashable, Sendable {
    private(set) var tree: StoreTree
    private var connections: [ConnectionID: StoreConnection] = [:]

    /// Makes a store as C xenstored starts with: `/`, `/tool`, `/tool/xenstored`, all `n0`.
    public init() {
        self.init(tree: .initial)
    }

    init(tree: StoreTree) {
        self.tree = tree
    }

    /// Adds a client that belongs to a domain; one of domain 0 may do everything.
    public mutating func connect(domain: UInt16) -> ConnectionID {
        var number = 1
        while connections[ConnectionID(number: number)] != nil { number += 1 }
        let connection = ConnectionID(number: number)
        connections[connection] = StoreConnection(domain: domain)
        return connection
    }

    /// Ends a client with its transaction, watches and events; an unknown one is left alone.
    public mutating func disconnect(_ connection: ConnectionID) {
        connections[connection] = nil
    }

    /// Answers requests in order.
    public mutating func perform(
        _ batch: [StoreRequest], from connection: ConnectionID
    ) -> [StoreReply] {
        batch.map { perform($0, from: connection) }
    }

    /// Answers one request; a connection that was never made or has ended is answered `EIO`.
    public mutating func perform(
        _ request: StoreRequest, from connection: ConnectionID
    ) -> StoreReply {
        guard let domain = connections[connection]?.domain else { return .failure(.inputOutput) }
        switch request {
        case .watch(let path, let token):
            return connections[connection]?.watch(path, token) ?? .failure(.inputOutput)
        case .unwatch(let path, let token):
            return connections[connection]?.unwatch(path, token) ?? .failure(.inputOutput)
        case .introduce: return domain == 0 ? .done : .failure(.accessDenied)
        case .begin: return begin(connection)
        case .commit: return commit(connection, domain)
        case .abort: return takeTransaction(connection) == nil ? .failure(.noEntry) : .done
        default: break
        }
        if var transaction = takeTransaction(connection) {
            defer { connections[connection]?.transaction = transaction }
            return transaction.perform(request, as: domain)
        }
        var changes: [StoreChange] = []
        let reply = tree.perform(request, as: domain, &changes)
        deliver(changes)
        return reply
    }

    /// The events that wait for a client, oldest first.
    public func pendingEvents(for connection: ConnectionID) -> [WatchEvent] {
        connections[connection]?.events ?? []
    }

    /// Returns the events that wait for a client, oldest first, and forgets them.
    public mutating func takeEvents(for connection: ConnectionID) -> [WatchEvent] {
        guard let events = connections[connection]?.events, !events.isEmpty else { return [] }
        connections[connection]?.events = []
        return events
    }

    /// Forgets the events that wait for any client, as when all of them look anyway.
    public mutating func forgetEvents() {
        updateWatchers { $0.events = [] }
    }

    /// Returns the first events that wait for a client, and forgets these.
    mutating func takeEvents(for connection: ConnectionID, atMost count: Int) -> [WatchEvent] {
        let first = connections[connection].map { Array($0.events.prefix(count)) } ?? []
        if !first.isEmpty { connections[connection]?.events.removeFirst(first.count) }
        return first
    }

    /// Tells whether a connection has a transaction that would commit now.
    func wouldCommit(_ connection: ConnectionID) -> Bool {
        guard let transaction = connections[connection]?.transaction else { return false }
        return !transaction.conflicts(with: tree)
    }

    /// The number of a node's last change, as a connection sees it in its transaction.
    func generation(of path: StorePath, for connection: ConnectionID) -> UInt64? {
        let seen = connections[connection]?.transaction?.view ?? tree
        return seen.node(at: path)?.generation
    }

    /// Lets a domain die: its connections end, and its nodes go with everything below them.
    ///
    /// So do its entries in other nodes' lists (C xenstored from 4.17). Domain 0 does not die.
    public mutating func releaseDomain(_ domain: UInt16) {
        guard domain != 0 else { return }
        connections = connections.filter { $0.value.domain != domain }
        deliver(tree.release(domain))
    }

    private mutating func begin(_ connection: ConnectionID) -> StoreReply {
        guard connections[connection]?.transaction == nil else { return .failure(.busy) }
        connections[connection]?.transaction = StoreTransaction(tree)
        return .done
    }

    private mutating func commit(_ connection: ConnectionID, _ domain: UInt16) -> StoreReply {
        guard let transaction = takeTransaction(connection) else { return .failure(.noEntry) }
        guard !transaction.conflicts(with: tree) else { return .failure(.again) }
        var changes: [StoreChange] = []
        for request in transaction.log {
            // What the answer depends on is unchanged, so it is the one the client has.
            _ = tree.perform(request, as: domain, &changes)
        }
        deliver(changes)
        return .done
    }

    /// Moves a transaction out, so that it can be changed without a copy.
    private mutating func takeTransaction(_ connection: ConnectionID) -> StoreTransaction? {
        guard let transaction = connections[connection]?.transaction else { return nil }
        connections[connection]?.transaction = nil
        return transaction
    }

    private mutating func deliver(_ changes: [StoreChange]) {
        guard !changes.isEmpty else { return }
        updateWatchers { connection in
            for change in changes { connection.deliver(change) }
        }
    }

    /// Changes every connection that watches; their order shows nowhere.
    private mutating func updateWatchers(_ body: (inout StoreConnection) -> Void) {
        for index in connections.values.indices
        where !connections.values[index].watches.isEmpty {
            body(&connections.values[index])
        }
    }
}

extension StoreEngine {
    /// The number of the last change; no node has a greater generation.
    public var generation: UInt64 { tree.generation }

    /// Takes over the nodes and the counter of another store, as when another process replaced
    /// them, and keeps the connections with their transactions and watches.
    ///
    /// A transaction that is open is checked against the new nodes when it commits: both stores
    /// must number their changes with one counter, handed on through ``generation``. A watch gets
    /// an event with its own path when anything at or below it differs.
    public mutating func adopt(_ other: StoreEngine) {
        let old = tree
        tree = other.tree
        guard old != tree else { return }
        updateWatchers { [tree] in $0.deliverDifferences(from: old, to: tree) }
    }

    /// Numbers all nodes and the counter 0, so that stores that differ in history only are equal.
    ///
    /// Open transactions are renumbered with them: one that would conflict still does.
    public mutating func resetGenerations() {
        for index in connections.values.indices
        where connections.values[index].transaction != nil {
            connections.values[index].transaction?.resetGenerations(comparing: tree)
        }
        tree.resetGenerations(comparing: tree)
    }

    /// A node's value, whoever may read it; nil when there is no such node.
    public func value(at path: StorePath) -> [UInt8]? {
        tree.node(at: path)?.value
    }

    /// The sorted names of a node's children, whoever may read them; nil when there is no such
    /// node.
    public func children(of path: StorePath) -> [String]? {
        tree.node(at: path)?.children.map(\.name)
    }

    /// A node's permission list, whoever may read it; nil when there is no such node.
    public func permissions(at path: StorePath) -> [StorePermission]? {
        tree.node(at: path)?.permissions
    }
}
