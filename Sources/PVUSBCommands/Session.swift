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
        if !command.onlyLooks { globals.letTimePass() }
        let code = show(outcome, style)
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

    private func show(_ outcome: Outcome, _ style: ListStyle) -> Int32 {
        switch outcome {
        case .failed(let error): return fail(error)
        case .inventory(let inventory):
            emit(style.render(inventory, asJSON: globals.json, withHeader: Output.isTerminal))
            return 0
        case .plans(let plans): return show(plans)
        case .report(let report): return show(report)
        }
    }

    private func show(_ plans: [Plan]) -> Int32 {
        let documents = plans.isEmpty ? [PlanDocument.nothing] : plans.map { PlanDocument($0) }
        emit(
            globals.json
                ? documents.map { JSONText.render($0) }.joined() : PlanText.render(plans))
        let hasWork = plans.contains { !$0.steps.isEmpty }
        return hasWork && globals.exitCode ? PVUSBError.Code.pending.exitCode : 0
    }

    private func show(_ report: Report) -> Int32 {
        if globals.json {
            emit(JSONText.render(ReportDocument(report)))
        } else {
            emit(ReportText.render(report, withSteps: globals.verbose))
        }
        return report.verdict.map { fail($0) } ?? 0
    }

    private func emit(_ text: String) {
        if !globals.quiet { Output.data(text) }
    }
}
