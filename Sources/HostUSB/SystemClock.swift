internal import CLinux
public import USBModel

/// CLOCK_MONOTONIC, and the one place where a thread of ours blocks.
///
/// A wait is one `ppoll` over the stop signals and the descriptors that were registered. Those
/// belong to others, who read them empty before the next wait and unregister them before they
/// close them.
public final class SystemClock: Clock {
    /// How long a wait for `.tick` takes at most, in nanoseconds: 10 ms.
    public static let tick: UInt64 = 10_000_000
    /// The same for a wait for `.hotplug`, too, in nanoseconds: 100 ms.
    public static let rareTick: UInt64 = 100_000_000
    /// The exit status of a process that was asked to stop twice.
    public static let exitStatus: Int32 = 4
    /// The most descriptors that can be registered.
    public static let registeredMax = Int(PVUSB_WAIT_MAX) - 1

    /// What to do with SIGINT and SIGTERM.
    public enum StopSignals {
        /// Nothing; no signal ends a wait.
        case ignored
        /// They are blocked in every thread: take the first as a wish, exit at the second.
        case watched
        /// The same, but call this at the second and each further one.
        case watchedCalling(() -> Void)
    }

    private struct Registration {
        let descriptor: Int32
        let sources: WakeSources
    }

    /// The descriptor on which the stop signals arrive.
    private final class SignalFile {
        let file: Descriptor

        init() throws(FileErrno) {
            file = try Descriptor(owning: pvusb_signalfd())
        }
    }

    private let signals: SignalFile?
    private let secondStop: () -> Void
    private var registrations: [Registration] = []
    private var stopSeen = false

    /// Makes a clock.
    ///
    /// - Throws: the errno with which the kernel refused a signalfd.
    public init(stopSignals: StopSignals = .ignored) throws(FileErrno) {
        switch stopSignals {
        case .ignored:
            signals = nil
            secondStop = {}
        case .watched:
            signals = try SignalFile()
            secondStop = Self.exitNow
        case .watchedCalling(let body):
            signals = try SignalFile()
            secondStop = body
        }
    }

    private static func exitNow() {
        pvusb_exit_now(exitStatus)
    }

    /// Lets a readable descriptor end the waits for any of these sources.
    ///
    /// - Throws: EFBIG beyond ``registeredMax`` descriptors.
    public func register(descriptor: Int32, for sources: WakeSources) throws(FileErrno) {
        unregister(descriptor: descriptor)
        guard registrations.count < Self.registeredMax else { throw .tooLarge }
        registrations.append(Registration(descriptor: descriptor, sources: sources))
    }

    /// Forgets a descriptor; one that is not registered is left alone.
    public func unregister(descriptor: Int32) {
        registrations.removeAll { $0.descriptor == descriptor }
    }

    /// Nanoseconds of CLOCK_MONOTONIC.
    public var now: UInt64 { pvusb_monotonic() }

    /// Tells whether SIGINT or SIGTERM came; it looks, and stays true.
    public var stopRequested: Bool {
        readSignals()
        return stopSeen
    }

    /// Blocks until a source may have changed, until the deadline, or until a stop signal.
    ///
    /// A stop goes before a change, a change before the deadline; both are looked for even when
    /// the deadline is past. Once a stop was asked for, every wait is over at once.
    public func wait(for sources: WakeSources, until deadline: UInt64) -> WakeReason {
        let tick = sources.contains(.hotplug) ? Self.rareTick : Self.tick
        let tickEnd = sources.contains(.tick) ? now &+ tick : UInt64.max
        let end = min(deadline, tickEnd)
        while true {
            if stopRequested { return .stop }
            let moment = now
            let left = moment < end ? end - moment : 0
            switch block(for: sources, atMost: left) {
            case .stop: continue
            case .woken: return .woken
            case .timedOut:
                if left == 0 { return end == deadline ? .timedOut : .woken }
            }
        }
    }
}

// MARK: - Blocking

extension SystemClock {
    /// One `ppoll`; `.stop` means only that the signals must be looked at.
    private func block(for sources: WakeSources, atMost nanoseconds: UInt64) -> WakeReason {
        let others = registrations.filter { !$0.sources.isDisjoint(with: sources) }
        let descriptors = others.map(\.descriptor) + (signals.map { [$0.file.number] } ?? [])
        let ready = unsafe descriptors.withUnsafeBufferPointer {
            unsafe pvusb_wait_readable(
                $0.baseAddress, Int32($0.count), Int64(clamping: nanoseconds))
        }
        guard ready > 0 else { return .timedOut }
        return ready >> Int64(others.count) & 1 == 1 ? .stop : .woken
    }

    private func readSignals() {
        guard let signals else { return }
        while pvusb_read_signal(signals.file.number) > 0 {
            if stopSeen { secondStop() }
            stopSeen = true
        }
    }
}

extension SystemClock {
    /// Blocks SIGINT and SIGTERM in the calling thread and ignores SIGPIPE, so that a clock with
    /// `.watched` stop signals sees them.
    ///
    /// To be called in `main`, before any other thread exists: threads inherit the mask, and get a
    /// heap of their own unless they are told not to.
    public static func prepareProcess() {
        pvusb_share_heap()
        _ = pvusb_block_signals()
        _ = pvusb_ignore_sigpipe()
    }
}
