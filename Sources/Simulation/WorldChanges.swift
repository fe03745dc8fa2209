internal import HostUSB
internal import USBModel

/// Waits for other processes to change a world file.
final class WorldChanges {
    private let path: String
    private let clock: SystemClock
    private var watch: FolderWatch?

    init(of path: String, _ clock: SystemClock) {
        self.path = path
        self.clock = clock
    }

    /// Blocks until the file was replaced, for so many nanoseconds, or until a stop signal.
    ///
    /// With the first wait it begins to listen, so what changed before has to be looked for again.
    /// - Returns: nil where nobody tells of changes.
    func wait(atMost duration: UInt64) -> WakeReason? {
        guard let watch else { return begin() ? .woken : nil }
        let now = clock.now
        let end = now + min(duration, .max - now)
        let reason = clock.wait(for: .hotplug, until: end)
        watch.drain()
        return reason
    }

    private func begin() -> Bool {
        guard let opened = try? FolderWatch(folderOf: path),
            (try? clock.register(descriptor: opened.descriptor, for: .hotplug)) != nil
        else { return false }
        watch = opened
        return true
    }
}
