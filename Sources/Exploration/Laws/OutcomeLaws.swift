internal import PVUSBCore
internal import Simulation

/// The laws about how a process ends, whatever it was to do.
extension Search {
    /// Nobody but the processes of the scenario's commands did anything yet.
    func isUndisturbed(_ node: Node) -> Bool {
        node.meddlers == scenario.meddlers && node.crashes == 0
    }

    func checkOutcome(
        _ outcome: Outcome, of process: Process, _ command: Command, in node: Node,
        _ index: Int32, _ move: Move
    ) {
        checkWords(outcome, of: process, index, move)
        guard isUndisturbed(node), scenario.commands.contains(command) else { return }
        if scenario.isRefused, outcome.error == nil {
            note(.refusing, "\(command.words) is not refused", at: index, move)
        }
        if scenario.comesHome, outcome.error == nil,
            !play.worlds.world(node.world).isHome(scenario.device)
        {
            note(.hostDrivers, "it is not home", at: index, move)
        }
        if command.isWatch, scenario.isUpToDate {
            note(.report, "a change is told, and there was none", at: index, move)
        }
    }

    /// All that is told of an end goes to a terminal or a log, and a guest may have written it.
    private func checkWords(
        _ outcome: Outcome, of process: Process, _ index: Int32, _ move: Move
    ) {
        guard told.insert(process.agent).inserted else { return }
        guard let odd = outcome.texts.first(where: { !$0.isPlain }) else { return }
        note(.telling, "'\(odd)' is not", at: index, move)
    }
}

extension Outcome {
    /// Every text that is told of the end.
    fileprivate var texts: [String] {
        switch self {
        case .failed(let error): error.texts
        case .inventory(let inventory):
            inventory.observation.deviceStatuses().flatMap { $0.problems + [$0.remedy ?? ""] }
        case .plans(let plans, let refusals):
            plans.flatMap { [$0.label] + $0.steps.flatMap(\.texts) } + refusals.flatMap(\.texts)
        case .report(let report):
            report.goals.flatMap(\.texts) + report.auditLines(milliseconds: 1500)
                + (report.verdict?.texts ?? [])
        }
    }
}

extension GoalReport {
    fileprivate var texts: [String] {
        let ends = steps.flatMap { report -> [String] in
            guard case .failed(let reason) = report.result else { return report.step.texts }
            return report.step.texts + [reason]
        }
        return [label] + ends + remarks + (error?.texts ?? [])
    }
}

extension PVUSBError {
    fileprivate var texts: [String] { [message, cause ?? "", remedy ?? ""] }
}

extension Step {
    fileprivate var texts: [String] { [text.action, text.target, text.value] }
}

extension String {
    /// Nothing in it ends a line or steers a terminal.
    fileprivate var isPlain: Bool {
        unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7f...0x9f).contains($0.value) }
    }
}
