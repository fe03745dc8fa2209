internal import HostUSB
internal import XenStore

extension SimulatedUSBHost {
    /// Opens a world file and the xenstored of `XENSTORED_PATH`, with the locks of `PVUSB_RUNDIR`.
    ///
    /// The host's own xenstored is refused: its guests are real, and must not meet devices and
    /// drivers that are made up.
    ///
    /// - Parameter environment: looks a variable of the environment up.
    public convenience init(
        file path: String, timeoutMilliseconds: Int = 10_000, environment: (String) -> String?
    ) throws(StorePeerFailure) {
        guard let socket = environment("XENSTORED_PATH"), !socket.isEmpty else {
            throw .unsuitable("XENSTORED_PATH names no xenstored")
        }
        guard !StoreAddress.candidates(environment: { _ in nil }).contains(socket) else {
            throw .unsuitable("\(socket) is the xenstored of this host, whose guests are real")
        }
        guard let address = StoreAddress(existing: socket) else {
            throw .store(StoreFailure(.unreachable, "there is no xenstored at \(socket)"))
        }
        let locks = environment("PVUSB_RUNDIR").flatMap { $0.isEmpty ? nil : $0 }
        do {
            try self.init(
                file: path, store: address, lockDirectory: locks,
                timeoutMilliseconds: timeoutMilliseconds)
        } catch {
            throw .world(error)
        }
    }

    /// Where the store is.
    public var place: String { store.address.path }

    /// Plays the world on the store until somebody asks this process to stop.
    ///
    /// - Parameter begin: called with the guests' domids when they have moved in.
    public func play(begin: ([UInt16]) -> Void) throws(StorePeerFailure) {
        let (guests, changes) = (try guests(), try watchedChanges())
        bear(guests)
        defer { clock.unregister(descriptor: changes.descriptor) }
        try StorePeer.play(
            world, on: store, clock: clock, drain: changes.drain, begin: { begin(guests) })
    }

    private func guests() throws(StorePeerFailure) -> [UInt16] {
        do {
            return try world.look { $0.guests.map(\.domain) }
        } catch {
            throw .world(error)
        }
    }

    /// Wakes the clock when another process changes the world.
    private func watchedChanges() throws(StorePeerFailure) -> any ChangeSource {
        do {
            let changes = try fileChanges()
            try clock.register(descriptor: changes.descriptor, for: .hotplug)
            return changes
        } catch {
            throw .world(WorldFailure("its folder can't be watched (\(error))"))
        }
    }

    /// Lets the guests live as far as a server of `scripts/real-xenstored` knows.
    ///
    /// Each has a file in the folder `dom` beside the socket (docs/real-xenstored.md); where there
    /// is no such folder, there is nothing to do.
    private func bear(_ guests: [UInt16]) {
        let files = SystemFiles()
        let folder =
            store.address.path.split(separator: "/", omittingEmptySubsequences: false)
            .dropLast().joined(separator: "/") + "/dom"
        guard let names = try? files.list(folder) else { return }
        for guest in guests where !names.contains("\(guest)") {
            try? files.replace("\(folder)/\(guest)", with: [])
        }
    }
}
