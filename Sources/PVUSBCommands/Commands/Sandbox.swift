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

    func validate() throws {
        guard !file.isEmpty else { throw ValidationError("an empty word is no world file") }
    }

    /// The built-in world, or the one that a sysfs tree shows.
    private func world() throws(PVUSBError) -> World {
        guard let directory = globals.sysfs else { return World.builtIn() }
        do throws(WorldFailure) {
            return try World.capturing(sysfs: directory)
        } catch {
            throw PVUSBError(.failed, error.message, remedy: error.remedy)
        }
    }

    func run() async throws {
        let session = Session(globals: globals)
        let world = try session.read { () throws(PVUSBError) -> World in try self.world() }
        try session.read { () throws(PVUSBError) in
            do throws(WorldFailure) {
                try WorldFile.checkFree(file)
            } catch {
                throw .world(file, error)
            }
        }
        guard !globals.dryRun else {
            let plan = PlanDocument(
                goal: "a world in \(file)", action: "write", target: file, value: "world")
            return try session.show(plan)
        }
        try session.read { () throws(PVUSBError) in
            do throws(WorldFailure) {
                try WorldFile.create(file, world)
            } catch {
                throw .world(file, error)
            }
        }
        if !globals.quiet {
            Output.error("\(file): a world with the guests pv1, pvh1 and win10\n")
        }
    }
}
