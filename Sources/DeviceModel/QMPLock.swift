internal import CLinux

/// libxl's lock of a domain's QMP socket, which serves one client at a time (libxl_internal.c,
/// `libxl__lock_file`; libxl_qmp.c, `libxl__ev_qmp`).
///
/// It is a `flock` of a file that its holder removes before closing it. Who gets the lock of a file
/// that was removed meanwhile has nothing, and tries again with the new one.
struct QMPLock: ~Copyable {
    private let path: String
    private let file: QMPDescriptor

    /// Takes the lock.
    ///
    /// - Parameters:
    ///   - directory: libxl's directory of userdata, `/var/lib/xen`.
    ///   - deadline: in nanoseconds of CLOCK_MONOTONIC.
    /// - Throws: the domain's uuid is not known, or somebody else kept the lock until the deadline.
    init(
        of guest: QMPGuest, in directory: String, deadline: UInt64
    ) throws(QMPFailure) {
        guard let uuid = guest.uuid else {
            throw .unreachable("the uuid of domain \(guest.domain) is not known")
        }
        let path = "\(directory)/userdata-l.\(guest.domain).\(uuid).qmp-socket-lock"
        file = try Self.locked(path, deadline)
        self.path = path
    }

    private static func locked(
        _ path: String, _ deadline: UInt64
    ) throws(QMPFailure) -> QMPDescriptor {
        while true {
            let file = try QMPDescriptor(
                unsafe pvusb_open_lock(path), "libxl's lock \(path) can't be opened")
            let result = pvusb_flock_try(file.number)
            if result == 0, unsafe pvusb_is_file_at(file.number, path) == 1 { return file }
            guard result == 0 || -result == PVUSB_EAGAIN else {
                throw .unreachable("libxl's lock \(path) can't be taken (errno \(-result))")
            }
            guard pvusb_monotonic() < deadline else {
                throw .unreachable(
                    "another program is talking to QEMU: it has libxl's lock \(path)")
            }
            // flock(2) has no wait with a time-out.
            if result != 0 { _ = pvusb_stream_ready(-1, 0, retryNanoseconds) }
        }
    }

    private static let retryNanoseconds: Int64 = 5_000_000

    deinit {
        // Before the file is closed, or another's lock would be removed.
        _ = unsafe pvusb_unlink(path)
    }
}
