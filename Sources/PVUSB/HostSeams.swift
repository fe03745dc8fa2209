internal import HostUSB

extension Seams {
    /// The seams of the host we run on.
    ///
    /// - Parameters:
    ///   - sysfs: where sysfs is; another directory is a copy, at which only looking is allowed.
    ///   - changing: whether something is to be changed.
    /// - Throws: refused for a change in a copy of sysfs; failed when signals or locks can't be
    ///   used.
    public static func thisHost(sysfs: String, changing: Bool) throws(PVUSBError) -> Seams {
        let files = SystemFiles(sysfs: sysfs)
        guard !changing || files.sysfsIsReal else {
            throw PVUSBError(
                .refused, "\(sysfs) is not a sysfs; in a copy nothing can be changed",
                remedy: "pvusb sandbox new FILE --sysfs \(sysfs)")
        }
        return Seams(store: nil, files: files, locks: NoLocks(), clock: try hostClock())
    }

    private static func hostClock() throws(PVUSBError) -> SystemClock {
        do {
            return try SystemClock(stopSignals: .watched)
        } catch {
            throw PVUSBError(.failed, "signals can't be watched", cause: "\(error)")
        }
    }

    /// Makes the process ready for seams that watch for SIGINT and SIGTERM.
    ///
    /// To be called in `main`, before any other thread exists.
    public static func prepareProcess() {
        SystemClock.prepareProcess()
    }
}

/// The locks of a host without a store: nobody can be at work there.
private final class NoLocks: Locks {
    func tryLock(_ name: String) -> LockAnswer { .taken }
    func unlock(_ name: String) {}
    func holder(of name: String) -> LockAnswer { .taken }
}
