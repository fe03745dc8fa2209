internal import USBModel

extension Operation {
    mutating func beginTask() {
        guard let task = tasks.first else {
            phase = .ending([], .report(report))
            return
        }
        plans = 0
        hasRejoined = false
        undoing = nil
        lost = nil
        current = nil
        held = []
        take(task.locks[...])
    }

    /// Turns to the next lock; with none left, to what is to be done under them.
    private mutating func take(_ locks: ArraySlice<Lock>) {
        guard let task = tasks.first else { return }
        guard let lock = locks.first else {
            look(for: task.glance == nil ? .plan : .glance)
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
        dropFollowers(of: task)
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
    mutating func note(_ error: PVUSBError, of task: Task) {
        guard command.hasManyTasks else {
            report.error = error
            return
        }
        let goal = task.nominalGoal
        let label = goal.device.map { "\($0)" } ?? goal.label("domain \(goal.domain ?? .zero)")
        report.goals.append(GoalReport(goal: goal, label: label, steps: [], error: error))
    }

    private mutating func look(for purpose: SurveyPurpose) {
        guard let task = tasks.first else { return }
        let survey = Survey(
            task.scope(for: purpose), about: task.interest, asksUserdata: purpose.isForPlanning)
        phase = .surveying(survey, purpose)
    }

    /// What the store says was read when it was changed for the last time: only the drivers and
    /// QEMU are looked at once more.
    private mutating func confirm(_ goal: Goal, _ seen: Observation) {
        phase = .surveying(Survey(goal.scope, updating: seen), .confirm)
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
        case .glance where tasks.first?.suffices(seen) != true:
            look(for: .plan)
            return nil
        case .glance, .plan: return plan(seen)
        case .undo(let error):
            undoing = error
            run(current?.undoing(in: seen), seen)
            return nil
        case .rejoin(let device, let error):
            let plan = seen.planRejoining(of: device)
            if plan.steps.isEmpty { executionFailed(error) } else { run(plan, seen) }
            return nil
        case .confirm:
            guard contradiction(in: seen) == nil, current?.goal.isDoubtful(in: seen) != true else {
                look(for: .conclude(nil))
                return nil
            }
            return conclude(nil, status: status(in: seen))
        case .conclude(let error):
            return conclude(error ?? contradiction(in: seen), status: status(in: seen))
        }
    }

    private func status(in seen: Observation) -> DeviceStatus? {
        current?.goal.device.map { seen.status(of: $0) }
    }

    /// Why the goal is not reached, for all that is seen.
    private func contradiction(in seen: Observation) -> PVUSBError? {
        current?.goal.contradiction(to: status(in: seen)) ?? current?.goal.loss(in: seen)
    }

    private mutating func plan(_ seen: Observation) -> Effect? {
        guard let task = tasks.first else { return nil }
        plans += 1
        // The store is read before the host, and usbback's table before the drivers: what does not
        // fit may have been claimed between the two, and would be waited for in vain or be taken
        // for half done.
        guard plans > 1 || !task.wantsCaptureExplained(in: seen) else {
            look(for: .plan)
            return nil
        }
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
        guard let plan else { return look(for: .conclude(undoing)) }
        guard !plan.steps.isEmpty else {
            return undoing == nil ? confirm(plan.goal, seen) : look(for: .conclude(undoing))
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
        case .reached where undoing == nil && !execution.plan.goal.canBeContested:
            confirm(execution.plan.goal, execution.observation)
        case .reached: look(for: .conclude(undoing))
        case .lost(let error): executionLost(error)
        case .failed(let error) where !hasRejoined && error.isOfSiblings:
            guard case .host(let device) = execution.plan.goal else {
                executionFailed(error)
                return nil
            }
            hasRejoined = true
            look(for: .rejoin(device, error))
        case .failed(let error): executionFailed(error)
        }
        return nil
    }

    /// What shall be done is decided anew, on the way to the goal as on the way back.
    private mutating func executionLost(_ error: PVUSBError) {
        guard plans < Self.plansMax else { return executionFailed(error) }
        if let undoing {
            plans += 1
            look(for: .undo(undoing))
        } else {
            lost = error
            look(for: .plan)
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
        look(for: isUndone ? .undo(error) : .conclude(undoing ?? error))
    }
}

extension PVUSBError {
    /// What drivers answer when another interface that they want is not free (cdc_ether.c says
    /// EBUSY, cdc_ncm.c ENODEV).
    fileprivate var isOfSiblings: Bool { code == .failed && ["EBUSY", "ENODEV"].contains(cause) }
}
