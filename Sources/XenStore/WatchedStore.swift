public import XenStoreWire

/// A store that asks again only for what may have changed since it was asked before.
///
///     let store = WatchedStore(StoreClient(address), below: [.root / "libxl"])
///
/// Once a batch is large enough to pay for them, it sets watches on the given directories and
/// remembers what is read below them, outside of transactions, until an event tells of a change
/// there. At least one request of every batch is sent all the same: it is the barrier behind which
/// all earlier changes have been heard of. So each reply is what the server would have said at some
/// moment of the call, and at no earlier one than the reply before it: as if all had been sent.
///
/// It relies on what a server keeps on a unix socket: the event of a change is sent before the
/// reply to whatever is asked after the change.
///
/// - C xenstored (tools/xenstored/watch.c, `fire_watches`; core.c, `send_event`, `send_reply`; until
///   4.17 tools/xenstore/xenstored_*.c): one thread carries out one request after the other, a
///   commit too (transaction.c, `finalize_transaction`), and both events and replies go to the end
///   of the connection's one `out_list`. But an event is dropped while an identical one waits there:
///   an event that came *before* a reply can stand for a change that was made *after* it. Therefore
///   events forget also what was answered in the same round trip, and the first event of a watch is
///   awaited before anything is read.
/// - `StoreService` of this package encodes events before the next answer.
/// - oxenstored (tools/ocaml/xenstored/process.ml, `process_packet`, `process_watch`;
///   connection.ml; libs/xb/xb.ml) keeps the order for 1 024 events at most
///   (`quota-maxwatchevents`), and carries out no more requests of whoever causes events once some
///   2 100 wait for one client. A process that hangs in a sysfs write would hold xl up there.
///
/// So it watches C xenstored and the embedded store only; and not through the kernel's device,
/// which keeps no order, since a thread of its own hands on the events. Everywhere else every batch
/// goes to the server, as does every batch in a transaction, and one that does more than look.
public final class WatchedStore: Store {
    /// How many rememberable reads make a batch worth the watches.
    ///
    /// Setting them takes two round trips and some requests, which is lost on one who looks at a
    /// single guest and goes.
    public static let readsMin = 16

    /// How often what changed meanwhile is asked again before the batch is asked as a whole.
    static let roundsMax = 4

    /// The token of the watches; a caller's must be another.
    static let token = "XenStore.WatchedStore"
    /// Where oxenstored says what program it is; C xenstored leaves it empty.
    static let program = StorePath.root / "tool" / "xenstored"

    private let client: StoreClient
    private let readsMin: Int
    private var memory: StoreMemory
    private var watchedConnection: Int?
    private var refusingConnection: Int?
    private var waiting = WatchEventQueue()
    /// What ended the connection while nobody asked anything.
    private var unheard: StoreFailure?

    /// Puts a memory before a client, which nobody else may take events from.
    ///
    /// - Parameter directories: below which nodes are remembered.
    public convenience init(_ client: StoreClient, below directories: [StorePath]) {
        self.init(client, below: directories, readsMin: Self.readsMin)
    }

    init(_ client: StoreClient, below directories: [StorePath], readsMin: Int) {
        self.client = client
        self.readsMin = readsMin
        memory = StoreMemory(below: directories)
    }

    /// The open file, for one who waits for events together with others; nil when unconnected.
    ///
    /// It can be read also when only the memory's own events came.
    public var descriptor: Int32? { client.descriptor }

    /// How many replies are remembered.
    var remembered: Int { memory.count }

    /// Answers a batch, from memory where nothing can have changed.
    public func perform(_ batch: [StoreRequest]) throws(StoreFailure) -> [StoreReply] {
        do throws(StoreFailure) {
            if let failure = unheard.take() { throw failure }
            guard isLook(batch) else { return try client.perform(batch) }
            if isWatching { try hear() }
            try watchIfWorthwhile(batch)
            return isWatching ? try answer(batch) : try client.perform(batch)
        } catch {
            memory.forgetAll()
            throw error
        }
    }

    /// The watch events of the caller's watches that have come, without waiting for any.
    public func takeEvents() throws(StoreFailure) -> [WatchEvent] {
        try hear()
        return waiting.takeAll()
    }

