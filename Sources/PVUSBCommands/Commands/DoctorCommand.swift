internal import ArgumentParser
internal import PVUSB

/// Checks the host: `pvusb doctor`.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Checks this host: which kinds of controller work, what is in the way, what is "
            + "half done.",
        discussion: "Exit code 12 if something was left half done, 1 if something does not work, "
            + "else 0.")

    @OptionGroup var globals: GlobalOptions

    func run() async throws {
        let session = Session(globals: globals)
        let checks = try await checks(globals.toolstack(for: .doctor), session)
        if !globals.quiet {
            try Output.data(
                globals.json
                    ? JSONText.render(CheckupDocument(checks))
                    : CheckupText.render(checks, withHeader: Output.isTerminal))
        }
        let code = Self.code(checks)
        guard code == 0 else { throw ExitCode(code) }
    }

    /// Without a store there is still the host's own side to be checked.
    private func checks(_ toolstack: Toolstack, _ session: Session) async throws -> [Check] {
        switch await toolstack.run(.doctor, globals.operationOptions) {
        case .inventory(let inventory): return inventory.checks
        case .failed(let error):
            let options = OperationOptions(hasStore: false)
            guard case .inventory(let inventory) = await toolstack.run(.devices, options) else {
                throw ExitCode(session.fail(error))
            }
            return inventory.hostChecks + [Check(storeFailure: error)]
        case .plans, .report: return []
        }
    }

    private static func code(_ checks: [Check]) -> Int32 {
        if checks.contains(where: { $0.result == .unfinished }) {
            return PVUSBError.Code.unfinished.exitCode
        }
        return checks.contains { $0.result == .bad } ? PVUSBError.Code.failed.exitCode : 0
    }
}

/// The checks as lines.
enum CheckupText {
    static func render(_ checks: [Check], withHeader: Bool) -> String {
        var table = Table(header: ["RESULT", "CHECK", "FOUND"])
        table.rows = checks.map { check in
            let remedy = check.remedy.map { "; try: \($0)" } ?? ""
            return [check.result.rawValue, check.name, check.message + remedy]
        }
        return table.render(withHeader: withHeader)
    }
}

/// The answer of `pvusb doctor --json`.
struct CheckupDocument: Encodable {
    let schemaVersion = 1
    let kind = "Checkup"
    let checks: [Item]

    struct Item: Encodable {
        let name: String
        let result: String
        let message: String
        let remedy: Nullable<String>
    }

    init(_ checks: [Check]) {
        self.checks = checks.map {
            Item(
                name: $0.name, result: $0.result.rawValue, message: $0.message,
                remedy: Nullable($0.remedy))
        }
    }
}
