internal import ArgumentParser
internal import PVUSB

/// Groups the commands about controllers: `pvusb controller`.
struct ControllerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "controller", abstract: "Adds, removes and lists virtual USB controllers.",
        subcommands: [
            ControllerAddCommand.self, ControllerRemoveCommand.self, ControllerListCommand.self,
        ])
}

/// Gives a domain a controller: `pvusb controller add`.
struct ControllerAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Gives a domain a virtual USB controller.")

    @Argument(help: "The domain's name or number.")
    var domain: String

    @Option(
        parsing: .unconditional,
        help: "How it is implemented: auto, pv, qusb or devicemodel; this version makes pv.")
    var kind = "auto"

    @Option(parsing: .unconditional, help: "The USB version it offers, 1 or 2.")
    var version = "2"

    @Option(parsing: .unconditional, help: "How many ports it has, 1 to 31.")
    var ports = "8"

    @OptionGroup var globals: GlobalOptions

    func run() async throws {
        let session = Session(globals: globals)
        let command = try session.read { () throws(PVUSBError) in
            Command.addController(try DomainSelector(domain), try settings(try wantedKind()))
        }
        try await session.run(command)
    }

    /// `auto` is the one kind that this version makes.
    private func wantedKind() throws(PVUSBError) -> ControllerKind {
        if kind == "auto" { return .pv }
        guard let kind = ControllerKind(rawValue: kind) else {
            throw PVUSBError(.usage, "'\(kind)' is no kind: it is auto, pv, qusb or devicemodel")
        }
        return kind
    }

    private func settings(_ kind: ControllerKind) throws(PVUSBError) -> ControllerSettings {
        guard let version = UInt8(complete: version), (1...2).contains(version) else {
            throw PVUSBError(.usage, "'\(version)' is no USB version: it is 1 or 2")
        }
        guard let ports = UInt8(complete: ports),
            let settings = ControllerSettings(kind: kind, version: version, ports: ports)
        else {
            throw PVUSBError(
                .usage, "'\(ports)' is no number of ports: it is from 1 to \(PortNumber.max)")
        }
        return settings
    }
}

/// Takes a controller away: `pvusb controller remove`.
struct ControllerRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Takes a controller away; its devices come back first.")

    @Argument(help: "The domain's name or number.")
    var domain: String

    @Argument(help: "The controller's number.")
    var devid: String

    @Flag(help: "Do not wait for the guest.")
    var force = false

    @OptionGroup var globals: GlobalOptions

    func run() async throws {
        let session = Session(globals: globals)
        let command = try session.read { () throws(PVUSBError) in
            guard let number = UInt8(complete: devid) else {
                throw PVUSBError(
                    .usage, "'\(devid)' is no controller: it is a number from 0 to 255")
            }
            return Command.removeController(
                try DomainSelector(domain), ControllerNumber(number), force: force)
        }
        try await session.run(command)
    }
}

/// Lists controllers, as `pvusb list` does: `pvusb controller list`.
struct ControllerListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the controllers of a domain, or of all, and what their ports hold.")

    @OptionGroup var list: ListCommand

    func run() async throws {
        try await list.run()
    }
}
