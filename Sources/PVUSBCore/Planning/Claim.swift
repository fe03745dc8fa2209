public import USBModel

/// A device's new record, and the one whose place it may take.
public struct Registration: Hashable, Sendable {
    /// The device.
    public let device: BusID
    /// The record to write.
    public let record: Record
    /// A record of an earlier time that was seen, of which nothing is left to undo.
    public let replaced: Record?

    /// Makes a registration.
    public init(device: BusID, record: Record, replacing replaced: Record? = nil) {
        self.device = device
        self.record = record
        self.replaced = replaced
    }
}

/// A device's way into a port, with all that must be known to undo it.
public struct Claim: Hashable, Sendable {
    /// The port the device shall be in.
    public let place: Place
    /// The record that is written with the port node.
    public let registration: Registration

    /// Makes a claim; the record's goal is attach and its place the claimed one.
    public init(device: BusID, place: Place, record: Record, replacing replaced: Record? = nil) {
        self.place = place
        registration = Registration(device: device, record: record, replacing: replaced)
    }

    /// The device.
    public var device: BusID { registration.device }
    /// The record that is written with the port node.
    public var record: Record { registration.record }
}
