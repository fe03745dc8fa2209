/// Where a device is between the host and a guest.
public enum DeviceState: String, Hashable, Sendable, CaseIterable {
    /// Ordinary drivers have it, on some interface at least.
    case host
    /// No interface has a driver.
    case unbound
    /// The passthrough driver has it, no guest does.
    case captured
    /// An attach has begun and is not finished.
    case attaching
    /// A guest has it.
    case assigned
    /// It was unplugged, its port still holds it.
    case assignedAbsent = "assigned-absent"
    /// A port holds it, its interfaces are not with the passthrough driver.
    case assignedUncaptured = "assigned-uncaptured"
    /// A detach has begun and is not finished.
    case detaching
    /// A record or a port is for a device that is no longer this one.
    case stale
    /// Two ports, or two tools, claim it.
    case contested
    /// It was left without a driver on purpose.
    case parked
    /// Some interfaces are with the passthrough driver, others are not.
    case mixed
    /// It is a hub, which is never given away.
    case hub
}
