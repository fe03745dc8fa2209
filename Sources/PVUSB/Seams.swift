public import DeviceModel
public import HostUSB
public import XenStore

/// The five seams through which a toolstack touches the world, and the log it tells of it.
public struct Seams {
    /// The store; nil where only the host's devices can be looked at.
    public var store: (any Store)?
    /// The host's files.
    public var files: any Files
    /// The locks between pvusb processes.
    public var locks: any Locks
    /// Time, and the wish to stop.
    public var clock: any Clock
    /// The guests' QEMUs; nil where none can be reached.
    public var deviceModel: (any DeviceModelSeam)?
    /// The system's log, which hears of every change; nil where nobody is to hear of them.
    public var log: SystemLog?

    /// Puts seams together.
    public init(
        store: (any Store)?, files: any Files, locks: any Locks, clock: any Clock,
        deviceModel: (any DeviceModelSeam)? = nil, log: SystemLog? = nil
    ) {
        self.store = store
        self.files = files
        self.locks = locks
        self.clock = clock
        self.deviceModel = deviceModel
        self.log = log
    }
}
