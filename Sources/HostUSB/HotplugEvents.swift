internal import CLinux
public import USBModel

/// Something outside that may change, with a descriptor that can be read when it did.
///
/// Register the descriptor with a clock, and drain it before the next wait.
public protocol ChangeSource: AnyObject {
    /// The open file, which can be read when something changed since it was drained.
    var descriptor: Int32 { get }
    /// Forgets what changed so far.
    func drain()
}

extension FolderWatch: ChangeSource {}

/// Tells when a device or an interface came, went or changed its driver (kobject_uevent.c).
///
/// Any event of the kernel's counts: whoever waits looks again at what is there.
public final class HotplugEvents: ChangeSource {
    private let file: Descriptor

    /// Begins to listen.
    ///
    /// - Throws: the errno with which the kernel refused a socket.
    public init() throws(FileErrno) {
        file = try Descriptor(owning: pvusb_uevents_open())
    }

    /// The socket.
    public var descriptor: Int32 { file.number }

    /// Forgets the events so far; that some were lost is an event like others.
    public func drain() {
        pvusb_drain(file.number)
    }
}
