internal import XenStore
internal import XenStoreServer
internal import XenStoreWire

extension StoreEngine {
    /// Makes a store of all nodes of another, each with its value and its permissions.
    ///
    /// - Throws: why a node can't be read that is there.
    init(capturing store: any Store) throws(WorldFailure) {
        var capture = StoreCapture()
        while let batch = capture.next() {
            let replies: [StoreReply]
            do {
                replies = try store.perform(batch)
            } catch {
                throw WorldFailure("the store can't be read: \(error.message)")
            }
            try capture.take(replies)
        }
        self = try capture.engine()
    }
}

/// Reads a store in waves: all nodes of a depth before those below them, many in one batch.
///
/// It does no I/O. Nodes come and go meanwhile: one that is gone is left out with all below it.
private struct StoreCapture {
    /// How many nodes are asked about in one batch.
    private static let nodesMax = 256

    private var waiting: [StorePath] = [.root]
    private var asked: [StorePath] = []
    private var entries: [StoreEntry] = []

    /// The next requests; nil when all nodes are there.
    mutating func next() -> [StoreRequest]? {
        guard !waiting.isEmpty else { return nil }
        asked = Array(waiting.prefix(Self.nodesMax))
        waiting.removeFirst(asked.count)
        return asked.flatMap { [.directory($0), .read($0), .permissions($0)] }
    }

    /// Takes the replies to the requests asked last.
    mutating func take(_ replies: [StoreReply]) throws(WorldFailure) {
        guard replies.count == 3 * asked.count else {
            throw WorldFailure("the store answered \(replies.count) of \(3 * asked.count) requests")
        }
        for (index, path) in asked.enumerated() {
            try take(path, Array(replies[(3 * index)..<(3 * index + 3)]))
        }
    }

    private mutating func take(
        _ path: StorePath, _ replies: [StoreReply]
    ) throws(WorldFailure) {
        if path != .root, replies.contains(.failure(.noEntry)) { return }
        guard case .children(let names) = replies[0], case .value(let value) = replies[1],
            case .permissions(let permissions) = replies[2]
        else {
            let name = replies.compactMap(\.failure).first?.text ?? "an answer to another question"
            throw WorldFailure("'\(path)' of the store can't be read (\(name))")
        }
        entries.append(StoreEntry(path: path, value: value, permissions: permissions))
        // A name twice would be a server's mistake, and no reason to have no world.
        waiting += Set(names).sorted().compactMap { path.child($0) }
    }

    func engine() throws(WorldFailure) -> StoreEngine {
        do {
            return try StoreEngine(entries: entries)
        } catch {
            throw WorldFailure("'\(error.path)' of the store makes no sense")
        }
    }
}

extension StorePath {
    /// A child with a name as it came; nil when the path would be longer than servers agree on,
    /// as the one of a guest's own node may be.
    fileprivate func child(_ name: String) -> StorePath? {
        guard StorePath.Component(name) != nil else { return nil }
        return StorePath(self == .root ? "/\(name)" : "\(text)/\(name)")
    }
}
