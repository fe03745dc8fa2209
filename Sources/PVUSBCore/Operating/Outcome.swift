public import USBModel

/// How an operation ended.
public enum Outcome: Hashable, Sendable {
    /// What was seen, for a command that only looks.
    case inventory(Inventory)
    /// What would be done, for a dry run; and why it can't be planned for some.
    case plans([Plan], refusals: [PVUSBError])
    /// What was done.
    case report(Report)
    /// Why nothing was done.
    case failed(PVUSBError)
}

extension Outcome {
    /// What was done, where anything was to be done.
    public var report: Report? {
        if case .report(let report) = self { report } else { nil }
    }

    /// The error that decides the exit code; nil when there is none.
    public var error: PVUSBError? {
        switch self {
        case .failed(let error): error
        case .report(let report): report.verdict
        case .inventory, .plans: nil
        }
    }
}

/// What was seen of the host, and who is at work on it.
public struct Inventory: Hashable, Sendable {
    /// What was seen.
    public let observation: Observation
    /// The devices on which another process works now; its process id, where it is known.
    public let workers: [BusID: Worker]
    /// The one domain that was asked for; nil for all.
    public let domain: DomainID?
    /// What somebody wants to see all about; nil for a list.
    public let subject: Subject?

    /// Makes an inventory.
    public init(
        observation: Observation, workers: [BusID: Worker] = [:], domain: DomainID? = nil,
        subject: Subject? = nil
    ) {
        self.observation = observation
        self.workers = workers
        self.domain = domain
        self.subject = subject
    }
}

/// Another process that works on a device.
public struct Worker: Hashable, Sendable {
    /// Its process id; nil when it did not say.
    public let process: Int32?

    /// Names a process.
    public init(process: Int32?) {
        self.process = process
    }
}

/// What became of one step.
public struct StepReport: Hashable, Sendable {
    /// How a step ended.
    public enum Result: Hashable, Sendable {
        /// It was done.
        case done
        /// Its wish was fulfilled already.
        case alreadySo
        /// It was tried in vain; what the kernel or the store said.
        case failed(String)
    }

    /// The step.
    public let step: Step
    /// How it ended.
    public let result: Result

    /// Notes a step's end.
    public init(_ step: Step, _ result: Result) {
        self.step = step
        self.result = result
    }
}

/// What became of one goal.
public struct GoalReport: Hashable, Sendable {
    /// What was to be reached.
    public let goal: Goal
    /// The same as people read it.
    public let label: String
    /// The steps in order, those of undoing a failure last.
    public var steps: [StepReport]
    /// Why the goal was not reached; nil when it was.
    public var error: PVUSBError?
    /// Where the device is now; nil for a controller.
    public var status: DeviceStatus?

    /// Makes a report.
    public init(
        goal: Goal, label: String, steps: [StepReport], error: PVUSBError? = nil,
        status: DeviceStatus? = nil
    ) {
        self.goal = goal
        self.label = label
        self.steps = steps
        self.error = error
        self.status = status
    }
}

extension GoalReport {
    /// Why libxl's configurations of domains were left as they were, though the goal was reached.
    public var remarks: [String] {
        steps.compactMap { report in
            guard case .configure = report.step, case .failed(let reason) = report.result else {
                return nil
            }
            return reason
        }
    }
}

/// What became of every goal of a command.
public struct Report: Hashable, Sendable {
    /// One report a goal, in the order of the work.
    public var goals: [GoalReport] = []
    /// Why the command as a whole ended early; nil when it did not.
    public var error: PVUSBError?
    /// What is half done, but is touched only for somebody who names it: nothing says that pvusb or
    /// xl began it.
    public var unnamed: [BusID] = []

    /// Nothing was done.
    public init() {}

    /// The error that decides the exit code: an early end, the one failure, or "some of several".
    public var verdict: PVUSBError? {
        let failed = goals.compactMap(\.error)
        if let error { return error }
        guard let first = failed.first else { return nil }
        guard failed.count < goals.count else { return first }
        return PVUSBError(
            .partial,
            "\(failed.count) of \(goals.count) failed, the first because \(first.message)",
            cause: first.cause, remedy: first.remedy)
    }
}
