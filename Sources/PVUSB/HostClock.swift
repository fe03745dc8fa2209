package import HostUSB
internal import PVUSBCore
package import XenStore

/// The time of a host with a store: a wait for the store ends with its watch events, one for
/// hotplug with a change of the USB devices.
package final class HostClock: Clock {
    private let clock: SystemClock
    private let store: WatchedStore?
    private let openHotplug: () throws(FileErrno) -> any ChangeSource
    private var hotplug: (any ChangeSource)?

    /// Makes a clock.
    ///
    /// - Parameter hotplug: opens what tells of changes of the USB devices, when first asked for.
    package init(
        _ clock: SystemClock, store: WatchedStore?,
        hotplug: @escaping () throws(FileErrno) -> any ChangeSource
    ) {
        self.clock = clock
        self.store = store
        openHotplug = hotplug
    }

    /// Nanoseconds of the monotonic clock.
    package var now: UInt64 { clock.now }
    /// Tells whether somebody asked this process to stop.
    package var stopRequested: Bool { clock.stopRequested }

    /// Blocks until a source may have changed, until the deadline, or until a stop signal.
    package func wait(for sources: WakeSources, until deadline: UInt64) -> WakeReason {
        if sources.contains(.hotplug), hotplug == nil, beginHotplug() { return .woken }
        guard sources.contains(.store), let store, let descriptor = store.descriptor else {
            store?.drain()
            return drained(clock.wait(for: sources, until: deadline))
        }
        // Events that came with the replies to earlier requests are changes too; and after a
        // failure whoever waited looks again, and the next request connects anew.
        guard let events = try? store.takeEvents(), events.isEmpty else { return .woken }
        guard (try? clock.register(descriptor: descriptor, for: .store)) != nil else {
            return clock.wait(for: .tick, until: deadline)
        }
        defer { clock.unregister(descriptor: descriptor) }
        return drained(wait(for: sources, listeningTo: store, until: deadline))
    }

    /// Waits until something came that the caller waits for; what only the store's own memory
    /// watches is read, and is no reason to wake.
    private func wait(
        for sources: WakeSources, listeningTo store: WatchedStore, until deadline: UInt64
    ) -> WakeReason {
        while true {
            let reason = clock.wait(for: sources, until: deadline)
            guard reason == .woken else { return reason }
            guard let events = try? store.takeEvents(), events.isEmpty else { return .woken }
            // Who is woken by every tick is woken by this as well.
            guard !sources.contains(.tick) else { return .woken }
            let other = clock.wait(for: sources.subtracting(.store), until: clock.now)
            guard other == .timedOut else { return other }
        }
    }

    private func drained(_ reason: WakeReason) -> WakeReason {
        hotplug?.drain()
        return reason
    }

    /// Begins to listen; what changed before has to be looked for once more.
    ///
    /// - Returns: whether it listens; a host that does not let us is waited for without.
    private func beginHotplug() -> Bool {
        guard let opened = try? openHotplug(),
            (try? clock.register(descriptor: opened.descriptor, for: .hotplug)) != nil
        else { return false }
        hotplug = opened
        return true
    }
}
