internal import CLinux
internal import Dispatch
public import XenStoreWire

/// A client of a xenstored for async callers, with watches as asynchronous sequences.
///
///     let store = AsyncStore(.socket("/run/xenstored/socket"))
///     for try await change in try await store.watch(path) {
///         …   // look again: a change is a hint, never data
///     }
///
/// The socket is drained whether or not anybody iterates: a slow reader costs bounded memory and
/// delays no reply. Everything runs on a queue of the client's own.
public actor AsyncStore {
    private let executor = StoreQueueExecutor()
    private let client: StoreClient
    private var source: (any DispatchSourceRead)?
    private var heardConnection = 0
    private var streams: [Int: WatchBuffer] = [:]
    private var lastStream = 0

    /// Names a server; nothing is connected yet.
    public init(_ address: StoreAddress, timeoutMilliseconds: Int = 10_000) {
        client = StoreClient(address, timeoutMilliseconds: timeoutMilliseconds)
    }

    /// The executor that all of the client's work runs on.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// Sends a batch and returns one reply for each request, in order.
    ///
    /// Calls are served one after the other, each with its batch as a whole. A transaction must
    /// not span calls, since another's might come between: use ``withStore(_:)`` for those.
    public func perform(
        _ batch: [StoreRequest]
    ) throws(StoreFailure) -> [StoreReply] {
        try withStore { store throws(StoreFailure) in try store.perform(batch) }
    }

    /// Does something with the synchronous client, while nobody else uses it.
    ///
    /// An open transaction that the body leaves is aborted.
    public func withStore<Value: Sendable>(
        _ body: @Sendable (StoreClient) throws(StoreFailure) -> Value
    ) throws(StoreFailure) -> Value {
        defer { listen() }
        do throws(StoreFailure) {
            let value = try body(client)
            if client.isInTransaction { _ = try client.perform([.abort]) }
            return value
        } catch {
            if client.isInTransaction { _ = try? client.perform([.abort]) }
            end(with: error)
            throw error
        }
    }

    /// Watches a path and everything below it; the first change comes at once.
    public func watch(_ path: StorePath) throws(StoreFailure) -> WatchChanges {
        lastStream += 1
        let stream = lastStream
        streams[stream] = WatchBuffer(path: path)
        let watch = StoreRequest.watch(path, token: "\(stream)")
        let replies: [StoreReply]
        do throws(StoreFailure) {
            replies = try perform([watch])
        } catch {
            streams[stream] = nil
            throw error
        }
        if let refusal = replies.first?.failure {
            streams[stream] = nil
            throw StoreFailure(.refused, "\(path) can't be watched (\(refusal.text))")
        }
        return WatchChanges(store: self, stream: stream)
    }

    /// Ends a watch; its sequence ends.
    func unwatch(_ stream: Int) {
        guard let buffer = streams.removeValue(forKey: stream) else { return }
        buffer.waiter?.resume(returning: .success(nil))
        _ = try? perform([.unwatch(buffer.path, token: "\(stream)")])
    }

    /// The next change of a watch, once there is one; nil when the watch has ended.
    func next(_ stream: Int) async -> Result<WatchChange?, StoreFailure> {
        guard let buffer = streams[stream] else { return .success(nil) }
        if let change = streams[stream]?.take() { return change }
        guard buffer.waiter == nil else { return .success(nil) }
        return await withCheckedContinuation { streams[stream]?.waiter = $0 }
    }

    // MARK: - Draining

    /// Hands out what has come, and has the queue call when more does.
    private func listen() {
        distribute()
        guard client.connections != heardConnection, let descriptor = client.descriptor else {
            endStreams(before: heardConnection)
            return
        }
        silence()
        endStreams(before: client.connections)
        // A number of the source's own: the client may close its own at any time.
        let own = pvusb_duplicate(descriptor)
        guard own >= 0 else { return }
        heardConnection = client.connections
        let source = DispatchSource.makeReadSource(fileDescriptor: own, queue: executor.queue)
        source.setEventHandler { [weak self] in
            self?.assumeIsolated { $0.distribute() }
        }
        source.setCancelHandler { _ = pvusb_close(own) }
        source.activate()
        self.source = source
    }

    private func silence() {
        source?.cancel()
        source = nil
    }

    /// Ends the watches that were set on an earlier connection, and went with it.
    private func endStreams(before connection: Int) {
        let failure = StoreFailure(.closed, "the connection that the watch was set on is gone")
        for stream in streams.keys.sorted() {
            guard let own = streams[stream]?.connection else {
                streams[stream]?.connection = connection
                continue
            }
            if own < connection { streams[stream]?.end(with: failure) }
        }
    }

    isolated deinit {
        silence()
    }

    private func distribute() {
        do throws(StoreFailure) {
            for event in try client.takeEvents() { deliver(event) }
        } catch {
            end(with: error)
        }
    }

    private func deliver(_ event: WatchEvent) {
        guard let stream = Int(event.token) else {
            for stream in streams.keys.sorted() { streams[stream]?.add(.resync) }
            return
        }
        streams[stream]?.add(StorePath(event.path).map { .changed($0) } ?? .resync)
    }

    /// The connection is gone and every watch with it: their sequences end with the reason.
    private func end(with failure: StoreFailure) {
        guard client.descriptor == nil else { return }
        silence()
        for stream in streams.keys.sorted() { streams[stream]?.end(with: failure) }
    }
}

/// Runs an actor's jobs one after the other on a queue of its own.
private final class StoreQueueExecutor: SerialExecutor {
    let queue = DispatchQueue(label: "pvusb.store")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    func checkIsolated() {
        dispatchPrecondition(condition: .onQueue(queue))
    }
}
