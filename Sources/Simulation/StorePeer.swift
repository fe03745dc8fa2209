internal import HostUSB
public import XenStore
internal import XenStoreServer
internal import XenStoreWire

/// Plays the kernel, the backends and the guests of a world file on a store elsewhere, such as a
/// real xenstored.
///
/// The store says what the toolstack wants; the world says what the guests and the drivers are
/// like. Each step reads both ends of the guests' controllers into the world, lets everybody do
/// the next thing they would do by themselves, and writes what that changed back, in one
/// transaction: whoever changes something meanwhile makes it start again. Only the guests of the
/// world are played; the domains of others on the same store are left alone.
///
/// It lives on one thread.
public final class StorePeer {
    let store: any Store
    let world: WorldFile
    private let pause: (Int) -> Void

    /// Makes a player.
    ///
    /// - Parameter pause: waits between two tries of a transaction, about so many milliseconds.
    public init(
        on store: any Store, world: WorldFile, pause: @escaping (Int) -> Void = { _ in }
    ) {
        self.store = store
        self.world = world
        self.pause = pause
    }

    /// Lets every backend and every guest do the next thing it would do by itself.
    ///
    /// The world file stays locked meanwhile, so nobody sees a port table that is newer or older
    /// than the controllers it belongs to.
    ///
    /// - Returns: whether anybody did anything; false means that all is quiet.
    public func step() throws(StorePeerFailure) -> Bool {
        try updating { world throws(StoreFailure) in
            var played = world
            var isBusy = false
            let replies = try store.transaction(pause: pause) { () throws(StoreFailure) in
                let before = try store.nodes(below: world.playedRoots)
                played = world
                try played.take(before)
                isBusy = played.react()
                return before.changes(to: played.nodes(below: world.playedRoots))
            }
            try replies.expectDone()
            world = played
            return isBusy
        }
    }

    /// Lets them go on until all is quiet.
    public func settle() throws(StorePeerFailure) {
        while try step() {}
    }

    /// Does something to the world that needs the store.
    func updating<Value>(
        _ body: (inout World) throws(StoreFailure) -> Value
    ) throws(StorePeerFailure) -> Value {
        let result: Result<Value, StoreFailure>
        do {
            result = try world.attempt(body)
        } catch {
            throw .world(error)
        }
        do {
            return try result.get()
        } catch {
            throw .store(error)
        }
    }

    /// Changes the store in one transaction, which the body decides on what it reads.
    func change(
        _ body: () throws(StoreFailure) -> [StoreRequest]?
    ) throws(StoreFailure) {
        try store.transaction(pause: pause, body).expectDone()
    }
}

/// Why a world can't be played on a store.
public enum StorePeerFailure: Error, Hashable, Sendable {
    /// The store could not be asked, or refused what can't be done without.
    case store(StoreFailure)
    /// The world file can't be used.
    case world(WorldFailure)
    /// The store is not one to play on; a sentence without its full stop.
    case unsuitable(String)

    /// What went wrong, as a sentence without its full stop; a file's lacks its subject.
    public var message: String {
        switch self {
        case .store(let failure): failure.message
        case .world(let failure): failure.message
        case .unsuitable(let message): message
        }
    }
}

extension World {
    fileprivate mutating func take(_ nodes: [StoreEntry]) throws(StoreFailure) {
        do {
            try mirror(nodes)
        } catch {
            throw StoreFailure(.malformed, "xenstored's node \(error.path) makes no sense")
        }
    }
}

extension [StoreReply] {
    fileprivate func expectDone() throws(StoreFailure) {
        guard let refusal = lazy.compactMap(\.failure).first else { return }
        throw StoreFailure(.refused, "xenstored refused a write (\(refusal.text))")
    }
}
