internal import XenStoreWire

/// A change that watches may hear of.
struct StoreChange {
    let path: StorePath
    /// The permission lists, old and new, of the node and its parent: who may read by one of them
    /// gets the event (XSA-115; C xenstored, `watch_permitted`).
    let readableBy: [[StorePermission]]
    /// What was removed at the path.
    var removed: StoreNode?
}

/// All nodes and the counter that numbers their changes: what a transaction takes a copy of.
struct StoreTree: Hashable, Sendable {
    var root: StoreNode
    var generation: UInt64 = 0

    /// What C xenstored starts with.
    static let initial: StoreTree = {
        let list = [StorePermission(.none, 0)]
        let server = StoreNode(name: "xenstored", permissions: list, generation: 0)
        let tool = StoreNode(name: "tool", permissions: list, generation: 0, children: [server])
        return StoreTree(
            root: StoreNode(name: "", permissions: list, generation: 0, children: [tool]))
    }()

    func node(at path: StorePath) -> StoreNode? {
        root.descendant(path.components)
    }

    mutating func resetGenerations(comparing current: StoreTree) {
        root = root.resettingGenerations(comparing: current.root) ?? root
        generation = 0
    }

    /// Carries out a request about a node and notes what watches have to hear.
    mutating func perform(
        _ request: StoreRequest, as domain: UInt16, _ changes: inout [StoreChange]
    ) -> StoreReply {
        guard let path = request.path else { return .failure(.invalid) }
        guard request.payloadCount <= Message.payloadMax else { return .failure(.tooBig) }
        let place = place(of: path)
        switch request {
        case .directory:
            return place.reply(domain) { .children($0.children.map(\.name)) }
        case .read:
            return place.reply(domain) { .value($0.value) }
        case .permissions:
            return place.reply(domain) { .permissions($0.permissions) }
        case .write(_, let value):
            return put(place, domain, value: value, &changes)
        case .makeDirectory:
            return put(place, domain, value: nil, &changes)
        case .remove:
            return remove(place, domain, &changes)
        case .setPermissions(_, let list):
            return setPermissions(place, domain, list, &changes)
        case .watch, .unwatch, .introduce, .begin, .commit, .abort:
            return .failure(.invalid)
        }
    }

    /// Every node a request looks at or changes, as C xenstored counts: the node; where it is
    /// missing, also its parents up to one that exists; where it is removed, also its parent and
    /// everything below it.
    func accesses(of request: StoreRequest) -> [StorePath] {
        guard let path = request.path else { return [] }
        let place = place(of: path)
        guard let node = place.node else {
            return sequence(first: path, next: \.parent).prefix(place.missing + 1).map(\.self)
        }
        guard case .remove = request else { return [path] }
        var paths = path.parent.map { [$0] } ?? []
        node.forEach(at: path) { below, _ in paths.append(below) }
        return paths
    }
}

extension StoreTree {
    /// What there is at a path.
    struct Place {
        let path: StorePath
        let names: [String]
        let node: StoreNode?
        /// How many nodes of the path do not exist.
        let missing: Int
        /// The permission list of the nearest node above; the root's own for the root.
        let above: [StorePermission]

        /// The name under which a domain is refused; nil when it may go on.
        ///
        /// Who may not do it to the nearest node that exists does not learn what exists (C
        /// xenstored, `errno_from_parents`).
        func refusal(of right: StoreRight, to domain: UInt16) -> StoreErrorName? {
            guard let node else { return above.allow(right, domain) ? .noEntry : .accessDenied }
            return node.permissions.allow(right, domain) ? nil : .accessDenied
        }

        func reply(_ domain: UInt16, _ body: (StoreNode) -> StoreReply) -> StoreReply {
            guard let node, node.permissions.allow(.read, domain) else {
                return .failure(refusal(of: .read, to: domain) ?? .noEntry)
            }
            return body(node)
        }
    }

