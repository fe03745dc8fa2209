internal import ArgumentParser
internal import PVUSB

/// Runs one command for a subcommand and prints what came of it.
struct Session {
    let globals: GlobalOptions

    /// Runs a command; its words have been read already.
    ///
    /// - Throws: the exit code, unless it is 0.
    func run(_ command: Command, style: ListStyle = .devices) async throws {
        let toolstack = globals.toolstack(for: command)
        let outcome = await toolstack.run(command, globals.operationOptions)
        if !command.onlyLooks, !globals.dryRun { globals.letTimePass() }
        let code = try show(outcome, of: command, style)
        guard code == 0 else { throw ExitCode(code) }
    }

    /// Reads words with a parser of the core's, and ends with its error if they are off.
    func read<Value>(_ body: () throws(PVUSBError) -> Value) throws -> Value {
        do throws(PVUSBError) {
            return try body()
        } catch {
            throw ExitCode(fail(error))
        }
    }

    func fail(_ error: PVUSBError) -> Int32 {
        Output.error(globals.json ? JSONText.render(ErrorDocument(error)) : ErrorText.render(error))
        return error.exitCode
    }

    private func show(
        _ outcome: Outcome, of command: Command, _ style: ListStyle
    ) throws(PVUSBError) -> Int32 {
        switch outcome {
        case .failed(let error): return fail(error)
        case .inventory(let inventory):
            if !globals.json, !globals.quiet {
                Output.error(OddityText.render(inventory.observation.oddities))
            }
            try emit(style.render(inventory, asJSON: globals.json, withHeader: Output.isTerminal))
            return 0
        case .plans(let plans, let refusals):
            let code = try show(plans, of: command)
            return refusals.map { fail($0) }.first ?? code
        case .report(let report): return try show(report)
        }
    }

    private func show(_ plans: [Plan], of command: Command) throws(PVUSBError) -> Int32 {
        let documents = plans.isEmpty ? [PlanDocument.nothing] : plans.map { PlanDocument($0) }
        try emit(
            globals.json
                ? documents.map { JSONText.render($0) }.joined() : PlanText.render(plans))
        let hasWork = plans.contains { !$0.steps.isEmpty }
        guard hasWork, globals.exitCode else { return 0 }
        guard case .recover = command else { return PVUSBError.Code.pending.exitCode }
        // What recovery would do is what an interrupted command left.
        return PVUSBError.Code.unfinished.exitCode
    }

    private func show(_ report: Report) throws(PVUSBError) -> Int32 {
        if globals.json {
            try emit(JSONText.render(ReportDocument(report)))
        } else {
            try emit(ReportText.render(report, withSteps: globals.verbose))
        }
        return report.verdict.map { fail($0) } ?? 0
    }

    /// Shows the plan of a command that is not an operation.
    func show(_ plan: PlanDocument) throws {
        let table = Table(
            header: ["ACTION", "TARGET", "VALUE"],
            rows: plan.steps.map { [$0.action, $0.target, $0.value] })
        try emit(globals.json ? JSONText.render(plan) : table.render(withHeader: false))
        guard !globals.exitCode else { throw ExitCode(PVUSBError.Code.pending.exitCode) }
    }

    private func emit(_ text: String) throws(PVUSBError) {
        if !globals.quiet { try Output.data(text) }
    }
}
