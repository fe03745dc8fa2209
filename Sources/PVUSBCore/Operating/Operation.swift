internal import USBModel

/// A command in progress: told answers, it asks for effects, until it is finished.
///
/// Observation, planning, retries, time-outs, backing out and reporting are all inside. It never
/// awaits, reads a clock or draws a random number; whoever drives it owns the world:
///
///     var answer: Answer? = nil
///     while true {
///         switch operation.next(answer) {
///         case .finished(let outcome): return outcome
///         case let effect: answer = world.perform(effect)
///         }
///     }
public struct Operation: Hashable, Sendable {
    enum Phase: Hashable {
        case start
        case beginningWatch
        case awaitingChange
        case resolving(Survey)
        case detailing(Survey, Subject)
        case testing([Lock], Inventory)
        case locking(LockRun, rest: [Lock])
        case surveying(Survey, SurveyPurpose)
        case executing(Execution)
        case unlocking([Lock])
        case ending([Effect], Outcome)
    }

    /// Why the host is surveyed while the task's lock is held.
    enum SurveyPurpose: Hashable {
        /// What is most often all there is to know before a plan.
        case glance
        case plan
        case undo(PVUSBError)
        case rejoin(BusID, PVUSBError)
        /// All was done: the last thing that others may have changed is looked at.
        case confirm
        /// It was not, or others were at work: what is so is told.
        case conclude(PVUSBError?)
    }

    /// How often a plan is made anew because somebody else was first.
    ///
    /// All who want any port want the same one. Of so many at once the last may lose to each of the
    /// others, and once more where a controller has to be made.
    static let plansMax = 40

    let command: Command
    let options: OperationOptions
    var phase = Phase.start
    var tasks: [Task] = []
    var report = Report()
    var held: [Lock] = []
    var current: GoalReport?
    var undoing: PVUSBError?
    var lost: PVUSBError?
    var hasRejoined = false
    var plans = 0
    var runs = 0

    /// Begins a command.
    public init(_ command: Command, _ options: OperationOptions = OperationOptions()) {
        self.command = command
        self.options = options
    }

    /// Tells what to do next, given what became of the effect asked for last; nil at the start.
    ///
    /// After `.finished` it stays finished, whatever it is told.
    public mutating func next(_ answer: Answer?) -> Effect {
        if answer == .stop { stop() }
        var answer = answer == .stop ? nil : answer
        while true {
            if let effect = advance(answer) { return effect }
            answer = nil
        }
    }

    /// Goes on in the present phase; nil when that phase is over and the next one is to be asked.
    private mutating func advance(_ answer: Answer?) -> Effect? {
        switch phase {
        case .start: start()
        case .beginningWatch: return watchBegan(answer)
        case .awaitingChange: phase = .resolving(Survey(scope, about: command.target))
        case .resolving(let survey): return resolve(survey, answer)
        case .detailing(let survey, let subject): return detail(survey, subject, answer)
        case .testing(let locks, let inventory): return test(locks, inventory, answer)
        case .locking(let run, let rest): return lock(run, rest, answer)
        case .surveying(let survey, let purpose): return self.survey(survey, purpose, answer)
        case .executing(let execution): return execute(execution, answer)
        case .unlocking(let locks): return unlock(locks)
        case .ending(let effects, let outcome): return end(effects, outcome)
        }
        return nil
    }

    private mutating func start() {
        guard options.hasStore || command.asksDevicesOnly else {
            phase = .ending([], .failed(.noStore))
            return
        }
        if case .awaitChange = command, options.hasStore {
            phase = .beginningWatch
        } else {
            let isPlanned = options.isDryRun && !command.onlyLooks
            phase = .resolving(
                Survey(scope, about: command.target, asksUserdata: isPlanned))
        }
    }

    /// What is looked at first; what a dry run plans for is all that there is.
    private var scope: SurveyScope {
        guard options.hasStore else { return .hostOnly }
        return options.isDryRun && !command.onlyLooks ? .everything : command.scope
    }

    /// Gives back what is held, one effect after the other, then is finished.
    private mutating func end(_ effects: [Effect], _ outcome: Outcome) -> Effect {
        guard let first = effects.first else { return .finished(outcome) }
        phase = .ending(Array(effects.dropFirst()), outcome)
        return first
    }

    /// Leaves everything as it is, visible in the record, and gives back what is held.
    private mutating func stop() {
        var effects: [Effect] = []
        switch phase {
        case .ending: return
        case .start, .beginningWatch, .awaitingChange, .resolving, .detailing, .testing:
            effects = watchEnd
        case .unlocking(let locks): effects = locks.map { .unlock($0) }
        case .locking(let run, _): effects = [.unlock(run.lock)] + unlocks
        case .surveying: effects = unlocks
        case .executing(let execution):
            effects = execution.cleanUp + unlocks
            current?.steps += execution.reports
        }
        let error = PVUSBError(.interrupted, "interrupted", remedy: interruptedRemedy)
        report.error = error
        current?.error = error
        finishGoal(status: nil)
        phase = .ending(effects, command.onlyLooks ? .failed(.interruptedLook) : .report(report))
    }

    /// What gives the held locks back, the last one first.
    var unlocks: [Effect] {
        held.reversed().map { .unlock($0) }
    }

    /// What to type next, if what was seen last is half done.
    private var interruptedRemedy: String? {
        guard case .executing(let execution) = phase else { return nil }
        let isChanged = execution.reports.contains { $0.result == .done && !$0.step.isWait }
        guard let device = execution.plan.goal.device else { return isChanged ? "pvusb list" : nil }
        return execution.observation.status(of: device).remedy
    }
}

extension PVUSBError {
    fileprivate static let noStore = PVUSBError(
        .failed, "there is no xenstored to ask",
        remedy: "run pvusb in domain 0, or on a world file: --sandbox FILE")

    fileprivate static let interruptedLook = PVUSBError(.interrupted, "interrupted")
}
