internal import ArgumentParser
internal import PVUSB
internal import Simulation

/// Prints the host as a world: `pvusb snapshot`.
struct SnapshotCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot", abstract: "Prints this host as a world file.",
        discussion: "The world has the USB devices, their drivers and all of the xenstore. Any "
            + "command runs on it with --sandbox FILE: it is a bug report, and a place to try.")

    @Flag(help: "Replace the devices' serial numbers.")
    var redact = false

    @OptionGroup var globals: GlobalOptions

    func run() async throws {
        let session = Session(globals: globals)
        let redact = redact
        let toolstack = globals.toolstack(for: .devices)
        do {
            let text = try await toolstack.withSeams { seams throws(PVUSBError) in
                try Self.snapshot(of: seams, redacted: redact)
            }
            if !globals.quiet { try Output.data(text) }
        } catch {
            throw ExitCode(session.fail(error))
        }
    }

    private static func snapshot(
        of seams: Seams, redacted: Bool
    ) throws(PVUSBError) -> String {
        guard let store = seams.store else {
            throw PVUSBError(
                .failed, "there is no xenstored to read",
                remedy: "run pvusb in domain 0; for the devices alone: pvusb sandbox new FILE "
                    + "--sysfs /sys")
        }
        do throws(WorldFailure) {
            let world = try World(capturing: seams.files, store: store)
            let bytes = try (redacted ? world.redacted() : world).json()
            return String(decoding: bytes, as: UTF8.self)
        } catch {
            throw PVUSBError(
                .failed, "no snapshot could be made: \(error.message)", remedy: error.remedy)
        }
    }
}
