/// The seam to the QEMU of a domain: one command in, its reply out.
///
/// QEMU serves one client at a time, so an implementation connects, asks and disconnects for each
/// command, under libxl's lock. A seam lives on one thread.
public protocol DeviceModelSeam: AnyObject {
    /// Asks the QEMU of a domain to do something.
    ///
    /// - Throws: ``QMPFailure`` when QEMU refused, or could not be asked.
    func execute(_ command: QMPCommand, guest: QMPGuest) throws(QMPFailure) -> QMPValue
}

/// The domain whose QEMU is meant.
public struct QMPGuest: Hashable, Sendable {
    /// Its domid; libxl names QEMU's socket after it.
    public let domain: UInt16
    /// Its uuid, after which libxl names the lock of the socket; nil when nobody knows it.
    public let uuid: String?

    /// Names a domain.
    public init(domain: UInt16, uuid: String?) {
        self.domain = domain
        self.uuid = uuid
    }
}

/// Why QEMU did not do what it was asked.
public enum QMPFailure: Error, Hashable, Sendable {
    /// QEMU answered with an error: its class, as `DeviceNotFound`, and its sentence.
    case refused(errorClass: String, description: String)
    /// QEMU sent something that is not QMP; what is wrong with it.
    case malformed(String)
    /// QEMU could not be reached, or was silent for too long; why.
    case unreachable(String)
}
