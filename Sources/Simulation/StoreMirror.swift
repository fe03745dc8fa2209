internal import XenStore
internal import XenStoreServer
internal import XenStoreWire

extension World {
    /// The nodes that the reactions look at and change: both ends of the guests' controllers.
    var playedRoots: [StorePath] {
        guests.flatMap { guest in
            SimulatedController.backends(of: guest.domain) + [.frontends(of: guest.domain)]
        }
    }

    /// The nodes at and below some paths, sorted by path.
    func nodes(below roots: [StorePath]) -> [StoreEntry] {
        store.entries.filter { entry in roots.contains { $0.contains(entry.path) } }
    }

    /// Takes over another store's nodes of all controllers, and drops all others of its own.
    ///
    /// - Parameter nodes: what is at and below ``playedRoots`` there.
    mutating func mirror(_ nodes: [StoreEntry]) throws(StoreEntriesError) {
        let all = SimulatedController.Backend.allCases.map { SimulatedController.allBackends($0) }
        let roots = playedRoots + all
        let rest = store.entries.filter { entry in
            !roots.contains { $0.contains(entry.path) }
        }
        store.adopt(nodesOf: try StoreEngine(entries: (rest + nodes).withParents))
    }
}

extension SimulatedController {
    /// The directories of a guest's backends.
    static func backends(of domain: UInt16) -> [StorePath] {
        Backend.allCases.map { allBackends($0) / StorePath.Component(UInt(domain)) }
    }
}

extension StorePath {
    /// The directory of a guest's frontends.
    static func frontends(of domain: UInt16) -> StorePath {
        guest(domain) / "device" / "vusb"
    }

    /// A guest's directory.
    static func guest(_ domain: UInt16) -> StorePath {
        .root / "local" / "domain" / StorePath.Component(UInt(domain))
    }
}

extension [StoreEntry] {
    /// The nodes with the parents that are not among them, which only domain 0 may touch.
    fileprivate var withParents: [StoreEntry] {
        var known = Set(map(\.path))
        var parents: [StoreEntry] = []
        for entry in self {
            var path = entry.path.parent
            while let missing = path, known.insert(missing).inserted {
                parents.append(StoreEntry(path: missing))
                path = missing.parent
            }
        }
        return self + parents
    }

    /// The requests that make these nodes of those: what is as it was is left alone.
    ///
    /// A new node takes its parent's permissions, as with the guest's own write: domain 0 need not
    /// set any, which C xenstored would refuse for a domain it does not know.
    func changes(to others: [StoreEntry]) -> [StoreRequest] {
        let gone = Set(map(\.path)).subtracting(others.map(\.path))
        let removals = map(\.path).filter { path in
            gone.contains(path) && !(path.parent.map { gone.contains($0) } ?? false)
        }
        let known = Dictionary(map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        return removals.map { .remove($0) } + others.flatMap { $0.changes(from: known[$0.path]) }
    }
}

extension StoreEntry {
    fileprivate func changes(from old: StoreEntry?) -> [StoreRequest] {
        guard let old else { return [.write(path, value)] }
        let write: [StoreRequest] = old.value == value ? [] : [.write(path, value)]
        guard old.permissions != permissions else { return write }
        return write + [.setPermissions(path, permissions)]
    }
}

extension Store {
    /// The nodes at and below some paths as they are now, sorted by path; a wave a level.
    ///
    /// In a transaction it is the commit that tells whether they belong together.
    func nodes(below roots: [StorePath]) throws(StoreFailure) -> [StoreEntry] {
        var entries: [StoreEntry] = []
        var wave = roots
        while !wave.isEmpty {
            let replies = try perform(
                wave.flatMap { [.directory($0), .read($0), .permissions($0)] })
            guard replies.count == 3 * wave.count else {
                throw StoreFailure(.malformed, "xenstored answered other than it was asked")
            }
            var next: [StorePath] = []
            for (index, path) in wave.enumerated() {
                // Whatever went away meanwhile is not there.
                guard case .children(let names) = replies[3 * index],
                    case .value(let value) = replies[3 * index + 1],
                    case .permissions(let list) = replies[3 * index + 2]
                else { continue }
                entries.append(StoreEntry(path: path, value: value, permissions: list))
                next += names.compactMap { StorePath.Component($0) }.map { path / $0 }
            }
            wave = next
        }
        return entries.sorted { $0.path < $1.path }
    }
}
