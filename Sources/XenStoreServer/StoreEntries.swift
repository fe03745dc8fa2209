public import XenStoreWire

/// One node of a store as a document holds it.
public struct StoreEntry: Hashable, Sendable {
    /// Where the node is.
    public var path: StorePath
    /// The node's value.
    public var value: [UInt8]
    /// The node's permission list; not empty.
    public var permissions: [StorePermission]
    /// The number of the node's last change.
    public var generation: UInt64

    /// Makes an entry; by default one that only domain 0 may touch and that never changed.
    public init(
        path: StorePath, value: [UInt8] = [],
        permissions: [StorePermission] = [StorePermission(.none, 0)], generation: UInt64 = 0
    ) {
        self.path = path
        self.value = value
        self.permissions = permissions
        self.generation = generation
    }
}

/// Why entries are no store.
public struct StoreEntriesError: Error, Hashable, Sendable {
    /// The kind of the mistake; more may be added.
    public struct Reason: Hashable, Sendable {
        private enum Kind: Hashable, Sendable {
            case missingParent, duplicate, badPermissions, badGeneration
        }

        private let kind: Kind

        /// The node's parent is not among the entries, or the path is the root and is missing.
        public static let missingParent = Reason(kind: .missingParent)
        /// Two entries have the path.
        public static let duplicate = Reason(kind: .duplicate)
        /// The permission list is empty or has a reserved domid.
        public static let badPermissions = Reason(kind: .badPermissions)
        /// The generation is greater than the store's counter, or the counter is above 2⁶³.
        public static let badGeneration = Reason(kind: .badGeneration)
    }

    /// The path the mistake is at.
    public let path: StorePath
    /// The kind of the mistake.
    public let reason: Reason
}

extension StoreEngine {
    /// All nodes, sorted by path, the root first; connections, transactions and watches are not
    /// part of them.
    public var entries: [StoreEntry] {
        var entries: [StoreEntry] = []
        tree.root.forEach(at: .root) { path, node in
            entries.append(
                StoreEntry(
                    path: path, value: node.value, permissions: node.permissions,
                    generation: node.generation))
        }
        return entries.sorted { $0.path < $1.path }
    }

    /// Makes a store without connections from all its nodes, in any order, and its counter.
    ///
    /// Without a counter it is the greatest generation among the entries.
    ///
    /// - Throws: ``StoreEntriesError`` with the first bad path in the order of paths.
    public init(entries: [StoreEntry], generation: UInt64? = nil) throws(StoreEntriesError) {
        let sorted = entries.sorted { $0.path < $1.path }
        let counter = generation ?? sorted.map(\.generation).max() ?? 0
        guard let root = sorted.first, root.path == .root else {
            throw StoreEntriesError(path: .root, reason: .missingParent)
        }
        guard counter <= 1 << 63 else {
            throw StoreEntriesError(path: .root, reason: .badGeneration)
        }
        try root.check(counter)
        var tree = StoreTree(root: root.node, generation: counter)
        for entry in sorted.dropFirst() {
            try entry.check(counter)
            try tree.insert(entry)
        }
        self.init(tree: tree)
    }
}

extension StoreEntry {
    fileprivate var node: StoreNode {
        StoreNode(
            name: path.lastComponent, value: value, permissions: permissions,
            generation: generation)
    }

    fileprivate func check(_ counter: UInt64) throws(StoreEntriesError) {
        let domainsAreGood = permissions.allSatisfy { $0.domain <= StorePermission.domainMax }
        guard !permissions.isEmpty, domainsAreGood else {
            throw StoreEntriesError(path: path, reason: .badPermissions)
        }
        guard generation <= counter else {
            throw StoreEntriesError(path: path, reason: .badGeneration)
        }
    }
}

extension StoreTree {
    fileprivate mutating func insert(_ entry: StoreEntry) throws(StoreEntriesError) {
        let node = entry.node
        var isDuplicate = entry.path == .root
        let hasParent = root.update(entry.path.components.dropLast()) { parent in
            let (index, found) = parent.search(node.name)
            isDuplicate = isDuplicate || found
            if !isDuplicate { parent.children.insert(node, at: index) }
        }
        guard !isDuplicate else { throw StoreEntriesError(path: entry.path, reason: .duplicate) }
        guard hasParent else { throw StoreEntriesError(path: entry.path, reason: .missingParent) }
    }
}
