internal import ArgumentParser
internal import PVUSB

/// The command line as a function: words in, an exit code out.
public enum CommandLineTool {
    /// The version that `--version` prints.
    public static let version = "0.1.0"

    /// Runs the command that the words name and returns its exit code, 0…12.
    ///
    /// To be called from `main` before anything else: it blocks the signals that ask to stop.
    public static func run(_ arguments: [String]) async -> Int32 {
        Seams.prepareProcess()
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
            Output.error(ErrorText.render(error))
            return error.exitCode
        } catch {
            return report(error)
        }
    }

    /// What the parser has to say: help and version are answers, all else is a usage error.
    private static func report(_ error: any Error) -> Int32 {
        let text = PVUSBCommand.fullMessage(for: error) + "\n"
        guard PVUSBCommand.exitCode(for: error) == .success else {
            Output.error(text)
            return PVUSBError.Code.usage.exitCode
        }
        Output.data(text)
        return 0
    }
}

/// The command `pvusb` and its subcommands.
struct PVUSBCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pvusb",
        abstract: "Gives host USB devices to Xen guests, and takes them back.",
        version: CommandLineTool.version,
        subcommands: [
            DevicesCommand.self, ListCommand.self, AttachCommand.self, DetachCommand.self,
            ControllerCommand.self, RecoverCommand.self, SandboxCommand.self, DemoCommand.self,
        ])

    @OptionGroup var globals: GlobalOptions
}
