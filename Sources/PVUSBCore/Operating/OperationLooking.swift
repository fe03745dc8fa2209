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
        case .finished(.success(let seen)):
            if survey.scope == .everything || command.onlyLooks {
                resolved(seen)
            } else {
                named(in: seen)
            }
        }
        return nil
    }

    /// What is meant is in sight; what was not found may be held by a port or a record that was not
    /// looked at, and what is near may have to be told.
    private mutating func named(in seen: Observation) {
        do throws(PVUSBError) {
            tasks = try command.tasks(in: seen)
            beginTask()
        } catch {
            phase = .resolving(Survey(.everything, about: command.target))
        }
    }

    private mutating func resolved(_ seen: Observation) {
        do throws(PVUSBError) {
            guard !command.onlyLooks else { return try look(seen) }
            tasks = try command.tasks(in: seen)
            report.unnamed = command == .recover([]) ? seen.devicesToName : []
            guard options.isDryRun else { return beginTask() }
            planAll(seen)
        } catch {
            fail(error)
        }
    }

    /// One device that can't be planned for hides no other's plan; a later plan reckons with what
    /// the earlier ones will have done.
    private mutating func planAll(_ seen: Observation) {
        var plans: [Plan] = []
        var refusals: [PVUSBError] = []
        var seen = seen
        for task in tasks {
            do throws(PVUSBError) {
                let plan = try task.plan(in: seen)
                plans.append(plan)
                seen.expect(plan)
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

    private mutating func look(_ seen: Observation) throws(PVUSBError) {
        switch command {
        case .list(let selector?):
            let domain = try seen.resolve(selector).id
            testLocks(Inventory(observation: seen, domain: domain))
        case .show(let target):
            let subject = try seen.resolve(target)
            let scope = SurveyScope.details(of: seen.controllers(of: subject))
            phase = .detailing(Survey(scope, updating: seen), subject)
        default: testLocks(Inventory(observation: seen))
        }
    }

    mutating func detail(_ survey: Survey, _ subject: Subject, _ answer: Answer?) -> Effect? {
        var survey = survey
        switch survey.next(answer) {
        case .ask(let effect):
            phase = .detailing(survey, subject)
            return effect
        case .finished(.failure(let error)): fail(error)
        case .finished(.success(let seen)):
            testLocks(Inventory(observation: seen, subject: subject))
        }
        return nil
    }

    private mutating func testLocks(_ inventory: Inventory) {
        let begun = inventory.observation.deviceStatuses().filter { $0.pending != nil }
        phase = .testing(begun.map { Lock(.device($0.id), isTest: true) }, inventory)
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
        guard let lock = locks.first else { return looked(inventory) }
        phase = .testing(locks, inventory)
        return .lock(lock)
    }
}

extension Inventory {
    fileprivate func adding(_ worker: Worker, at device: BusID) -> Inventory {
        var workers = workers
        workers[device] = worker
        return Inventory(
            observation: observation, workers: workers, domain: domain, subject: subject)
    }
}
