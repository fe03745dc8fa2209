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
        help: "How it is implemented: auto, pv, qusb or devicemodel; auto is one that can work.")
    var kind = "auto"

    @Option(
        parsing: .unconditional, help: "The USB version it offers, 1 or 2; a devicemodel's also 3.")
    var version: String?

    @Option(
        parsing: .unconditional,
        help: "How many ports it has, 1 to 31; a devicemodel's 2, 6, or of version 3 up to 15.")
    var ports: String?

    @OptionGroup var globals: GlobalOptions

    func run() async throws {
        let session = Session(globals: globals)
        let command = try session.read { () throws(PVUSBError) in
            Command.addController(try DomainSelector(domain), wish: try wish(try wantedKind()))
        }
        try await session.run(command)
    }

    /// Nil for `auto`.
    private func wantedKind() throws(PVUSBError) -> ControllerKind? {
        if kind == "auto" { return nil }
        guard let kind = ControllerKind(rawValue: kind) else {
            throw PVUSBError(.usage, "'\(kind)' is no kind: it is auto, pv, qusb or devicemodel")
        }
        return kind
    }

    /// What can be no controller of the kind, or of any for `auto`, is a usage error at once.
    private func wish(_ kind: ControllerKind?) throws(PVUSBError) -> ControllerWish {
        let wish = ControllerWish(
            kind: kind,
            version: try number(version, max: 3, "USB version"),
            ports: try number(ports, max: PortNumber.max, "number of ports"))
        if let kind { _ = try wish.settings(for: kind) }
        return wish
    }

    private func number(
        _ word: String?, max: UInt8, _ what: String
    ) throws(PVUSBError) -> UInt8? {
        guard let word else { return nil }
        guard let number = UInt8(complete: word), (1...max).contains(number) else {
            throw PVUSBError(.usage, "'\(word)' is no \(what): it is from 1 to \(max)")
        }
        return number
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
