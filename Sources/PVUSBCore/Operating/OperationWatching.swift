internal import USBModel
internal import XenStoreWire

/// Waiting for a change: watches are set, then all is looked at, again after each event.
///
/// Events say that something may have changed, never what: it is looked at and compared.
extension Operation {
    /// Ten years: a wait that only a change or somebody's wish ends.
    private static let endless = 315_360_000_000

    /// What changes when a device, a port or a controller does: libxl's records and ours, and the
    /// backends.
    private static let watches =
        [.root / "libxl", StoreLayout.domain(.zero) / "backend"]
        .map { StepWatch(path: $0) }

    /// What ends the watches, if they were set.
    var watchEnd: [Effect] {
        guard case .awaitChange = command, options.hasStore else { return [] }
        return [.store(Self.watches.map(\.end))]
    }

    mutating func watchBegan(_ answer: Answer?) -> Effect? {
        switch answer {
        case nil: return .store(Self.watches.map(\.begin))
        case .store: phase = .resolving(Survey(.everything, about: command.target))
        default: phase = .ending([], .failed(.misplaced(answer, in: "a watch")))
        }
        return nil
    }

    /// Ends with what was seen, unless it is what was seen before.
    mutating func looked(_ inventory: Inventory) -> Effect? {
        guard case .awaitChange(let before) = command,
            inventory.changes(since: before).isEmpty
        else {
            phase = .ending(watchEnd, .inventory(inventory))
            return nil
        }
        phase = .awaitingChange
        runs += 1
        let timer = Instant.Timer(run: runs, step: -1)
        let end = Instant(timer, milliseconds: Self.endless)
        return .wait(for: options.hasStore ? [.store, .hotplug] : [.hotplug], until: end)
    }
}