    func place(of path: StorePath) -> Place {
        let names = path.components
        var node = root
        var above = root.permissions
        for (depth, name) in names.enumerated() {
            above = node.permissions
            let (index, found) = node.search(name)
            guard found else {
                return Place(
                    path: path, names: names, node: nil, missing: names.count - depth, above: above)
            }
            node = node.children[index]
        }
        return Place(path: path, names: names, node: node, missing: 0, above: above)
    }

    /// Writes a value, or with nil only makes sure that the node exists.
    private mutating func put(
        _ place: Place, _ domain: UInt16, value: [UInt8]?, _ changes: inout [StoreChange]
    ) -> StoreReply {
        let refusal = place.refusal(of: .write, to: domain)
        guard refusal == nil || refusal == .noEntry else { return .failure(.accessDenied) }
        if place.node != nil, value == nil { return .done }
        generation += 1
        root.put(place.names[...], as: domain, generation) { $0.value = value ?? [] }
        let list = place.node?.permissions ?? place.above.inherited(by: domain)
        changes.append(StoreChange(path: place.path, readableBy: [list, place.above]))
        return .done
    }

    private mutating func remove(
        _ place: Place, _ domain: UInt16, _ changes: inout [StoreChange]
    ) -> StoreReply {
        switch place.refusal(of: .write, to: domain) {
        case .noEntry? where place.missing == 1: return .done
        case let name?: return .failure(name)
        case nil: break
        }
        guard let node = place.node, place.path != .root else { return .failure(.invalid) }
        generation += 1
        root.update(place.names.dropLast()) { [generation] parent in
            parent.children.remove(at: parent.search(node.name).index)
            parent.generation = generation
        }
        changes.append(
            StoreChange(
                path: place.path, readableBy: [node.permissions, place.above], removed: node))
        return .done
    }

    private mutating func setPermissions(
        _ place: Place, _ domain: UInt16, _ list: [StorePermission], _ changes: inout [StoreChange]
    ) -> StoreReply {
        guard let owner = list.first?.domain,
            list.allSatisfy({ $0.domain <= StorePermission.domainMax })
        else { return .failure(.invalid) }
        if let name = place.refusal(of: .own, to: domain) { return .failure(name) }
        guard let old = place.node?.permissions else { return .failure(.noEntry) }
        guard domain == 0 || owner == old.first?.domain else { return .failure(.notPermitted) }
        generation += 1
        root.update(place.names[...]) { [generation] node in
            node.permissions = list
            node.generation = generation
        }
        changes.append(StoreChange(path: place.path, readableBy: [old, list, place.above]))
        return .done
    }
}

extension StoreTree {
    /// Removes what a dead domain owns, with everything below, and its entries in other lists.
    ///
    /// So does C xenstored from 4.17 (XSA-419). The root stays and becomes domain 0's.
    mutating func release(_ domain: UInt16) -> [StoreChange] {
        guard root.mentions(domain) else { return [] }
        generation += 1
        var changes: [StoreChange] = []
        if let first = root.permissions.first, first.domain == domain {
            root.permissions[0] = StorePermission(first.access, 0)
            root.generation = generation
        }
        root.release(domain, generation, at: .root, &changes)
        return changes
    }
}

extension StoreNode {
    fileprivate func mentions(_ domain: UInt16) -> Bool {
        permissions.contains { $0.domain == domain } || children.contains { $0.mentions(domain) }
    }

    fileprivate mutating func release(
        _ domain: UInt16, _ generation: UInt64, at path: StorePath, _ changes: inout [StoreChange]
    ) {
        let kept = permissions.prefix(1) + permissions.dropFirst().filter { $0.domain != domain }
        if kept.count < permissions.count {
            permissions = Array(kept)
            self.generation = generation
        }
        for index in children.indices.reversed() {
            let child = children[index]
            guard let name = StorePath.Component(child.name) else { continue }
            guard child.permissions.first?.domain == domain else {
                children[index].release(domain, generation, at: path / name, &changes)
                continue
            }
            children.remove(at: index)
            self.generation = generation
            changes.append(
                StoreChange(
                    path: path / name, readableBy: [child.permissions, permissions], removed: child)
            )
        }
    }
}
