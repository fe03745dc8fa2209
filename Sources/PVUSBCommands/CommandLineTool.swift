internal import ArgumentParser
internal import PVUSB

/// The command line as a function: words in, an exit code out.
public enum CommandLineTool {
    /// The version that `--version` prints.
    public static let version = "0.1.0"

    /// Blocks the signals that ask to stop, so that they are heard where it is safe.
    ///
    /// To be called in `main`, before any other thread exists.
    public static func prepareProcess() {
        Seams.prepareProcess()
    }

    /// Runs the command that the words name on a thread of its own and hands on its exit code.
    ///
    /// - Parameter end: called on that thread.
    public static func start(
        _ arguments: [String], _ end: @escaping @Sendable (Int32) -> Void
    ) {
        Task(executorPreference: ThreadExecutor()) { end(await run(arguments)) }
    }

    /// Runs the command that the words name and returns its exit code, 0…12.
    public static func run(_ arguments: [String]) async -> Int32 {
        do {
            var command = try PVUSBCommand.parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return 0
        } catch let exit as ExitCode {
            return exit.rawValue
        } catch let error as PVUSBError {
            let isJSON = arguments.contains("--json")
            Output.error(
                isJSON ? JSONText.render(ErrorDocument(error)) : ErrorText.render(error))
            return error.exitCode
        } catch {
            return report(error, asJSON: arguments.contains("--json"))
        }
    }

    /// What the parser has to say: help and version are answers, all else is a usage error.
    private static func report(_ error: any Error, asJSON: Bool) -> Int32 {
        guard PVUSBCommand.exitCode(for: error) == .success else {
            let message = PVUSBCommand.message(for: error)
            let text = PVUSBCommand.fullMessage(for: error).escapedLines + "\n"
            let document = ErrorDocument(PVUSBError(.usage, message, remedy: "pvusb --help"))
            Output.error(asJSON ? JSONText.render(document) : text)
            return PVUSBError.Code.usage.exitCode
        }
        let written: ()? = try? Output.data(PVUSBCommand.fullMessage(for: error) + "\n")
        return written == nil ? PVUSBError.Code.failed.exitCode : 0
    }
}

/// The command `pvusb` and its subcommands.
struct PVUSBCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pvusb",
        abstract: "Gives host USB devices to Xen guests, and takes them back.",
        version: CommandLineTool.version,
        subcommands: [
            DevicesCommand.self, ListCommand.self, ShowCommand.self, AttachCommand.self,
            ApplyCommand.self,
            DetachCommand.self, ControllerCommand.self, RecoverCommand.self, SandboxCommand.self,
            WatchCommand.self, SimulateCommand.self, SnapshotCommand.self, DemoCommand.self,
            DoctorCommand.self,
        ])

    @OptionGroup var globals: GlobalOptions
}
