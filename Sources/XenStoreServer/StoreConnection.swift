internal import XenStoreWire

/// What the store keeps for one client.
struct StoreConnection: Hashable, Sendable {
    struct Watch: Hashable, Sendable {
        let path: StorePath
        let token: String
    }

    let domain: UInt16
    var transaction: StoreTransaction?
    var watches: [Watch] = []
    var events: [WatchEvent] = []

    init(domain: UInt16) {
        self.domain = domain
    }

    mutating func watch(_ path: StorePath, _ token: String) -> StoreReply {
        let size = StoreRequest.watch(path, token: token).payloadCount
        guard size <= Message.payloadMax else { return .failure(.tooBig) }
        guard !token.utf8.contains(0) else { return .failure(.invalid) }
        let watch = Watch(path: path, token: token)
        guard !watches.contains(watch) else { return .failure(.exists) }
        watches.append(watch)
        enqueue(path, watch)
        return .done
    }

    mutating func unwatch(_ path: StorePath, _ token: String) -> StoreReply {
        let watch = Watch(path: path, token: token)
        guard let index = watches.firstIndex(of: watch) else { return .failure(.noEntry) }
        watches.remove(at: index)
        return .done
    }

    /// Queues events for the watches a change matches.
    ///
    /// A removal is also an event for every watched node below that went with it.
    mutating func deliver(_ change: StoreChange) {
        for watch in watches {
            if watch.path.contains(change.path) {
                if mayRead(change.readableBy) { enqueue(change.path, watch) }
            } else if let removed = change.removed, change.path.contains(watch.path) {
                let names = watch.path.components.dropFirst(change.path.components.count)
                let parent = removed.descendant(names.dropLast())
                guard let node = removed.descendant(names) else { continue }
                let lists = [node.permissions, parent?.permissions ?? []]
                if mayRead(lists) { enqueue(watch.path, watch) }
            }
        }
    }

    /// Queues an event for every watch below which two trees differ.
    mutating func deliverDifferences(from old: StoreTree, to new: StoreTree) {
        for watch in watches {
            let before = old.place(of: watch.path)
            let after = new.place(of: watch.path)
            guard before.node != after.node else { continue }
            let lists = [before.node?.permissions, after.node?.permissions].compactMap(\.self)
            if mayRead(lists + [before.above, after.above]) { enqueue(watch.path, watch) }
        }
    }

    private func mayRead(_ lists: [[StorePermission]]) -> Bool {
        lists.contains { $0.allow(.read, domain) }
    }

    /// Identical events that wait are one, as in C xenstored.
    private mutating func enqueue(_ path: StorePath, _ watch: Watch) {
        let event = WatchEvent(path: path.text, token: watch.token)
        if !events.contains(event) { events.append(event) }
    }
}

/// An open transaction: the store as it was at its begin, as it sees it, and what it touched.
struct StoreTransaction: Hashable, Sendable {
    private(set) var start: StoreTree
    private(set) var view: StoreTree
    private var accessed: Set<StorePath> = []
    /// The requests that changed something, in order.
    private(set) var log: [StoreRequest] = []

    init(_ tree: StoreTree) {
        start = tree
        view = tree
    }

    mutating func perform(_ request: StoreRequest, as domain: UInt16) -> StoreReply {
        accessed.formUnion(view.accesses(of: request))
        var changes: [StoreChange] = []
        let reply = view.perform(request, as: domain, &changes)
        if !changes.isEmpty { log.append(request) }
        return reply
    }

    /// Tells whether a node the transaction touched is not what it was at the begin.
    func conflicts(with tree: StoreTree) -> Bool {
        accessed.contains {
            start.node(at: $0)?.generation != tree.node(at: $0)?.generation
        }
    }

    /// Renumbers the copies as the tree is about to be, without forgetting a conflict.
    mutating func resetGenerations(comparing current: StoreTree) {
        start.resetGenerations(comparing: current)
        view.resetGenerations(comparing: view)
    }
}
