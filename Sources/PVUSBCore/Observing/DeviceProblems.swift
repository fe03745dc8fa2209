internal import USBModel

extension Observation {
    /// What a state says is not as it should be, as sentences without their full stop.
    func problems(_ state: DeviceState, _ id: BusID, _ places: [Place]) -> [String] {
        let gone = places.first { isLeftBehind($0) }?.controller.domain
        switch state {
        case .host, .unbound, .assigned, .parked, .hub: return []
        case .captured:
            return [
                gone.map { "usbback has \(id) for domain \($0), which is gone" }
                    ?? capturedProblem(id, places)
            ]
        case .mixed: return ["some interfaces of \(id) are with usbback, others are not"]
        case .attaching: return ["an attach of \(id) was begun and not finished"]
        case .detaching: return ["a detach of \(id) was begun and not finished"]
        case .assignedAbsent: return ["\(id) was unplugged while a guest had it"]
        case .assignedUncaptured: return [uncaptured(id, places.first)]
        case .contested: return ["\(places.count) ports hold \(id)"]
        case .stale:
            return [
                gone.map { "a port of domain \($0), which is gone, holds \(id)" }
                    ?? staleProblem(id)
            ]
        }
    }

    private func uncaptured(_ id: BusID, _ place: Place?) -> String {
        guard let place, place.kind.isQEMU else {
            return "a port holds \(id), but usbback does not have it"
        }
        let obstacle = qemus[place.controller.domain]?.obstacle.map { ": \($0)" }
        return "a port holds \(id), but QEMU does not have it\(obstacle ?? "")"
    }

    private func capturedProblem(_ id: BusID, _ places: [Place]) -> String {
        guard let place = places.first else { return "usbback has \(id), but no port does" }
        return "usbback has \(id), but not for port \(place.label), which holds it"
    }

    private func staleProblem(_ id: BusID) -> String {
        guard let record = records[id] else { return "\(id) is not plugged in" }
        if let identity = record.identity, let device = host.device(id),
            device.identity != identity
        {
            return "the record of \(id) is for another device, \(identity.vendorProduct)"
        }
        guard record.goal != .parked else {
            return "the record of \(id) says it has no driver on purpose, but that was undone"
        }
        return "the record of \(id) says it is attached, but no port holds it"
    }

    /// What is not as it should be beside the state.
    func sideProblems(of id: BusID, _ places: [Place]) -> [String] {
        let unreadable = unreadableReason(of: id).map { "\(id) can't be read: \($0)" }
        return [unreadable, adoptionProblem(of: id, places), noteProblem(of: id, places)]
            .compactMap { $0 }
    }

    private func adoptionProblem(of id: BusID, _ places: [Place]) -> String? {
        guard let record = records[id], places.count == 1, isDead(record, given: places) else {
            return nil
        }
        return "the record of \(id) is not about the port that holds it"
    }

    /// xl leaves its notes when it is cut short; a later device on the socket would inherit them.
    private func noteProblem(of id: BusID, _ places: [Place]) -> String? {
        guard notes[id] != nil, records[id] == nil, places.isEmpty else { return nil }
        return "xl left its notes of the drivers of \(id)"
    }

    /// The one command to type; nil when nothing is half done.
    func remedy(for state: DeviceState, _ id: BusID, _ places: [Place]) -> String? {
        let recovery = "pvusb recover \(id)"
        switch state {
        case .contested:
            return claimToDrop(on: id, places) == nil ? withdrawal(of: id, places) : recovery
        case .attaching, .detaching, .assignedAbsent, .assignedUncaptured, .stale, .captured,
            .mixed:
            return recovery
        case .host, .unbound, .assigned, .parked:
            return sideProblems(of: id, places).isEmpty || isUnreadable(id) ? nil : recovery
        case .hub: return nil
        }
    }

    /// The one of several ports that our record names.
    func ourClaim(on id: BusID, _ places: [Place]) -> Place? {
        records[id]?.place.flatMap { places.contains($0) ? $0 : nil }
    }

    /// The one of several ports that goes without being named: ours, else one of a domain that is
    /// gone, which nobody could name.
    func claimToDrop(on id: BusID, _ places: [Place]) -> Place? {
        ourClaim(on: id, places) ?? places.first { isLeftBehind($0) }
    }

    /// No port is ours to clear; one that does not really have the device comes first.
    private func withdrawal(of id: BusID, _ places: [Place]) -> String? {
        let known = actualPlace(of: id, among: places)
        return (places.first { $0 != known } ?? places.first).map {
            "pvusb detach \($0.controller.domain) \($0.label)"
        }
    }
}
