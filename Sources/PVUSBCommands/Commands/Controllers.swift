internal import ArgumentParser
internal import PVUSB

/// Groups the commands about controllers: `pvusb controller`.
struct ControllerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "controller", abstract: "Adds virtual USB controllers.",
        subcommands: [ControllerAddCommand.self])
}

/// Gives a domain a controller: `pvusb controller add`.
struct ControllerAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Gives a domain a virtual USB controller.")

    @Argument(help: "The domain's name or number.")
    var domain: String

    @Option(help: "How it is implemented: auto, pv, qusb or devicemodel; this version makes pv.")
    var kind = "auto"

    @Option(help: "The USB version it offers, 1 or 2.")
    var version = "2"

    @Option(help: "How many ports it has, 1 to 31.")
    var ports = "8"

    @OptionGroup var globals: GlobalOptions

    func run() async throws {
        let session = Session(globals: globals)
        let command = try session.read { () throws(PVUSBError) in
            try checkKind()
            return Command.addController(
                try DomainSelector(domain),
                try settings())
        }
        try await session.run(command)
    }

    private func checkKind() throws(PVUSBError) {
        guard kind == "auto" || ControllerKind(rawValue: kind) != nil else {
            throw PVUSBError(
                .usage, "'\(kind)' is no kind: it is auto, pv, qusb or devicemodel")
        }
        guard kind == "auto" || kind == "pv" else {
            throw PVUSBError(
                .failed, "this version of pvusb makes controllers of kind pv, not \(kind)",
                remedy: "pvusb controller add \(domain) --kind pv")
        }
    }

    private func settings() throws(PVUSBError) -> ControllerSettings {
        guard let version = UInt8(complete: version), (1...2).contains(version) else {
            throw PVUSBError(.usage, "'\(version)' is no USB version: it is 1 or 2")
        }
        guard let ports = UInt8(complete: ports),
            let settings = ControllerSettings(version: version, ports: ports)
        else {
            throw PVUSBError(
                .usage, "'\(ports)' is no number of ports: it is from 1 to \(PortNumber.max)")
        }
        return settings
    }
}
