internal import PVUSB

/// What was done, for people.
enum ReportText {
    static func render(_ report: Report, withSteps: Bool) -> String {
        let isEmpty = report.goals.isEmpty && report.unnamed.isEmpty && report.error == nil
        if isEmpty { return "nothing to do\n" }
        let unnamed = report.unnamed.map {
            "\($0) left alone, as nobody named it: pvusb recover \($0)\n"
        }
        return (report.goals.map { render($0, withSteps) } + unnamed).joined()
    }

    private static func render(_ goal: GoalReport, _ withSteps: Bool) -> String {
        let steps = withSteps ? StepTable.render(goal.steps) : ""
        let remarks = Set(goal.remarks).sorted().map {
            "libxl's configuration was left alone: \($0.escaped)\n"
        }
        guard goal.error == nil else { return steps + remarks.joined() }
        let isDone = goal.steps.contains { $0.result == .done }
        let ending = "\(goal.ending.escaped)\(isDone ? "" : ": already so")\n"
        return steps + ending + remarks.joined()
    }
}

extension GoalReport {
    /// Where the device is at the end, which need not be what the goal's name says.
    var ending: String {
        guard let device = goal.device, let status else { return label }
        switch (goal, status.state) {
        case (.assigned, _), (.host, .host), (.parked, .parked): return label
        case (_, .host): return "\(device) with its host drivers"
        case (_, .unbound): return "\(device) without a driver"
        case (_, .assigned), (_, .parked), (_, .hub):
            return "\(device) \(status.state.rawValue)"
        default: return status.device == nil ? "\(device) gone, and forgotten" : label
        }
    }
}

/// Steps as lines.
enum StepTable {
    static func render(_ steps: [StepReport]) -> String {
        var table = Table(header: ["ACTION", "TARGET", "VALUE", "RESULT"])
        table.rows = steps.map { step in
            let text = step.step.text
            return [text.action, text.target, text.value, step.result.text]
        }
        return table.render(withHeader: false)
    }
}

extension StepReport.Result {
    /// The result in words.
    var text: String {
        switch self {
        case .done: "done"
        case .alreadySo: "already so"
        case .failed(let reason): "failed: \(reason)"
        }
    }
}

/// What would be done, for people.
enum PlanText {
    static func render(_ plans: [Plan]) -> String {
        let steps = plans.flatMap(\.steps)
        guard !steps.isEmpty else { return "nothing to do\n" }
        var table = Table(header: ["ACTION", "TARGET", "VALUE"])
        table.rows = steps.map { [$0.text.action, $0.text.target, $0.text.value] }
        return table.render(withHeader: false)
    }
}

/// Why something was not done, for people: a sentence, its cause, and what to type.
enum ErrorText {
    static func render(_ error: PVUSBError) -> String {
        let cause = error.cause.map { " (\($0))" } ?? ""
        let remedy = error.remedy.map { "  try: \($0.escaped)\n" } ?? ""
        return "pvusb: \((error.message + cause).escaped)\n\(remedy)"
    }
}
