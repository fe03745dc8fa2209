public import USBModel
public import XenStoreServer
public import XenStoreWire

/// The effects of a process on a world: what stands behind the seams, as a value.
extension World {
    /// Opens a connection to the store for a process in domain 0.
    public mutating func connect() -> ConnectionID {
        store.connect(domain: 0)
    }

    /// Performs a batch on the store.
    public mutating func perform(
        _ batch: [StoreRequest], from connection: ConnectionID
    ) -> [StoreReply] {
        store.perform(batch, from: connection)
    }

    /// Performs requests on the files, in order.
    public mutating func perform(_ requests: [FileRequest]) -> [FileReply] {
        requests.map { perform($0) }
    }

    private mutating func perform(_ request: FileRequest) -> FileReply {
        do throws(FileErrno) {
            switch request {
            case .list(let path): return .names(try list(path))
            case .read(let path): return .bytes(try read(path))
            case .readLink(let path): return .link(try readLink(path))
            case .write(let path, let text): try write(text, to: path)
            case .replace(let path, let bytes): try replace(path, with: bytes)
            }
            return .done
        } catch {
            return .failure(error)
        }
    }

    /// Takes a lock for a process, or only looks at it.
    ///
    /// - Returns: the other process that has it; nil when the lock is this process's, or free.
    public mutating func lock(_ name: String, for process: Int32, isTest: Bool) -> Int32? {
        if let holder = locks[name], holder != process { return holder }
        if !isTest { locks[name] = process }
        return nil
    }

    /// Gives a lock of a process's back.
    public mutating func unlock(_ name: String, of process: Int32) {
        if locks[name] == process { locks[name] = nil }
    }

    /// Numbers all nodes of the store anew, so that worlds that differ in their past only are equal.
    public mutating func forgetHistory() {
        store.resetGenerations()
    }

    /// The paths of all nodes of the store, sorted.
    public var storePaths: [StorePath] { store.entries.map(\.path) }

    /// What becomes of the world when a process dies: its locks and its connection are gone.
    public mutating func bury(_ process: Int32, _ connection: ConnectionID) {
        locks = locks.filter { $0.value != process }
        store.disconnect(connection)
    }
}