    /// Reads what has come, where anything is watched; the caller's events stay for
    /// ``takeEvents()``.
    ///
    /// To be called by one who waits for something else: what is not read has to wait in the server.
    ///
    /// What fails here is thrown by the next ``perform(_:)``.
    public func drain() {
        guard isWatching else { return }
        do throws(StoreFailure) {
            try hear()
        } catch {
            unheard = error
        }
    }

    private func hear() throws(StoreFailure) {
        do throws(StoreFailure) {
            digest(try client.takeEvents())
        } catch {
            memory.forgetAll()
            throw error
        }
    }
}

// MARK: - Answering

extension WatchedStore {
    private func isLook(_ batch: [StoreRequest]) -> Bool {
        guard case .socket = client.address, !client.isInTransaction else { return false }
        return batch.allSatisfy(\.isLook) && !batch.isEmpty
    }

    private func answer(_ batch: [StoreRequest]) throws(StoreFailure) -> [StoreReply] {
        var replies = batch.map { memory.reply(to: $0) }
        var isAsked = replies.map { $0 == nil }
        if !isAsked.contains(true) { isAsked[0] = true }
        var first = 0
        for _ in 0..<Self.roundsMax {
            try ask(isAsked.indices.filter { $0 >= first && isAsked[$0] }, of: batch, &replies)
            // The events that came up to here tell which of the others were still true.
            let forgotten = batch.indices.filter {
                !isAsked[$0] && memory.reply(to: batch[$0]) == nil
            }
            guard let earliest = forgotten.first else { return replies.compactMap { $0 } }
            // What follows it was read too early, and is asked again behind it.
            first = earliest
            for place in forgotten { isAsked[place] = true }
        }
        return try client.perform(batch)
    }

    /// Asks some requests of a batch, remembers the replies, and forgets what events have come of:
    /// in this order, as an event may stand for a change that is younger than a reply behind it.
    private func ask(
        _ places: [Int], of batch: [StoreRequest], _ replies: inout [StoreReply?]
    ) throws(StoreFailure) {
        guard !places.isEmpty else { return }
        let answers = try client.perform(places.map { batch[$0] })
        for (place, reply) in zip(places, answers) {
            replies[place] = reply
            memory.remember(reply, to: batch[place])
        }
        digest(client.takeHeardEvents())
    }

    /// Lets the memory's own events forget, and keeps the others for the caller.
    private func digest(_ events: [WatchEvent]) {
        for event in events {
            if event.token == Self.token {
                memory.forget(about: event)
            } else {
                if event == WatchEventQueue.everything { memory.forgetAll() }
                waiting.append(event)
            }
        }
        if !isWatching { memory.forgetAll() }
    }
}

// MARK: - Watching

extension WatchedStore {
    /// Whether the watches are set on the connection that is used.
    private var isWatching: Bool {
        watchedConnection != nil && watchedConnection == client.connections
    }

    /// Sets the watches, if they are not yet and the batch is large enough; a server that is none of
    /// those, or refuses one, is not asked again on the same connection.
    private func watchIfWorthwhile(_ batch: [StoreRequest]) throws(StoreFailure) {
        guard !isWatching, refusingConnection != client.connections, batch.count >= readsMin,
            batch.count(where: memory.covers) >= readsMin
        else { return }
        let isAccepted = try isOrderly() ? try setWatches() : false
        watchedConnection = isAccepted ? client.connections : nil
        refusingConnection = isAccepted ? nil : client.connections
    }

    /// Tells whether the server is one of which it is known that it keeps the order, whatever waits.
    private func isOrderly() throws(StoreFailure) -> Bool {
        let replies = try client.perform([.read(Self.program)])
        return replies == [.value([])] || replies == [.failure(.noEntry)]
    }

    /// Sets the watches, and awaits their first events with a read behind them.
    ///
    /// - Returns: whether all were accepted.
    private func setWatches() throws(StoreFailure) -> Bool {
        let watches = memory.directories.map { StoreRequest.watch($0, token: Self.token) }
        let replies = try client.perform(watches + [.read(Self.program)])
        digest(client.takeHeardEvents())
        guard !replies.dropLast().allSatisfy({ $0 == .done }) else { return true }
        let ends = memory.directories.map { StoreRequest.unwatch($0, token: Self.token) }
        _ = try client.perform(ends)
        return false
    }
}
