internal import XenStoreWire

extension StoreEngine {
    /// Takes over the nodes of another store that numbers its changes by itself, or not at all, as
    /// one read from a file does; connections, transactions and watches stay.
    ///
    /// Nodes that are as they were keep their numbers, all others count as changed now: an open
    /// transaction that touched one of them conflicts when it commits.
    public mutating func adopt(nodesOf other: StoreEngine) {
        let next = generation + 1
        guard let root = other.root.renumbered(like: self.root, otherwise: next) else { return }
        adopt(StoreEngine(tree: StoreTree(root: root, generation: next)))
    }

    private var root: StoreNode { tree.root }
}

extension StoreNode {
    /// This node numbered like its counterpart where they agree; nil when they agree throughout.
    fileprivate func renumbered(like other: StoreNode?, otherwise next: UInt64) -> StoreNode? {
        guard let other else { return numbered(next) }
        if hasContents(of: other), children == other.children { return nil }
        var copy = self
        let isSame = hasContents(of: other) && children.map(\.name) == other.children.map(\.name)
        copy.generation = isSame ? other.generation : next
        var isChanged = !isSame
        for (index, child) in children.enumerated() {
            let counterpart = other.descendant(CollectionOfOne(child.name))
            if let changed = child.renumbered(like: counterpart, otherwise: next) {
                copy.children[index] = changed
                isChanged = true
            } else if let counterpart {
                copy.children[index] = counterpart
            }
        }
        return isChanged ? copy : nil
    }

    private func hasContents(of other: StoreNode) -> Bool {
        value == other.value && permissions == other.permissions
    }

    private func numbered(_ generation: UInt64) -> StoreNode {
        var copy = self
        copy.generation = generation
        copy.children = children.map { $0.numbered(generation) }
        return copy
    }
}
