/// The seam to the QEMU of a domain: one command in, its reply out.
///
/// QEMU serves one client at a time, so an implementation connects, asks and disconnects for each
/// command, under libxl's lock. A seam lives on one thread.
public protocol DeviceModelSeam: AnyObject {
    /// Asks the QEMU of a domain to do something.
    ///
    /// - Throws: ``QMPFailure`` when QEMU refused, or could not be asked.
    func execute(_ command: QMPCommand, domain: UInt16) throws(QMPFailure) -> QMPValue
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
