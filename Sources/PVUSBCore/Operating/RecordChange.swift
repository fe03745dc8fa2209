internal import USBModel
internal import XenStoreWire

extension Registration {
    private var path: StorePath { StoreLayout.record(of: device) }

    /// What decides whether the record may be written.
    var reads: [StoreRequest] {
        let fields = [
            RecordKey.goal, RecordKey.port, RecordKey.controller, RecordKey.qmp,
            RecordKey.interface,
        ]
        let former = replaced?.place.map { StoreRequest.read(StoreLayout.port($0)) }
        return fields.map { .read(path / $0) } + [.read(StoreLayout.version)]
            + (former.map { [$0] } ?? [])
    }

    /// The port that the record is about.
    var portReads: [StoreRequest] {
        record.place.map { [.read(StoreLayout.port($0))] } ?? []
    }

    /// The writes that make the record; nil when another command's is in the way.
    func writes(given seen: StoreChange.Values) -> [StoreRequest]? {
        let goal = seen[path / RecordKey.goal]
        guard goal == nil || isOwn(goal, seen) || isReplaceable(goal, seen) else { return nil }
        var outdated: [StorePath] = []
        if record.place == nil { outdated.append(path / RecordKey.port) }
        if record.created == nil { outdated.append(path / RecordKey.controller) }
        if record.qmp == nil { outdated.append(path / RecordKey.qmp) }
        outdated.append(path / RecordKey.interface)
        return outdated.filter { seen[$0] != nil }.map { .remove($0) } + record.writes(for: device)
    }

    /// This very attach, begun before; or a device that was left aside, of whose drivers the new
    /// record knows too.
    private func isOwn(_ goal: String?, _ seen: StoreChange.Values) -> Bool {
        if goal == RecordGoal.parked.rawValue { return true }
        guard goal == RecordGoal.attach.rawValue else { return false }
        guard let port = seen[path / RecordKey.port] else {
            guard let created = record.created else { return false }
            return seen[path / RecordKey.controller] == created.asCreated
        }
        return port == record.place.map { StoreLayout.port($0).text }
    }

    /// The record that was seen to be of an earlier time, and still is.
    private func isReplaceable(_ goal: String?, _ seen: StoreChange.Values) -> Bool {
        guard let replaced, RecordGoal(recorded: goal) == replaced.goal else { return false }
        let place = seen[path / RecordKey.port].flatMap { StoreLayout.place(recorded: $0) }
        guard place == replaced.place else { return false }
        return place.map { seen[StoreLayout.port($0)] != device.description } ?? true
            || replaced.place == record.place
    }
}

extension StoreChange {
    /// A record that exists gets what has changed; one that does not is written whole.
    private static let changing = [
        RecordKey.goal, RecordKey.port, RecordKey.vm, RecordKey.controller,
    ]

    static func recordReads(
        _ device: BusID, _ record: Record, besides place: Place? = nil
    ) -> [StoreRequest] {
        let own = StoreLayout.record(of: device)
        let places = [record.place, place == record.place ? nil : place].compactMap { $0 }
        return changing.map { .read(own / $0) } + [.read(StoreLayout.version)]
            + places.map { .read(StoreLayout.port($0)) }
    }

    static func decide(_ device: BusID, _ record: Record, _ seen: Values) -> Decision {
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
        var changes: [StoreRequest] = []
        if goal != record.goal.rawValue {
            changes.append(.write(own / RecordKey.goal, text: record.goal.rawValue))
        }
        if record.isElsewhere(than: seen[own / RecordKey.port], vm: seen[own / RecordKey.vm]) {
            changes += record.placeWrites(for: device)
        }
        if record.created == nil, seen[own / RecordKey.controller] != nil {
            changes.append(.remove(own / RecordKey.controller))
        }
        return changes.isEmpty ? .leave : .write(changes)
    }

    /// The record follows a device that another port holds now.
    static func adopting(_ new: Registration, _ seen: Values) -> Decision {
        guard seen.recordsAreOurs else { return .refuse(.newerRecords) }
        guard let port = new.record.place.map({ StoreLayout.port($0) }),
            seen[port] == new.device.description, let writes = new.writes(given: seen)
        else { return .lost(overtaken(new.device)) }
        return .write(writes)
    }

    /// An attach is finished only while the port holds the device and the record is this one.
    private static func isStillOurs(_ device: BusID, _ record: Record, _ seen: Values) -> Bool {
        guard let place = record.place else { return false }
        let port = StoreLayout.port(place)
        let recorded = seen[StoreLayout.record(of: device) / RecordKey.port]
        return seen[port] == device.description && recorded == port.text
    }

    static func overtaken(_ device: BusID) -> PVUSBError {
        PVUSBError(
            .busy, "another tool changed the port or the record of \(device) meanwhile",
            remedy: "pvusb recover \(device)")
    }

    static func forgetting(
        _ device: BusID, _ withDrivers: Bool, _ seen: Values
    ) -> Decision {
        guard seen.recordsAreOurs else { return .refuse(.newerRecords) }
        let drivers = withDrivers ? [StoreLayout.driverPaths(of: device)] : []
        let paths = [StoreLayout.record(of: device)] + drivers
        let present = paths.filter { seen[$0] != nil }
        return present.isEmpty ? .leave : .write(present.map { .remove($0) })
    }
}

extension Record {
    /// Tells whether it is about another port, or another domain, than what was recorded.
    fileprivate func isElsewhere(than port: String?, vm recorded: String?) -> Bool {
        guard let place else { return false }
        return StoreLayout.port(place).text != port || (vm != nil && vm != recorded)
    }
}
