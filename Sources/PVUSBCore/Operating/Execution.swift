internal import USBModel
internal import XenStoreWire

/// Goes through a plan's steps: check, do, look again.
struct Execution: Hashable, Sendable {
    /// How a plan's execution ended.
    enum Ending: Hashable {
        /// Every step's wish is fulfilled.
        case reached
        /// Somebody else was first; the plan is no longer right.
        case lost(PVUSBError)
        /// A step's wish can't be fulfilled.
        case failed(PVUSBError)
    }

    private enum Phase: Hashable {
        case choosing
        case running(StepRun)
        case looking(Survey, after: StepRun.Ending)
        case unwatching(Ending?)
    }

    let plan: Plan
    private let run: Int
    private let waitMilliseconds: Int
    /// The devices that the plan moves; others may come to their sockets meanwhile.
    private let identities: [BusID: DeviceIdentity]
    private(set) var observation: Observation
    private(set) var reports: [StepReport] = []
    private var phase = Phase.choosing
    private var isWatching = false
    /// The steps that failed and did not keep the plan from going on, with why.
    private var failures: [Int: PVUSBError] = [:]

    init(_ plan: Plan, given observation: Observation, run: Int, waitMilliseconds: Int) {
        self.plan = plan
        self.observation = observation
        self.run = run
        self.waitMilliseconds = waitMilliseconds
        identities = plan.movedDevices(in: observation)
    }

    private var step: Step { plan.steps[reports.count] }

    /// What has to be given back when somebody stops the operation here.
    var cleanUp: [Effect] {
        if case .running(let run) = phase { return run.cleanUp }
        guard isWatching, reports.count < plan.steps.count else { return [] }
        return step.watched.map { [.store([$0.end])] } ?? []
    }

    /// Takes the answer to the effect asked last, nil at the start.
    mutating func next(_ answer: Answer?) -> Progress<Ending> {
        var answer = answer
        while true {
            switch phase {
            case .choosing:
                if let ending = choose() { return .finished(ending) }
            case .running(let run):
                if let effect = advance(run, answer) { return .ask(effect) }
            case .looking(let survey, let tried):
                switch look(survey, tried, answer) {
                case .ask(let effect)?: return .ask(effect)
                case .finished(let ending)?: return .finished(ending)
                case nil: break
                }
            case .unwatching(let ending):
                phase = .choosing
                if let ending { return .finished(ending) }
            }
            answer = nil
        }
    }

    /// Skips what holds already; nil when a step is to be run.
    private mutating func choose() -> Ending? {
        while reports.count < plan.steps.count {
            if step.endsMemory, let failure = lastingFailure() { return .failed(failure) }
            if step.holds(in: observation), step.isUncertain(after: reports.last) {
                phase = .looking(Survey(step.scope, updating: observation), after: .woken)
                return nil
            }
            guard step.holds(in: observation) else {
                if let error = step.obstacle(in: observation, identities) { return .lost(error) }
                phase = .running(newRun())
                return nil
            }
            reports.append(StepReport(step, .alreadySo))
        }
        return lastingFailure().map { .failed($0) } ?? .reached
    }

    /// The first failed wish that is still open: a later bind may have claimed a sibling, too.
    private mutating func lastingFailure() -> PVUSBError? {
        for index in failures.keys.sorted() where plan.steps[index].holds(in: observation) {
            failures[index] = nil
            reports[index] = StepReport(plan.steps[index], .done)
        }
        return failures.min { $0.key < $1.key }?.value
    }

    private func newRun() -> StepRun {
        StepRun(
            step, timer: Instant.Timer(run: run, step: reports.count),
            waitMilliseconds: waitMilliseconds, retriesBind: observation.host.portTable == nil,
            isWatching: isWatching, given: observation)
    }

    private mutating func advance(_ run: StepRun, _ answer: Answer?) -> Effect? {
        var run = run
        switch run.next(answer) {
        case .ask(let effect):
            phase = .running(run)
            isWatching = isWatching || step.watched != nil
            return effect
        case .finished(let ending):
            if case .tried = ending { observation.learn(from: step) }
            phase = .looking(Survey(step.scope, updating: observation), after: ending)
            return nil
        }
    }

    private mutating func look(
        _ survey: Survey, _ tried: StepRun.Ending, _ answer: Answer?
    ) -> Progress<Ending>? {
        switch tried {
        case .lost(let error): return .finished(.lost(error))
        case .failed(let error): return give(up: error)
        case .tried, .woken, .timedOut: break
        }
        var survey = survey
        switch survey.next(answer) {
        case .ask(let effect):
            phase = .looking(survey, after: tried)
            return .ask(effect)
        case .finished(.failure(let error)): return give(up: error)
        case .finished(.success(let seen)):
            observation = seen
            return judge(tried)
        }
    }

    /// Compares what is seen now with the step's wish.
    private mutating func judge(_ tried: StepRun.Ending) -> Progress<Ending>? {
        if step.holds(in: observation) || step.isGoodEnough(after: tried, in: observation) {
            return conclude(.done)
        }
        if tried == .woken {
            phase = .running(newRun())
            return nil
        }
        let error = step.failure(after: tried, in: observation, waitMilliseconds)
        if step.isDispensable { return conclude(.failed(error.message)) }
        guard step.isBestEffort else { return give(up: error) }
        failures[reports.count] = error
        return conclude(.failed(error.cause ?? error.message))
    }

    private mutating func conclude(_ result: StepReport.Result) -> Progress<Ending>? {
        let watch = isWatching ? step.watched : nil
        reports.append(StepReport(step, result))
        isWatching = false
        guard let watch else {
            phase = .choosing
            return nil
        }
        phase = .unwatching(nil)
        return .ask(.store([watch.end]))
    }

    private mutating func give(up error: PVUSBError) -> Progress<Ending> {
        let watch = isWatching ? step.watched : nil
        reports.append(StepReport(step, .failed(error.cause ?? error.message)))
        isWatching = false
        guard let watch, error.code != .storeLost else { return .finished(.failed(error)) }
        phase = .unwatching(.failed(error))
        return .ask(.store([watch.end]))
    }
}
