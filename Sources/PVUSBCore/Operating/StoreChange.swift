internal import USBModel
internal import XenStoreWire

/// A change of the store that is made in one transaction, decided by what it reads there.
///
/// xenstore has no conditional commit: what a change depends on is READ inside the transaction,
/// and nothing is written before those values have been looked at.
enum StoreChange: Hashable, Sendable {
    case claim(Claim)
    case record(BusID, Record)
    case adopt(Registration)
    case clear(BusID, Place)
    case recall(BusID, Place, Record)
    case forget(BusID, withDrivers: Bool)
    case dropNotes(BusID)
    case createController(ControllerID, ControllerSettings, for: Registration?)
    case closeController(ControllerID, ControllerKind = .pv)
    case removeController(ControllerID, Removal, ControllerKind = .pv)

    /// Which controllers a removal is meant for.
    enum Removal: Hashable {
        /// One whose ports are free.
        case free
        /// One whatever its ports hold.
        case forced
        /// What is left of one whose domain is gone; its ports are free.
        case orphan
    }

    /// What to do with a transaction, now that its reads are answered.
    enum Decision: Hashable {
        /// Make these changes and commit.
        case write([StoreRequest])
        /// There is nothing to change.
        case leave
        /// Somebody else was first; the plan is no longer right.
        case lost(PVUSBError)
        /// It must not be done, whatever the plan.
        case refuse(PVUSBError)
    }

    /// The reads whose values decide, in the order in which ``decide(_:)`` is told them.
    var reads: [StoreRequest] {
        switch self {
        case .claim(let claim): claim.reads
        case .record(let device, let record): Self.recordReads(device, record)
        case .adopt(let new): new.reads + new.portReads
        case .clear(_, let place): [.read(StoreLayout.port(place))]
        case .recall(let device, let place, let record):
            Self.recordReads(device, record, besides: place)
        case .forget(let device, _):
            [
                .read(StoreLayout.version), .read(StoreLayout.record(of: device)),
                .read(StoreLayout.driverPaths(of: device)),
            ]
        case .dropNotes(let device): [.read(StoreLayout.driverPaths(of: device))]
        case .createController(let id, let settings, let new):
            Self.creationReads(id, settings.kind) + (new?.reads ?? [])
        case .closeController(let id, let kind): Self.closingReads(id, kind)
        case .removeController(let id, _, let kind): Self.removalReads(id, kind)
        }
    }

    /// Decides on the values that were read.
    func decide(_ replies: [StoreReply]) throws(PVUSBError) -> Decision {
        let seen = try Values(reads, replies)
        switch self {
        case .claim(let claim): return claim.decide(seen)
        case .record(let device, let record): return Self.decide(device, record, seen)
        case .adopt(let new): return Self.adopting(new, seen)
        case .clear(let device, let place): return Self.clearing(device, place, seen)
        case .recall(let device, let place, let record):
            return Self.decide(device, record, seen).and(Self.clearing(device, place, seen))
        case .forget(let device, let withDrivers):
            return Self.forgetting(device, withDrivers, seen)
        case .dropNotes(let device):
            let notes = StoreLayout.driverPaths(of: device)
            return seen[notes] == nil ? .leave : .write([.remove(notes)])
        case .createController(let id, let settings, let new):
            return Self.creating(id, settings, new, seen)
        case .closeController(let id, let kind): return Self.closing(id, kind, seen)
        case .removeController(let id, let removal, let kind):
            return Self.removing(id, removal, kind, seen)
        }
    }

    private static func clearing(_ device: BusID, _ place: Place, _ seen: Values) -> Decision {
        let port = StoreLayout.port(place)
        return seen[port] == device.description ? .write([.write(port, text: "")]) : .leave
    }

    /// The values and listings read, by path; a node that does not exist is nil.
    struct Values: Hashable {
        private var texts: [StorePath: String] = [:]
        private var listings: [StorePath: [String]] = [:]

        init(_ requests: [StoreRequest], _ replies: [StoreReply]) throws(PVUSBError) {
            for (request, reply) in zip(requests, replies) {
                switch (request, reply) {
                case (.read(let path), .value(let bytes)):
                    texts[path] = String(decoding: bytes, as: UTF8.self)
                case (.directory(let path), .children(let names)): listings[path] = names
                case (_, .failure(.noEntry)): continue
                default: throw .unexpected(reply, to: request)
                }
            }
        }

        subscript(_ path: StorePath) -> String? { texts[path] }

        /// Tells whether the records are of a version that this pvusb writes.
        var recordsAreOurs: Bool {
            Record.isOurs(version: self[StoreLayout.version])
        }

        func children(of path: StorePath) -> [String] { listings[path] ?? [] }
    }
}

extension StoreChange.Decision {
    /// Both, in one transaction; what keeps the first from being done keeps both.
    fileprivate func and(_ other: StoreChange.Decision) -> StoreChange.Decision {
        switch (self, other) {
        case (.write(let first), .write(let second)): .write(first + second)
        case (.leave, _): other
        default: self
        }
    }
}

extension PVUSBError {
    /// The store holds records of a pvusb that knows more than this one.
    static let newerRecords = PVUSBError(
        .failed, "the records in the store were written by a newer pvusb; they are only read",
        remedy: "use the newer pvusb")
}
