public import HostUSB
internal import USBModel
public import XenStore
internal import XenStoreWire

extension StorePeer {
    /// Moves the guests in and plays until somebody asks to stop.
    ///
    /// It learns of changes by watches; whatever else shall make it look again is registered with
    /// the clock for `.hotplug`, and emptied by `drain`. Time is never spent but in the clock.
    ///
    /// - Parameters:
    ///   - client: the store, as one whose events can be waited for.
    ///   - drain: reads the descriptors for `.hotplug` empty.
    ///   - begin: called when the guests have moved in.
    ///   - isOver: asked whenever all is quiet, as is the clock's stop request.
    public static func play(
        _ world: WorldFile, on client: StoreClient, clock: SystemClock,
        drain: () -> Void = {}, begin: () -> Void = {}, isOver: () -> Bool = { false }
    ) throws(StorePeerFailure) {
        let peer = StorePeer(on: client, world: world, pause: client.pause)
        try peer.moveIn()
        begin()
        var watched: Set<UInt16> = []
        while true {
            try peer.watch(&watched)
            try peer.settle()
            if isOver() || clock.stopRequested {
                // A server sends the events of what it has done before it answers again.
                try client.ask()
                if try client.hasEvents() { continue }
                return
            }
            // What came between the replies woke nobody.
            if try client.hasEvents() { continue }
            try clock.wait(forEventsOf: client)
            _ = try client.hasEvents()
            drain()
        }
    }

    /// Watches the controllers of guests that it does not watch yet.
    private func watch(_ watched: inout Set<UInt16>) throws(StorePeerFailure) {
        let guests = try updating { $0.guests.map(\.domain) }
        for guest in guests where watched.insert(guest).inserted {
            let paths = SimulatedController.backends(of: guest) + [.frontends(of: guest)]
            do throws(StoreFailure) {
                let replies = try store.perform(paths.map { .watch($0, token: "peer") })
                guard replies.allSatisfy({ $0 == .done }) else {
                    throw StoreFailure(.refused, "domain \(guest) can't be watched")
                }
            } catch {
                throw .store(error)
            }
        }
    }
}

extension StoreClient {
    /// Asks for something of no interest, and waits for the answer.
    fileprivate func ask() throws(StorePeerFailure) {
        do {
            _ = try perform([.directory(.root)])
        } catch {
            throw .store(error)
        }
    }

    /// Takes the events that have come, and tells whether there were any.
    fileprivate func hasEvents() throws(StorePeerFailure) -> Bool {
        do {
            return try !takeEvents().isEmpty
        } catch {
            throw .store(error)
        }
    }
}

extension SystemClock {
    /// Waits for events of a store, or for what else is registered.
    fileprivate func wait(forEventsOf client: StoreClient) throws(StorePeerFailure) {
        guard let descriptor = client.descriptor else { return }
        do {
            try register(descriptor: descriptor, for: .store)
        } catch {
            throw .world(WorldFailure("nothing can be waited for (\(error))"))
        }
        defer { unregister(descriptor: descriptor) }
        _ = wait(for: [.store, .hotplug], until: .max)
    }
}
