internal import PVUSB

/// The answer of `pvusb list --json`.
struct ControllerListDocument: Encodable {
    let schemaVersion = 1
    let kind = "ControllerList"
    let controllers: [ControllerDocument]
    let oddities: [OddityDocument]

    init(_ inventory: Inventory) {
        controllers = inventory.shownControllers.map { ControllerDocument($0, inventory) }
        oddities = inventory.observation.oddities.map { OddityDocument($0) }
    }
}

/// A controller as a program reads it.
struct ControllerDocument: Encodable {
    let domainId: Int
    let domainName: Nullable<String>
    let devid: Int
    let kind: Nullable<String>
    let version: Int
    let backendDomainId: Int
    let state: Nullable<Int>
    let frontendState: Nullable<Int>
    let orphan: Bool
    let ports: [Port]

    struct Port: Encodable {
        let number: Int
        let busId: Nullable<String>
    }

    init(_ controller: ControllerView, _ inventory: Inventory) {
        domainId = Int(controller.id.domain.number)
        domainName = Nullable(inventory.observation.domain(controller.id.domain)?.name)
        devid = Int(controller.id.number.number)
        kind = Nullable(controller.kind?.rawValue)
        version = Int(controller.version)
        backendDomainId = Int(controller.backendDomain.number)
        state = Nullable(controller.backendState.map { Int($0.rawValue) })
        frontendState = Nullable(controller.frontendState.map { Int($0.forShowing.rawValue) })
        orphan = controller.isOrphan
        ports = controller.ports.enumerated().map { index, content in
            var device: String?
            if case .device(let id) = content { device = id.description }
            return Port(number: index + 1, busId: Nullable(device))
        }
    }
}

/// A step as a program reads it.
struct StepDocument: Encodable {
    let action: String
    let target: String
    let value: String
}

extension StepDocument {
    init(_ step: Step) {
        let text = step.text
        self.init(action: text.action, target: text.target, value: text.value)
    }
}

/// The answer of a dry run with `--json`.
struct PlanDocument: Encodable {
    let schemaVersion = 1
    let kind = "Plan"
    let goal: String
    let steps: [StepDocument]

    static let nothing = PlanDocument()

    private init() {
        goal = "nothing to do"
        steps = []
    }

    /// A plan of one step that is no device's.
    init(goal: String, action: String, target: String, value: String) {
        self.goal = goal
        steps = [StepDocument(action: action, target: target, value: value)]
    }

    init(_ plan: Plan) {
        goal = plan.label
        steps = plan.steps.map { StepDocument($0) }
    }
}

/// What a changing command did, with `--json`.
struct ReportDocument: Encodable {
    let schemaVersion = 1
    let kind = "Report"
    let goals: [GoalDocument]

    struct GoalDocument: Encodable {
        let goal: String
        let steps: [Step]
        let reached: Bool
        let state: Nullable<String>
    }

    struct Step: Encodable {
        let action: String
        let target: String
        let value: String
        let result: String
        let reason: Nullable<String>
    }

    init(_ report: Report) {
        goals = report.goals.map { goal in
            GoalDocument(
                goal: goal.label, steps: goal.steps.map { Step($0) },
                reached: goal.error == nil, state: Nullable(goal.status?.state.rawValue))
        }
    }
}

extension ReportDocument.Step {
    fileprivate init(_ report: StepReport) {
        let text = report.step.text
        action = text.action
        target = text.target
        value = text.value
        switch report.result {
        case .done: (result, reason) = ("done", Nullable(nil))
        case .alreadySo: (result, reason) = ("already so", Nullable(nil))
        case .failed(let cause): (result, reason) = ("failed", Nullable(cause))
        }
    }
}

/// An error, on standard error, with `--json`.
struct ErrorDocument: Encodable {
    let schemaVersion = 1
    let kind = "Error"
    let code: String
    let message: String
    let cause: Nullable<String>
    let remedy: Nullable<String>
    let exitCode: Int

    init(_ error: PVUSBError) {
        code = error.code.name
        message = error.message
        cause = Nullable(error.cause)
        remedy = Nullable(error.remedy)
        exitCode = Int(error.exitCode)
    }
}
