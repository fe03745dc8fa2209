/// The seam to time: the one place where a toolstack blocks.
///
/// A seam lives on one thread.
public protocol Clock: AnyObject {
    /// Nanoseconds since a fixed moment, never going back.
    var now: UInt64 { get }
    /// Tells whether somebody asked this process to stop; it stays true once it is.
    var stopRequested: Bool { get }
    /// Blocks until something of the given kinds may have changed, or until a moment comes.
    func wait(for sources: WakeSources, until deadline: UInt64) -> WakeReason
}

/// The kinds of change that end a wait early.
public struct WakeSources: OptionSet, Hashable, Sendable {
    /// The bits, one a kind.
    public let rawValue: UInt8

    /// Makes a set from its bits.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// An event of a store watch.
    public static let store = WakeSources(rawValue: 1)
    /// A change that has no event, as of usbback's port table: the wait ends after a short tick, or
    /// after a longer one where events tell of most changes.
    public static let tick = WakeSources(rawValue: 2)
    /// A device or an interface came, went or changed its driver.
    public static let hotplug = WakeSources(rawValue: 4)
}

/// Why a wait ended; it carries no data, the caller looks again.
public enum WakeReason: Hashable, Sendable {
    /// Something may have changed.
    case woken
    /// The moment came.
    case timedOut
    /// Somebody asked this process to stop.
    case stop
}
