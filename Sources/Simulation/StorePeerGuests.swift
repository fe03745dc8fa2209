internal import XenStore
internal import XenStoreServer
internal import XenStoreWire

extension StorePeer {
    /// Creates the guests that are not in the store yet, as the world's own store has them.
    ///
    /// A store that none of them is in is that of a host that has just started: it is given
    /// whatever else the world's store has as well, where it has nothing there itself. C xenstored
    /// refuses the nodes of a domain that it does not know (ENOENT).
    public func moveIn() throws(StorePeerFailure) {
        try updating { world throws(StoreFailure) in
            let guests = world.guests.map(\.domain)
            let present = try store.existing(guests.map { .guest($0) })
            if present.isEmpty { try add(world.hostNodes) }
            try introduce(guests.filter { !present.contains(.guest($0)) })
            for guest in guests where !present.contains(.guest(guest)) {
                try add(world.nodes(below: .parts(ofGuest: guest)))
            }
        }
    }

    /// Makes new domains known to the server; one that does without, or will not, is let be.
    private func introduce(_ domains: [UInt16]) throws(StoreFailure) {
        guard !domains.isEmpty else { return }
        _ = try store.perform(domains.map { .introduce($0) })
    }

    /// Creates the nodes that are missing; the others stay as they are.
    private func add(_ nodes: [StoreEntry]) throws(StoreFailure) {
        try change { () throws(StoreFailure) in
            let present = try store.existing(nodes.map(\.path))
            return nodes.filter { !present.contains($0.path) }.flatMap { node in
                [.write(node.path, node.value), .setPermissions(node.path, node.permissions)]
            }
        }
    }
}

extension World {
    /// The nodes that belong to no guest, without the server's own.
    fileprivate var hostNodes: [StoreEntry] {
        let others = guests.flatMap { [StorePath].parts(ofGuest: $0.domain) } + [.root / "tool"]
        return store.entries.filter { entry in
            !others.contains { $0.contains(entry.path) }
        }
    }
}

extension [StorePath] {
    /// The directories that are a guest's alone.
    fileprivate static func parts(ofGuest domain: UInt16) -> [StorePath] {
        let libxl = StorePath.root / "libxl" / StorePath.Component(UInt(domain))
        let offer = StorePath.root / "local" / "domain" / "0" / "device-model"
        return [.guest(domain), libxl, offer / StorePath.Component(UInt(domain))]
            + SimulatedController.backends(of: domain)
    }
}

extension Store {
    /// The paths that there is a node at.
    fileprivate func existing(_ paths: [StorePath]) throws(StoreFailure) -> Set<StorePath> {
        let replies = try perform(paths.map { .read($0) })
        return Set(zip(paths, replies).filter { $0.1.failure != .noEntry }.map(\.0))
    }
}
