internal import DeviceModel
package import HostUSB
internal import PVUSBCore
package import XenStore

extension Seams {
    /// The seams of the host we run on.
    ///
    /// The store is that of `XENSTORED_PATH`, `XENSTORED_RUNDIR` or the usual places; where there
    /// is none, or where sysfs is a copy from elsewhere, only the devices can be looked at.
    ///
    /// - Parameters:
    ///   - sysfs: where sysfs is; another directory is a copy, at which only looking is allowed.
    ///   - changing: whether something is to be changed.
    ///   - looksAgain: whether the store is looked at more than once; nil for a change only.
    ///   - timeoutMilliseconds: how long one call of the store may take.
    ///   - environment: looks a variable of the environment up.
    /// - Throws: refused for a change in a copy of sysfs; failed when signals or locks can't be
    ///   used.
    public static func thisHost(
        sysfs: String, changing: Bool, looksAgain: Bool? = nil, timeoutMilliseconds: Int = 10_000,
        environment: (String) -> String?
    ) throws(PVUSBError) -> Seams {
        let files = SystemFiles(sysfs: sysfs)
        return try host(
            files, isReal: files.sysfsIsReal, changing: changing,
            looksAgain: looksAgain ?? changing, timeoutMilliseconds: timeoutMilliseconds,
            environment: environment)
    }

    /// The seams of the host whose sysfs is given, or of a copy of one.
    static func host(
        _ files: SystemFiles, isReal: Bool, changing: Bool, looksAgain: Bool = true,
        timeoutMilliseconds: Int, environment: (String) -> String?
    ) throws(PVUSBError) -> Seams {
        do {
            try files.checkDirectory("/sys/bus/usb/devices")
        } catch {
            throw PVUSBError(
                .failed, "\(files.sysfs)/bus/usb/devices can't be listed", cause: "\(error)",
                remedy: "load the module usbcore, or name another tree with --sysfs")
        }
        guard !changing || isReal else {
            throw PVUSBError(
                .refused, "\(files.sysfs) is not a sysfs; in a copy nothing can be changed",
                remedy: "pvusb sandbox new FILE --sysfs \(files.sysfs)")
        }
        let address = isReal ? StoreAddress.find(environment: environment) : nil
        let store = address.map {
            watched(
                StoreClient($0, timeoutMilliseconds: timeoutMilliseconds), isUseful: looksAgain)
        }
        let locks = try locks(for: address, changing: changing, environment)
        let log = changing ? systemLog(environment) ?? SystemLog() : nil
        return Seams(
            store: store, files: files, locks: locks,
            clock: HostClock(try stopClock(), store: store) { () throws(FileErrno) in
                try HotplugEvents()
            }, deviceModel: isReal ? QMPClient(timeoutMilliseconds: timeoutMilliseconds) : nil,
            log: log)
    }

    /// A store that asks again only for what changed where the ports of all guests are.
    ///
    /// Those are the controllers' records and their backends: a command that changes something
    /// looks at them more than once.
    package static func watched(_ client: StoreClient, isUseful: Bool = true) -> WatchedStore {
        let directories =
            [StorePath.root / "libxl"] + BackendKind.allCases.map(StoreLayout.backends)
        return WatchedStore(client, below: isUseful ? directories : [])
    }

    /// The log whose socket `PVUSB_LOG_SOCKET` names; nil when it names none.
    package static func systemLog(_ environment: (String) -> String?) -> SystemLog? {
        environment("PVUSB_LOG_SOCKET").flatMap { $0.isEmpty ? nil : SystemLog(path: $0) }
    }

    /// One who only looks and may not use the locks does without them.
    private static func locks(
        for address: StoreAddress?, changing: Bool, _ environment: (String) -> String?
    ) throws(PVUSBError) -> any Locks {
        do throws(PVUSBError) {
            return try hostLocks(for: address, environment)
        } catch {
            guard !changing else { throw error }
            return NoLocks()
        }
    }

    private static func stopClock() throws(PVUSBError) -> SystemClock {
        do {
            return try SystemClock(stopSignals: .watched)
        } catch {
            throw PVUSBError(.failed, "signals can't be watched", cause: "\(error)")
        }
    }

    /// The locks of `PVUSB_RUNDIR` or `/run/pvusb`, in a folder for the store.
    private static func hostLocks(
        for address: StoreAddress?, _ environment: (String) -> String?
    ) throws(PVUSBError) -> any Locks {
        guard let address else { return NoLocks() }
        let directory = environment("PVUSB_RUNDIR").flatMap { $0.isEmpty ? nil : $0 }
        let path = directory ?? "/run/pvusb"
        do {
            _ = try LockDirectory(path: path)
            return UserdataLocks(
                besides: try LockDirectory(path: "\(path)/\(folder(for: address))"))
        } catch {
            throw PVUSBError(
                .permission, "the locks can't be used", cause: error.message,
                remedy: "run pvusb as root")
        }
    }

    /// One folder for the host's own store, however it is reached; one each for any other.
    private static func folder(for address: StoreAddress) -> String {
        let usual = StoreAddress.candidates { _ in nil }
        guard !usual.contains(address.path) else { return "host" }
        let hash = DeviceIdentity.hash(ofDescriptors: address.path.utf8)
        return "store-\(String(hash, radix: 16))"
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
