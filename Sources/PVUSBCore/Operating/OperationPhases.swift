internal import USBModel

extension Operation {
    /// Resolves names, then answers a look, plans a dry run, or begins the first task.
    mutating func resolve(_ survey: Survey, _ answer: Answer?) -> Effect? {
        var survey = survey
        switch survey.next(answer) {
        case .ask(let effect):
            phase = .resolving(survey)
            return effect
        case .finished(.failure(let error)): fail(error)
        case .finished(.success(let seen)): resolved(seen)
        }
        return nil
    }

    private mutating func resolved(_ seen: Observation) {
        do throws(PVUSBError) {
            guard !command.onlyLooks else { return try look(seen) }
            tasks = try command.tasks(in: seen)
            guard options.isDryRun else { return beginTask() }
            planAll(seen)
        } catch {
            fail(error)
        }
    }

    /// One device that can't be planned for hides no other's plan.
    private mutating func planAll(_ seen: Observation) {
        var plans: [Plan] = []
        var refusals: [PVUSBError] = []
        for task in tasks {
            do throws(PVUSBError) {
                plans.append(try task.plan(in: seen))
            } catch {
                refusals.append(error)
            }
        }
        let isAllRefused = plans.isEmpty && !refusals.isEmpty
        phase = .ending(
            [], isAllRefused ? .failed(refusals[0]) : .plans(plans, refusals: refusals))
    }

    private mutating func fail(_ error: PVUSBError) {
        phase = .ending([], .failed(error))
    }

    // MARK: - Looking

    private mutating func look(_ seen: Observation) throws(PVUSBError) {
        var domain: DomainID?
        if case .list(let selector?) = command { domain = try seen.resolve(selector).id }
        let begun = seen.deviceStatuses().filter { $0.pending != nil }
        let locks = begun.map { Lock(.device($0.id), isTest: true) }
        phase = .testing(locks, Inventory(observation: seen, domain: domain))
    }

    /// Asks of every half-done device whether somebody works on it now.
    mutating func test(_ locks: [Lock], _ inventory: Inventory, _ answer: Answer?) -> Effect? {
        var locks = locks
        var inventory = inventory
        if answer != nil, let lock = locks.first {
            locks.removeFirst()
            if case .lockHeld(let process)? = answer, case .device(let device) = lock.subject {
                inventory = inventory.adding(Worker(process: process), at: device)
            }
        }
        guard let lock = locks.first else {
            phase = .ending([], .inventory(inventory))
            return nil
        }
        phase = .testing(locks, inventory)
        return .lock(lock)
    }

    // MARK: - Working

    mutating func beginTask() {
        guard let task = tasks.first else {
            phase = .ending([], .report(report))
            return
        }
        plans = 0
        undoing = nil
        lost = nil
        current = nil
        held = []
        take(task.locks[...])
    }

    /// Turns to the next lock; with none left, to what is to be done under them.
    private mutating func take(_ locks: ArraySlice<Lock>) {
        guard let lock = locks.first, let task = tasks.first else {
            phase = .surveying(Survey(.everything), .plan)
            return
        }
        runs += 1
        let timer = Instant.Timer(run: runs, step: -1)
        let deadline = Instant(timer, milliseconds: options.waitMilliseconds)
        let run = LockRun(lock, until: task.yieldsToOthers ? nil : deadline)
        phase = .locking(run, rest: Array(locks.dropFirst()))
    }

    mutating func lock(_ run: LockRun, _ rest: [Lock], _ answer: Answer?) -> Effect? {
        var run = run
        switch run.next(answer) {
        case .ask(let effect):
            phase = .locking(run, rest: rest)
            return effect
        case .finished(.taken):
            held.append(run.lock)
            take(rest[...])
        case .finished(.held(let process)): passOver(.locked(run.lock, by: process))
        case .finished(.failed(let error)): passOver(error)
        }
        return nil
    }

    /// The task could not be begun: said, unless nobody named it and somebody works on it.
    private mutating func passOver(_ error: PVUSBError) {
        let task = tasks.removeFirst()
        if !task.yieldsToOthers || error.code != .busy { note(error, of: task) }
        phase = .unlocking(held.reversed())
    }

    /// Gives the locks back one after the other, then turns to the next task.
    mutating func unlock(_ locks: [Lock]) -> Effect? {
        guard let lock = locks.first else {
            beginTask()
            return nil
        }
        phase = .unlocking(Array(locks.dropFirst()))
        return .unlock(lock)
    }

    /// One of several things fails for itself; a command with one thing to do fails as a whole.
    private mutating func note(_ error: PVUSBError, of task: Task) {
        guard command.hasManyTasks else {
            report.error = error
            return
        }
        let goal = task.nominalGoal
        let label = goal.device.map { "\($0)" } ?? goal.label("domain \(goal.domain ?? .zero)")
        report.goals.append(GoalReport(goal: goal, label: label, steps: [], error: error))
    }

    mutating func survey(
        _ survey: Survey, _ purpose: SurveyPurpose, _ answer: Answer?
    ) -> Effect? {
        var survey = survey
        switch survey.next(answer) {
        case .ask(let effect):
            phase = .surveying(survey, purpose)
            return effect
        case .finished(.failure(let error)):
            return conclude(purpose.reason ?? error, status: nil)
        case .finished(.success(let seen)): return act(on: seen, purpose)
        }
    }

    private mutating func act(on seen: Observation, _ purpose: SurveyPurpose) -> Effect? {
        switch purpose {
        case .plan: return plan(seen)
        case .undo(let error):
            undoing = error
            run(current?.undoing(in: seen), seen)
            return nil
        case .conclude(let error):
            let status = current?.goal.device.map { seen.status(of: $0) }
            return conclude(error ?? current?.goal.contradiction(to: status), status: status)
        }
    }

