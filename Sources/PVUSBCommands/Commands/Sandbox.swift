internal import ArgumentParser
internal import PVUSB
internal import Simulation

/// Groups the commands about worlds: `pvusb sandbox`.
struct SandboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sandbox", abstract: "Makes worlds to play in, without Xen.",
        subcommands: [SandboxNewCommand.self])
}

/// Writes a world file: `pvusb sandbox new`.
struct SandboxNewCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Writes a world file: the built-in one, or one made from a sysfs tree.",
        discussion: "Without --sysfs the built-in world is written. It has three guests, pv1, "
            + "pvh1 and win10; run any command on it with --sandbox FILE.")

    @Argument(help: "The file to write; it must not exist.")
    var file: String

    @OptionGroup var globals: GlobalOptions

    func run() async throws {
        let session = Session(globals: globals)
        try session.read { () throws(PVUSBError) in
            do throws(WorldFailure) {
                let world = try globals.sysfs.map { directory throws(WorldFailure) in
                    try World.capturing(sysfs: directory)
                }
                try WorldFile.create(file, world ?? World.builtIn())
            } catch {
                throw .world(file, error)
            }
        }
        if !globals.quiet {
            Output.error("\(file): a world with the guests pv1, pvh1 and win10\n")
        }
    }
}
