internal import ArgumentParser
internal import Glibc
internal import PVUSB
internal import Simulation

/// The options that every command takes, before or after its name.
struct GlobalOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Run on a world file, store included.", valueName: "file"))
    var sandbox: String?

    @Option(
        help: ArgumentHelp(
            "Take the USB side from a world file, the store from XENSTORED_PATH.",
            valueName: "file"))
    var usb: String?

    @Option(help: ArgumentHelp("Where sysfs is, or a copy of it to look at.", valueName: "dir"))
    var sysfs: String?

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(name: [.customShort("n"), .long], help: "Print the steps, do nothing.")
    var dryRun = false

    @Flag(help: "With --dry-run: exit 11 if there is something to do.")
    var exitCode = false

    @Flag(name: .shortAndLong, help: "Print no data, only errors.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Print the steps that were done.")
    var verbose = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How long each wait may take, 1 to 3600.", valueName: "seconds"),
        transform: Self.seconds)
    var timeout = 10

    private static func seconds(_ word: String) throws -> Int {
        guard let seconds = Int(complete: word), (1...3600).contains(seconds) else {
            throw ValidationError("'\(word)' is no time-out: it is a number from 1 to 3600")
        }
        return seconds
    }

    func validate() throws {
        guard sandbox != "", usb != "" else {
            throw ValidationError("an empty word is no world file")
        }
        guard usb == nil || (sandbox == nil && sysfs == nil) else {
            throw ValidationError(
                "--usb has its own sysfs and a real store: --sandbox and --sysfs do not go with it")
        }
        guard sandbox == nil || sysfs == nil else {
            throw ValidationError("--sandbox has its own sysfs: --sysfs does not go with it")
        }
        guard !exitCode || dryRun else {
            throw ValidationError("--exit-code goes with --dry-run")
        }
    }
}

/// The variables of the process's environment.
enum Environment {
    /// A variable's value; nil when it is not set.
    static func value(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }
}

extension GlobalOptions {
    /// The world file, from `--sandbox` or the environment.
    var sandboxPath: String? {
        if let sandbox { return sandbox }
        // Who names a tree means that tree, whatever the environment says.
        if sysfs != nil || usb != nil { return nil }
        return Environment.value("PVUSB_SANDBOX").flatMap { $0.isEmpty ? nil : $0 }
    }

    /// How an operation is to go about its command.
    var operationOptions: OperationOptions {
        OperationOptions(isDryRun: dryRun, waitMilliseconds: timeout * 1000)
    }

    /// The toolstack that the options ask for.
    func toolstack(for command: Command) -> Toolstack {
        let (sandboxPath, usb, sysfs) = (sandboxPath, usb, sysfs ?? "/sys")
        let changing = !command.onlyLooks && !dryRun
        let looksAgain = changing || command.waitsForChange
        let timeout = timeout
        return Toolstack { () throws(PVUSBError) in
            if let usb { return try Seams.simulatedUSB(usb, timeout: timeout, looksAgain) }
            if let sandboxPath { return try Seams.sandbox(sandboxPath) }
            return try Seams.thisHost(
                sysfs: sysfs, changing: changing, looksAgain: looksAgain,
                timeoutMilliseconds: timeout * 1000,
                environment: Environment.value)
        }
    }
}

extension Command {
    /// Tells whether the command looks again and again, until something differs.
    fileprivate var waitsForChange: Bool {
        if case .awaitChange = self { return true }
        return false
    }
}

extension GlobalOptions {
    /// In a sandbox, lets the backends and guests react to what the command did.
    func letTimePass() {
        guard let sandboxPath, let file = try? WorldFile(sandboxPath) else { return }
        try? file.letTimePass()
    }
}

extension Seams {
    /// The seams of the world in a file.
    static func sandbox(_ path: String) throws(PVUSBError) -> Seams {
        do throws(WorldFailure) {
            let host = try SimulatedHost(file: path)
            return Seams(
                store: host, files: host, locks: host, clock: host, deviceModel: host,
                log: systemLog(Environment.value))
        } catch {
            throw .world(path, error)
        }
    }
}

extension Seams {
    /// The seams of a real store with the USB side of the world in a file.
    static func simulatedUSB(
        _ path: String, timeout: Int, _ looksAgain: Bool
    ) throws(PVUSBError) -> Seams {
        let host = try SimulatedUSBHost.opened(path, timeout: timeout)
        let store = watched(host.store, isUseful: looksAgain)
        let clock = HostClock(host.clock, store: store, hotplug: host.fileChanges)
        return Seams(
            store: store, files: host, locks: host, clock: clock, deviceModel: host,
            log: systemLog(Environment.value))
    }
}

extension PVUSBError {
    /// A world file that can't be used.
    static func world(_ path: String, _ failure: WorldFailure) -> PVUSBError {
        PVUSBError(
            .failed, "the world file \(path) can't be used: \(failure.message)",
            remedy: failure.remedy)
    }
}