    private mutating func plan(_ seen: Observation) -> Effect? {
        guard let task = tasks.first else { return nil }
        plans += 1
        do throws(PVUSBError) {
            let plan = try task.plan(in: seen)
            let steps = current?.steps ?? []
            current = GoalReport(goal: plan.goal, label: plan.label, steps: steps)
            run(plan, seen)
            return nil
        } catch {
            return planningFailed(error, seen)
        }
    }

    /// What an earlier plan of the same task has done is undone, if there is any.
    private mutating func planningFailed(_ failure: PVUSBError, _ seen: Observation) -> Effect? {
        // What is half done now was begun by the one who was quicker.
        let error = failure.code == .unfinished ? lost ?? failure : failure
        guard let undo = current?.undoing(in: seen), !undo.steps.isEmpty else {
            return conclude(error, status: nil)
        }
        undoing = error
        run(undo, seen)
        return nil
    }

    private mutating func run(_ plan: Plan?, _ seen: Observation) {
        guard let plan, !plan.steps.isEmpty else {
            phase = .surveying(Survey(.everything), .conclude(undoing))
            return
        }
        runs += 1
        phase = .executing(
            Execution(plan, given: seen, run: runs, waitMilliseconds: options.waitMilliseconds))
    }

    mutating func execute(_ execution: Execution, _ answer: Answer?) -> Effect? {
        var execution = execution
        let progress = execution.next(answer)
        guard case .finished(let ending) = progress else {
            phase = .executing(execution)
            if case .ask(let effect) = progress { return effect }
            return nil
        }
        current?.steps += execution.reports
        switch ending {
        case .reached: phase = .surveying(Survey(.everything), .conclude(undoing))
        case .lost(let error): executionLost(error)
        case .failed(let error): executionFailed(error)
        }
        return nil
    }

    /// What shall be done is decided anew, on the way to the goal as on the way back.
    private mutating func executionLost(_ error: PVUSBError) {
        guard plans < Self.plansMax else { return executionFailed(error) }
        if let undoing {
            plans += 1
            phase = .surveying(Survey(.everything), .undo(undoing))
        } else {
            lost = error
            phase = .surveying(Survey(.everything), .plan)
        }
    }

    /// A failure on the way to a guest is undone; one on the way back stays for the next run.
    private mutating func executionFailed(_ error: PVUSBError) {
        guard error.code != .storeLost else {
            current?.error = error
            let effects = unlocks
            finishGoal(status: nil)
            phase = .ending(effects, .report(report))
            return
        }
        let isUndone = undoing == nil && (current?.goal.isUndoneOnFailure ?? false)
        let purpose: SurveyPurpose = isUndone ? .undo(error) : .conclude(undoing ?? error)
        phase = .surveying(Survey(.everything), purpose)
    }

    // MARK: - Concluding

    /// Notes how the task ended, gives its lock back and turns to the next one.
    private mutating func conclude(_ error: PVUSBError?, status: DeviceStatus?) -> Effect? {
        let task = tasks.removeFirst()
        if current == nil, let error { note(error, of: task) }
        current?.error = error.map { $0.telling(status) }
        finishGoal(status: status)
        if let error, error.code == .storeLost {
            phase = .ending(unlocks, .report(report))
            return nil
        }
        return unlock(held.reversed())
    }

    mutating func finishGoal(status: DeviceStatus?) {
        guard var goal = current else { return }
        goal.status = status
        report.goals.append(goal)
        current = nil
    }
}

extension Goal {
    /// A failed way to a guest leads back; a failed way back is shown and tried again.
    fileprivate var isUndoneOnFailure: Bool {
        switch self {
        case .assigned, .controllerAdded: true
        case .host, .parked, .controllerRemoved: false
        }
    }

    /// Why what is seen at the end is not what was to be reached; nil when it is.
    fileprivate func contradiction(to status: DeviceStatus?) -> PVUSBError? {
        guard let status else { return nil }
        switch self {
        case .assigned(_, let place):
            if status.state == .assigned, status.place == place { return nil }
        case .host:
            if [.host, .unbound, .parked, .hub].contains(status.state) { return nil }
            // What is gone has been given up, if nothing holds it any more.
            if status.device == nil, status.record == nil, status.place == nil { return nil }
        case .parked:
            if [.host, .unbound, .parked, .hub].contains(status.state) { return nil }
        case .controllerAdded, .controllerRemoved: return nil
        }
        let problem = status.problems.first ?? "\(status.id) is \(status.state.rawValue)"
        let code: PVUSBError.Code = status.state == .contested ? .busy : .failed
        return PVUSBError(code, "another tool was at work: \(problem)", remedy: status.remedy)
    }
}

extension GoalReport {
    /// The plan that undoes what was done for the goal; nil when nothing was.
    fileprivate func undoing(in seen: Observation) -> Plan? {
        switch goal {
        case .assigned(let device, let place):
            guard let record = seen.records[device],
                record.place == place || record.created == place.controller
            else { return nil }
            return seen.planHost(of: device)
        case .controllerAdded(let id, _):
            let isOurs = steps.contains { report in
                guard case .createController(id, _) = report.step else { return false }
                return report.result == .done
            }
            return isOurs ? seen.planWithdrawal(of: id) : nil
        case .host, .parked, .controllerRemoved: return nil
        }
    }
}

extension Operation.SurveyPurpose {
    /// What has failed already when the survey is made.
    fileprivate var reason: PVUSBError? {
        switch self {
        case .plan: nil
        case .undo(let error): error
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

extension Inventory {
    fileprivate func adding(_ worker: Worker, at device: BusID) -> Inventory {
        var workers = workers
        workers[device] = worker
        return Inventory(observation: observation, workers: workers, domain: domain)
    }
}
