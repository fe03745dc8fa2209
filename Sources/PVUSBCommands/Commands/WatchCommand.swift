internal import ArgumentParser
internal import PVUSB

/// Tells of every change until interrupted: `pvusb watch`.
struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Prints a line for every change of a device, port or controller.",
        discussion: "It ends when it is interrupted, or when nobody reads what it prints. It waits "
            + "for events and looks again; it never polls.")

    @OptionGroup var globals: GlobalOptions

    func run() async throws {
        let session = Session(globals: globals)
        let toolstack = globals.toolstack(for: .devices)
        guard var seen = try await session.inventory(of: .devices, toolstack) else { return }
        if !globals.quiet {
            Output.error("watching; interrupt to end\n")
        }
        while let now = try await session.inventory(of: .awaitChange(since: seen), toolstack) {
            let lines = now.changes(since: seen).map {
                ChangeLine.render($0, now, asJSON: globals.json)
            }
            guard globals.quiet || Output.isRead(lines.joined()) else { return }
            seen = now
        }
    }
}

extension Session {
    /// What a look sees; nil when somebody asked the process to stop.
    fileprivate func inventory(
        of command: Command, _ toolstack: Toolstack
    ) async throws -> Inventory? {
        switch await toolstack.run(command, globals.operationOptions) {
        case .inventory(let inventory): return inventory
        case .failed(let error) where error.code == .interrupted: return nil
        case .failed(let error): throw ExitCode(fail(error))
        case .plans, .report: return nil
        }
    }
}
