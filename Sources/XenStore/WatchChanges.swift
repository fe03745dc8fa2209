public import XenStoreWire

/// What a watch tells: where to look again.
public enum WatchChange: Hashable, Sendable {
    /// Something at or below this path may have changed.
    case changed(StorePath)
    /// Too much has changed to name it all: look at everything again.
    case resync
}

/// The changes of one watch, until it is cancelled or the connection is lost.
public struct WatchChanges: AsyncSequence, Sendable {
    let store: AsyncStore
    let stream: Int

    /// Begins to iterate; a watch has one iterator.
    public func makeAsyncIterator() -> Iterator {
        Iterator(store: store, stream: stream)
    }

    /// Ends the watch.
    public func cancel() async {
        await store.unwatch(stream)
    }

    /// Waits for one change after the other.
    public struct Iterator: AsyncIteratorProtocol {
        let store: AsyncStore
        let stream: Int

        /// The next change; nil when the watch or the task was cancelled.
        ///
        /// - Throws: what ended the connection.
        public mutating func next() async throws(StoreFailure) -> WatchChange? {
            let (store, stream) = (store, stream)
            return try await withTaskCancellationHandler {
                await store.next(stream)
            } onCancel: {
                Task { await store.unwatch(stream) }
            }.get()
        }
    }
}

/// The changes that wait for one reader: identical ones once, and not more than fit.
struct WatchBuffer {
    /// The most different paths that wait; beyond that all of them become one `resync`.
    static let distinctMax = 1024

    typealias Waiter = CheckedContinuation<Result<WatchChange?, StoreFailure>, Never>

    let path: StorePath
    /// Which of the client's connections the watch was set on; nil until that is known.
    var connection: Int?
    var waiter: Waiter?
    private var waiting: [WatchChange] = []
    private var known: Set<WatchChange> = []
    private var failure: StoreFailure?

    init(path: StorePath) {
        self.path = path
    }

    mutating func add(_ change: WatchChange) {
        if let waiter {
            self.waiter = nil
            waiter.resume(returning: .success(change))
            return
        }
        guard !known.contains(change), !known.contains(.resync) else { return }
        if waiting.count >= Self.distinctMax || change == .resync {
            waiting = [.resync]
            known = [.resync]
        } else {
            waiting.append(change)
            known.insert(change)
        }
    }

    mutating func end(with failure: StoreFailure) {
        self.failure = failure
        waiter?.resume(returning: .failure(failure))
        waiter = nil
    }

    /// The oldest change, or the end once nothing waits; nil when there is neither.
    mutating func take() -> Result<WatchChange?, StoreFailure>? {
        guard !waiting.isEmpty else { return failure.map { .failure($0) } }
        let change = waiting.removeFirst()
        known.remove(change)
        return .success(change)
    }
}
