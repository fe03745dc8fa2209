public import USBModel

/// The host's USB devices cannot be read at all.
public struct HostScanFailure: Error, Hashable, Sendable {
    /// The errno with which the kernel refused.
    public let errno: FileErrno
    /// The file or directory it refused.
    public let path: String

    /// Makes a failure from its parts.
    public init(errno: FileErrno, path: String) {
        self.errno = errno
        self.path = path
    }
}

/// Reads the host's USB devices, or some of them, from the files of a seam.
///
/// A device that cannot be understood is listed as unreadable and hides no other.
public func scanHost(
    _ files: any Files, only: [BusID]? = nil
) throws(HostScanFailure) -> HostSnapshot {
    var scan = HostScan(only: only)
    var replies: [FileReply]?
    while true {
        switch scan.next(replies) {
        case .ask(let requests): replies = files.perform(requests)
        case .finished(let snapshot): return snapshot
        case .failed(let errno, let path): throw HostScanFailure(errno: errno, path: path)
        }
    }
}
