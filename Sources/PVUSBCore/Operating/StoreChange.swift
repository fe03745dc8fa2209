internal import USBModel
internal import XenStoreWire

/// A change of the store that is made in one transaction, decided by what it reads there.
///
/// xenstore has no conditional commit: what a change depends on is READ inside the transaction,
/// and nothing is written before those values have been looked at.
enum StoreChange: Hashable, Sendable {
    case claim(Claim)
    case record(BusID, Record)
    case clear(BusID, Place)
    case forget(BusID, withDrivers: Bool)
    case createController(ControllerID, ControllerSettings)
    case closeController(ControllerID)
    case removeController(ControllerID)

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
        case .clear(_, let place): [.read(StoreLayout.port(place))]
        case .forget(let device, _):
            [
                .read(StoreLayout.version), .read(StoreLayout.record(of: device)),
                .read(StoreLayout.driverPaths(of: device)),
            ]
        case .createController(let id, _): Self.creationReads(id)
        case .closeController(let id): Self.closingReads(id)
        case .removeController(let id): Self.removalReads(id)
        }
    }

    /// Decides on the values that were read.
    func decide(_ replies: [StoreReply]) throws(PVUSBError) -> Decision {
        let seen = try Values(reads, replies)
        switch self {
        case .claim(let claim): return claim.decide(seen)
        case .record(let device, let record): return Self.decide(device, record, seen)
        case .clear(let device, let place):
            let port = StoreLayout.port(place)
            return seen[port] == device.description ? .write([.write(port, text: "")]) : .leave
        case .forget(let device, let withDrivers):
            return Self.forgetting(device, withDrivers, seen)
        case .createController(let id, let settings):
            return Self.creating(id, settings, seen)
        case .closeController(let id): return Self.closing(id, seen)
        case .removeController(let id): return Self.removing(id, seen)
        }
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
            guard let version = self[StoreLayout.version] else { return true }
            return Int(version).map { $0 <= Record.version } ?? false
        }

        func children(of path: StorePath) -> [String] { listings[path] ?? [] }
    }
}

extension Claim {
    fileprivate var reads: [StoreRequest] {
        let controller = place.controller
        let record = StoreLayout.record(of: device)
        return [
            .read(StoreLayout.port(place)),
            .read(record / RecordKey.goal),
            .read(record / RecordKey.port),
            .read(StoreLayout.version),
            .read(StoreLayout.record(of: controller) / ControllerKey.type),
            .read(StoreLayout.backend(of: controller) / ControllerKey.online),
            .read(StoreLayout.domain(controller.domain) / "vm"),
        ]
    }

    fileprivate func decide(_ seen: StoreChange.Values) -> StoreChange.Decision {
        let port = StoreLayout.port(place)
        let own = StoreLayout.record(of: device)
        let controller = StoreLayout.record(of: place.controller)
        let online = StoreLayout.backend(of: place.controller) / ControllerKey.online
        let vm = StoreLayout.domain(place.controller.domain) / "vm"
        guard seen[controller / ControllerKey.type] == ControllerKind.pv.rawValue,
            seen[online] == "1"
        else { return .lost(gone) }
        guard seen[vm] == record.vm else { return .lost(anotherDomain) }
        guard let holder = seen[port], holder.isEmpty || holder == device.description else {
            return .lost(taken(seen[port]))
        }
        guard seen.recordsAreOurs else {
            return .refuse(.newerRecords)
        }
        let goal = seen[own / RecordKey.goal]
        guard goal == nil || isOwn(goal, seen[own / RecordKey.port]) else {
            return .lost(recorded)
        }
        return .write(
            record.writes(for: device) + driverPaths
                + [.write(port, text: device.description)])
    }

    /// libxl's notes, so that `xl usbdev-detach` knows the drivers too (libxl_usb.c,
    /// `usbdev_rebind`).
    private var driverPaths: [StoreRequest] {
        record.interfaces.compactMap { interface in
            interface.driver.map { driver in
                .write(
                    StoreLayout.driverPath(of: interface.id), text: SysfsPath.driver(driver))
            }
        }
    }

    /// This very attach, begun before; or a device that was left aside, of whose drivers the new
    /// record knows too.
    private func isOwn(_ goal: String?, _ port: String?) -> Bool {
        if goal == RecordGoal.parked.rawValue { return true }
        return goal == RecordGoal.attach.rawValue && port == StoreLayout.port(place).text
    }

    private var name: String { "port \(place.label) of domain \(place.controller.domain)" }

    private var gone: PVUSBError {
        PVUSBError(.notFound, "\(name) is going away or gone", remedy: "pvusb list")
    }

    private var anotherDomain: PVUSBError {
        PVUSBError(
            .notFound, "domain \(place.controller.domain) is not the domain it was a moment ago",
            remedy: "pvusb list")
    }

    private func taken(_ holder: String?) -> PVUSBError {
        guard holder != nil else { return gone }
        return PVUSBError(.busy, "\(name) was taken a moment ago", remedy: "pvusb list")
    }

    private var recorded: PVUSBError {
        PVUSBError(
            .busy, "\(device) was taken by another command a moment ago",
            remedy: "pvusb devices")
    }
}

extension PVUSBError {
    /// The store holds records of a pvusb that knows more than this one.
    static let newerRecords = PVUSBError(
        .failed, "the records in the store were written by a newer pvusb; they are only read",
        remedy: "use the newer pvusb")
}

extension StoreChange {
    /// A record that exists gets the new goal; one that does not is written whole.
    private static func recordReads(_ device: BusID, _ record: Record) -> [StoreRequest] {
        let own = StoreLayout.record(of: device)
        let port = record.place.map { StoreRequest.read(StoreLayout.port($0)) }
        return [.read(own / RecordKey.goal), .read(own / RecordKey.port)]
            + [.read(StoreLayout.version)] + (port.map { [$0] } ?? [])
    }

    private static func decide(_ device: BusID, _ record: Record, _ seen: Values) -> Decision {
        let own = StoreLayout.record(of: device)
        guard seen.recordsAreOurs else {
            return .refuse(.newerRecords)
        }
        guard let goal = seen[own / RecordKey.goal] else {
            return record.goal == .attached
                ? .lost(overtaken(device)) : .write(record.writes(for: device))
        }
        guard record.goal != .attached || isStillOurs(device, record, seen) else {
            return .lost(overtaken(device))
        }
        let change = StoreRequest.write(own / RecordKey.goal, text: record.goal.rawValue)
        return goal == record.goal.rawValue ? .leave : .write([change])
    }

    /// An attach is finished only while the port holds the device and the record is this one.
    private static func isStillOurs(_ device: BusID, _ record: Record, _ seen: Values) -> Bool {
        guard let place = record.place else { return false }
        let port = StoreLayout.port(place)
        let recorded = seen[StoreLayout.record(of: device) / RecordKey.port]
        return seen[port] == device.description && recorded == port.text
    }

    private static func overtaken(_ device: BusID) -> PVUSBError {
        PVUSBError(
            .busy, "another tool changed the port or the record of \(device) meanwhile",
            remedy: "pvusb recover \(device)")
    }

    private static func forgetting(
        _ device: BusID, _ withDrivers: Bool, _ seen: Values
    ) -> Decision {
        guard seen.recordsAreOurs else { return .refuse(.newerRecords) }
        let drivers = withDrivers ? [StoreLayout.driverPaths(of: device)] : []
        let paths = [StoreLayout.record(of: device)] + drivers
        let present = paths.filter { seen[$0] != nil }
        return present.isEmpty ? .leave : .write(present.map { .remove($0) })
    }
}
