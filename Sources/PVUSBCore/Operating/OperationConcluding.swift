internal import USBModel

extension Operation {
    /// Notes how the task ended, gives its lock back and turns to the next one.
    mutating func conclude(_ error: PVUSBError?, status: DeviceStatus?) -> Effect? {
        let task = tasks.removeFirst()
        if current == nil, let error { note(error, of: task) }
        current?.error = error.map { $0.telling(status) }
        finishGoal(status: status)
        if error != nil { dropFollowers(of: task) }
        if let error, error.code == .storeLost {
            phase = .ending(unlocks, .report(report))
            return nil
        }
        return unlock(held.reversed())
    }

    /// What a file wants after a controller that could not be made would go where it shall not, or
    /// into one that is made for it and keeps the wanted one's number.
    mutating func dropFollowers(of task: Task) {
        if case .addController = task { tasks = [] }
    }

    mutating func finishGoal(status: DeviceStatus?) {
        guard var goal = current else { return }
        goal.status = status
        report.goals.append(goal)
        current = nil
    }
}

extension Goal {
    /// Whether another tool, which takes no lock, may have gone for the same in any port.
    var canBeContested: Bool {
        switch self {
        case .assigned, .withdrawn: true
        case .host, .parked, .controllerAdded, .controllerRemoved: false
        }
    }

    /// Whether another tool may have given the device to a guest's QEMU on its way home: a process
    /// uses it, which is the host's own only if no port says otherwise.
    func isDoubtful(in seen: Observation) -> Bool {
        guard case .host(let device) = self else { return false }
        return seen.host.device(device)?.interfaces.contains { $0.driver == .usbfs } ?? false
    }

    /// What others may have changed of it since the last step's own look.
    var scope: SurveyScope {
        switch self {
        case .assigned(let device, let place) where place.kind.isQEMU:
            .taken(device, by: place.controller.domain)
        case .assigned(let device, _), .host(let device), .parked(let device),
            .withdrawn(let device, _):
            .drivers(of: device)
        case .controllerAdded(let id, _): .store(device: nil, controller: id)
        case .controllerRemoved: .nothing
        }
    }

    /// A failed way to a guest leads back; a failed way back is shown and tried again.
    var isUndoneOnFailure: Bool {
        switch self {
        case .assigned, .controllerAdded: true
        case .host, .parked, .withdrawn, .controllerRemoved: false
        }
    }

    /// Why what is seen at the end is not what was to be reached; nil when it is.
    func contradiction(to status: DeviceStatus?) -> PVUSBError? {
        guard let status else { return nil }
        switch self {
        case .assigned(_, let place):
            if status.state == .assigned, status.place == place { return nil }
        case .host, .parked:
            if [.host, .unbound, .parked, .hub].contains(status.state) { return nil }
            // What is gone has been given up, if nothing holds it any more.
            if status.device == nil, status.record == nil, status.place == nil { return nil }
        case .withdrawn(_, let place):
            // What the other port holds may be half done by whoever wrote it: that is told.
            if !status.places.contains(place) { return nil }
        case .controllerAdded, .controllerRemoved: return nil
        }
        let problem = status.problems.first ?? "\(status.id) is \(status.state.rawValue)"
        let code: PVUSBError.Code = status.state == .contested ? .busy : .failed
        return PVUSBError(code, "another tool was at work: \(problem)", remedy: status.remedy)
    }
}

extension Goal {
    /// Why a controller that was made is not there at the end; nil when it is, or none was made.
    func loss(in seen: Observation) -> PVUSBError? {
        guard case .controllerAdded(let id, _) = self, seen.controller(id)?.isOrphan != false else {
            return nil
        }
        return PVUSBError(
            .failed,
            "controller \(id.number.number) of domain \(id.domain) was made and is gone again",
            cause: seen.domain(id.domain) == nil ? "the domain is gone" : nil,
            remedy: "pvusb list")
    }
}

extension GoalReport {
    /// The plan that undoes what was done for the goal; nil when nothing was.
    func undoing(in seen: Observation) -> Plan? {
        switch goal {
        case .assigned(let device, let place):
            // usbback may have what can't be read, and dies of a port that is cleared then.
            guard let record = seen.records[device], !seen.isUnreadable(device),
                record.place == place || record.created == place.controller
            else { return nil }
            return seen.planHost(of: device)
        case .controllerAdded(let id, _):
            let isOurs = steps.contains { report in
                guard case .createController(id, _) = report.step else { return false }
                return report.result == .done
            }
            return isOurs ? seen.planWithdrawal(of: id) : nil
        case .host, .parked, .withdrawn, .controllerRemoved: return nil
        }
    }
}

extension Operation.SurveyPurpose {
    /// Whether something may be planned for what is seen.
    var isForPlanning: Bool {
        switch self {
        case .glance, .plan, .undo, .rejoin: true
        case .confirm, .conclude: false
        }
    }

    /// What has failed already when the survey is made.
    var reason: PVUSBError? {
        switch self {
        case .glance, .plan, .confirm: nil
        case .undo(let error), .rejoin(_, let error): error
        case .conclude(let error): error
        }
    }
}

extension PVUSBError {
    /// The error with where the device is now, and a remedy only if one is needed.
    fileprivate func telling(_ status: DeviceStatus?) -> PVUSBError {
        guard let status else { return self }
        let place = status.state == .host ? "with its host drivers" : status.state.rawValue
        let isSettled = status.remedy == nil && remedy == "pvusb recover \(status.id)"
        return PVUSBError(
            code, "\(message); \(status.id) is \(place) now", cause: cause,
            remedy: status.remedy ?? (isSettled ? nil : remedy))
    }
}
