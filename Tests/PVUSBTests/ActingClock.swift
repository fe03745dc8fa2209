import HostUSB
import Simulation

/// A simulated host's time, in which things happen at given moments.
final class ActingClock: Clock {
    /// Something that happens, and how many milliseconds after the clock was made.
    struct Act {
        let milliseconds: UInt64
        let body: (inout World) -> Void
    }

    private let host: SimulatedHost
    private let start: UInt64
    private var acts: [Act]

    init(_ host: SimulatedHost, _ acts: [Act] = []) {
        self.host = host
        self.acts = acts
        start = host.now
    }

    var now: UInt64 { host.now }
    var stopRequested: Bool { false }
    /// How long it took so far.
    var elapsedMilliseconds: UInt64 { (host.now - start) / 1_000_000 }

    func wait(for sources: WakeSources, until deadline: UInt64) -> WakeReason {
        guard let act = acts.first, start + act.milliseconds * 1_000_000 < deadline else {
            return host.wait(for: sources, until: deadline)
        }
        let reason = host.wait(for: sources, until: start + act.milliseconds * 1_000_000)
        guard reason == .timedOut else { return reason }
        acts.removeFirst()
        try? host.intervene(act.body)
        return .woken
    }
}

/// Time in which nobody does anything.
final class StillClock: Clock {
    private(set) var now: UInt64 = 0
    var stopRequested: Bool { false }
    var elapsedMilliseconds: UInt64 { now / 1_000_000 }

    func wait(for sources: WakeSources, until deadline: UInt64) -> WakeReason {
        now = max(now, deadline)
        return .timedOut
    }
}
