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
/// - oxenstored (tools/ocaml/xenstored/process.ml, `process_packet`, `process_watch`;
///   connection.ml; libs/xb/xb.ml): the same with one queue `pkt_out`, in which at most
///   `quota-maxwatchevents` (1 024) events wait. Those beyond stay behind in the watch
///   (`pending_watchevents`) until its next event, and replies overtake them. That can't be before
///   so many have been sent to us: after ``eventsMax`` events the watches are set anew.
/// - `StoreService` of this package encodes events before the next answer.
///
/// The kernel's device keeps no order, since a thread of its own hands on the events: there every
/// batch goes to the server. So does every batch in a transaction, and one that does more than look.
public final class WatchedStore: Store {
    /// How many rememberable reads make a batch worth the watches.
    ///
    /// Setting them takes a round trip and some requests, which is lost on one who looks at a single
    /// guest and goes.
    public static let readsMin = 16

    /// How many events, identical ones counted, the watches are good for: half of what oxenstored
    /// lets wait, and less than ``WatchEventQueue/distinctMax``.
    static let eventsMax = 512

    /// How often what changed meanwhile is asked again before the batch is asked as a whole.
    static let roundsMax = 4

    /// The token of the watches; a caller's must be another.
    static let token = "XenStore.WatchedStore"

    /// The watches that are set: on which connection, after how many of its events.
    private struct Watches {
        let connection: Int
        let firstEvent: Int
    }

    private let client: StoreClient
    private let readsMin: Int
    private var memory: StoreMemory
    private var watches: Watches?
    private var refusingConnection: Int?
    private var waiting = WatchEventQueue()

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

    /// Reads what has come, where events come at all; the caller's stay for ``takeEvents()``.
    ///
    /// To be called by one who waits for something else: once some 2 100 events wait for a client
    /// that reads none, oxenstored carries out no more requests of those who cause them.
    public func drain() {
        if client.eventCount > 0 { try? hear() }
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
    /// Whether the watches are set on the connection that is used, and no event can be amiss.
    private var isWatching: Bool {
        guard let watches, watches.connection == client.connections else { return false }
        return client.eventCount - watches.firstEvent < Self.eventsMax
    }

    /// Sets the watches, if they are not yet and the batch is large enough; a server that refuses
    /// one is not asked again on the same connection.
    private func watchIfWorthwhile(_ batch: [StoreRequest]) throws(StoreFailure) {
        guard !isWatching, refusingConnection != client.connections,
            batch.lazy.filter(memory.covers).prefix(readsMin).count >= readsMin
        else { return }
        let events = client.eventCount
        let isAccepted = try setWatches()
        watches = isAccepted ? Watches(connection: client.connections, firstEvent: events) : nil
        refusingConnection = isAccepted ? nil : client.connections
    }

    /// Sets the watches, and awaits their first events with a read behind them.
    ///
    /// Where events have come there may be old watches, whose events may be stuck in the server: those
    /// are ended.
    ///
    /// - Returns: whether all were accepted.
    private func setWatches() throws(StoreFailure) -> Bool {
        let directories = memory.directories
        let mayBeSet = client.eventCount > 0
        let ends = directories.map { StoreRequest.unwatch($0, token: Self.token) }
            .prefix(mayBeSet ? directories.count : 0)
        let begins = directories.map { StoreRequest.watch($0, token: Self.token) }
        let barrier = directories.prefix(1).map { StoreRequest.read($0) }
        let replies = try client.perform(ends + begins + barrier)
        digest(client.takeHeardEvents())
        return replies.dropFirst(ends.count).prefix(begins.count).allSatisfy { $0 == .done }
    }
}
