internal import ArgumentParser
internal import PVUSB
internal import Simulation

/// Plays a world on a xenstored: `pvusb simulate`.
struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Plays the kernel, the backends and the guests of a world on a xenstored.",
        discussion: "The guests move into the xenstored at XENSTORED_PATH, and act there until the "
            + "command is interrupted, which is its end. Commands with --usb FILE take the USB "
            + "side from the same file.")

    @Argument(help: "The world file; make one with 'sandbox new'.")
    var file: String

    @OptionGroup var globals: GlobalOptions

    func validate() throws {
        guard !file.isEmpty else { throw ValidationError("an empty word is no world file") }
        guard globals.sandbox == nil, globals.usb == nil, globals.sysfs == nil else {
            throw ValidationError(
                "the world is the argument: --sandbox, --usb and --sysfs do not go with it")
        }
    }

    func run() async throws {
        let session = Session(globals: globals)
        let host = try session.read { () throws(PVUSBError) in
            try SimulatedUSBHost.opened(file, timeout: globals.timeout)
        }
        guard !globals.dryRun else {
            return try session.show(
                PlanDocument(
                    goal: "\(file) is played at \(host.place)", action: "write",
                    target: host.place, value: "guests"))
        }
        try session.read { () throws(PVUSBError) in
            do throws(StorePeerFailure) {
                try host.play(begin: announce)
            } catch {
                throw .simulation(file, error)
            }
        }
    }

    private func announce(_ guests: [UInt16]) {
        guard !globals.quiet else { return }
        let numbers = guests.map(String.init).joined(separator: ", ")
        Output.error("\(file): domains \(numbers) are played until interrupted\n")
    }
}

extension SimulatedUSBHost {
    /// A world file beside the xenstored of the environment.
    ///
    /// - Parameter timeout: how long a call of the store may take, in seconds.
    static func opened(_ file: String, timeout: Int) throws(PVUSBError) -> SimulatedUSBHost {
        do throws(StorePeerFailure) {
            return try SimulatedUSBHost(
                file: file, timeoutMilliseconds: timeout * 1000, environment: Environment.value)
        } catch {
            throw .simulation(file, error)
        }
    }
}

extension PVUSBError {
    /// A world that can't be played.
    static func simulation(_ file: String, _ failure: StorePeerFailure) -> PVUSBError {
        switch failure {
        case .world(let failure): .world(file, failure)
        case .unsuitable:
            PVUSBError(
                .refused, "\(failure.message); a simulated USB side needs a xenstored of its own",
                remedy: "set XENSTORED_PATH to the socket of one, as scripts/real-xenstored does")
        case .store: PVUSBError(.failed, failure.message)
        }
    }
}
