public import XenStoreServer
public import XenStoreWire

/// A world's parts, for whoever keeps many worlds that differ little.
extension World {
    /// A client of the world's store.
    public typealias Connection = ConnectionID
    /// The world's store, with its connections.
    public typealias Engine = StoreEngine

    /// The world without what its store, its USB devices and its locks say.
    public var remainder: World {
        var rest = self
        rest.store = StoreEngine()
        rest.usb = SimulatedUSB(devices: [], drivers: [])
        rest.locks = [:]
        return rest
    }

    /// The names of a node's children, sorted; none when there is no such node.
    public func children(of path: StorePath) -> [String] {
        store.children(of: path) ?? []
    }

    /// Every node as a line: path, owner and rights, value.
    public var storeLines: [String] {
        store.entries.map { entry in
            let rights = entry.permissions.map { "\($0.access)\($0.domain)" }
            let value = String(decoding: entry.value, as: UTF8.self)
            return "\(entry.path) \(rights.joined(separator: ",")) \(value)"
        }
    }

    /// Drops the events that wait for clients of the store, who look anyway.
    public mutating func forgetEvents() {
        store.forgetEvents()
    }

    /// Performs requests with a guest's rights.
    ///
    /// - Returns: the replies, one a request; a domain that is gone is refused all.
    @discardableResult
    public mutating func perform(
        _ batch: [StoreRequest], asGuest domain: UInt16
    ) -> [StoreReply] {
        let guest = store.connect(domain: domain)
        defer { store.disconnect(guest) }
        return store.perform(batch, from: guest)
    }
}
