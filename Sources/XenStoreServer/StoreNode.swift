internal import XenStoreWire

/// A node and everything below it.
///
/// Children are an array sorted by name: it copies in O(1), hashes and compares without regard to
/// how it came about, and a change copies only the arrays on the way to the changed node.
struct StoreNode: Hashable, Sendable {
    let name: String
    var value: [UInt8] = []
    /// Never empty: the first entry names the owner.
    var permissions: [StorePermission]
    var generation: UInt64
    var children: [StoreNode] = []

    /// The place of a child, or the one where it belongs.
    func search(_ name: String) -> (index: Int, found: Bool) {
        if let last = children.last, last.name < name { return (children.count, false) }
        var low = 0
        var high = children.count
        while low < high {
            let middle = (low + high) / 2
            if children[middle].name < name { low = middle + 1 } else { high = middle }
        }
        return (low, low < children.count && children[low].name == name)
    }

    func descendant(_ names: some Sequence<String>) -> StoreNode? {
        var node = self
        for name in names {
            let (index, found) = node.search(name)
            guard found else { return nil }
            node = node.children[index]
        }
        return node
    }

    /// Changes one node in place; tells whether it exists.
    @discardableResult
    mutating func update(_ names: ArraySlice<String>, _ body: (inout StoreNode) -> Void) -> Bool {
        guard let name = names.first else {
            body(&self)
            return true
        }
        let (index, found) = search(name)
        return found && children[index].update(names.dropFirst(), body)
    }

    /// Changes one node in place, and creates it and its parents where they are missing.
    ///
    /// A new node takes over its parent's permission list; a creator other than domain 0 becomes
    /// its owner (C xenstored, `construct_node`).
    mutating func put(
        _ names: ArraySlice<String>, as domain: UInt16, _ generation: UInt64,
        _ body: (inout StoreNode) -> Void
    ) {
        guard let name = names.first else {
            self.generation = generation
            body(&self)
            return
        }
        let (index, found) = search(name)
        if !found {
            self.generation = generation
            let node = StoreNode(
                name: name, permissions: permissions.inherited(by: domain), generation: generation)
            children.insert(node, at: index)
        }
        children[index].put(names.dropFirst(), as: domain, generation, body)
    }

    /// Calls a function with every node from this one down and its path, parents first.
    func forEach(at path: StorePath, _ body: (StorePath, StoreNode) -> Void) {
        body(path, self)
        for child in children {
            guard let name = StorePath.Component(child.name) else { continue }
            child.forEach(at: path / name, body)
        }
    }

    /// The node with the generation 0 everywhere, or the greatest where the node of another tree
    /// is not the same any more; nil when that changes nothing, so that copies stay shared.
    func resettingGenerations(comparing current: StoreNode?) -> StoreNode? {
        let reset: UInt64 = current?.generation == generation ? 0 : .max
        var isChanged = reset != generation
        var copy = self
        copy.generation = reset
        for (index, child) in children.enumerated() {
            let other = current?.descendant(CollectionOfOne(child.name))
            guard let new = child.resettingGenerations(comparing: other) else { continue }
            copy.children[index] = new
            isChanged = true
        }
        return isChanged ? copy : nil
    }
}

/// What a request needs to be allowed to do with a node.
enum StoreRight {
    case read, write, own
}

extension [StorePermission] {
    /// Tells whether a domain has a right (C xenstored, `perm_for_conn`): domain 0 and the owner
    /// have all, a listed domain what its first entry says, any other one what the owner's says.
    func allow(_ right: StoreRight, _ domain: UInt16) -> Bool {
        if domain == 0 || first?.domain == domain { return true }
        let entry = dropFirst().first { $0.domain == domain } ?? first
        return switch right {
        case .read: entry?.access.reads ?? false
        case .write: entry?.access.writes ?? false
        case .own: false
        }
    }

    func inherited(by domain: UInt16) -> [StorePermission] {
        guard domain != 0, let first, first.domain != domain else { return self }
        return [StorePermission(first.access, domain)] + dropFirst()
    }
}
