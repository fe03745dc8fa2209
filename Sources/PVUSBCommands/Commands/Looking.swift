internal import ArgumentParser
internal import PVUSB

/// Lists the host's devices: `pvusb devices`.
struct DevicesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devices",
        abstract: "Lists the host's devices: what they are, their state, where they are.")

    @OptionGroup var globals: GlobalOptions

    func run() async throws {
        try await Session(globals: globals).run(.devices)
    }
}

/// Lists controllers and ports: `pvusb list`.
struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the controllers of a domain, or of all, and what their ports hold.")

    @Argument(help: "A domain's name or number.")
    var domain: String?

    @Flag(help: "Show every port, as a tree.")
    var tree = false

    @OptionGroup var globals: GlobalOptions

    func run() async throws {
        let session = Session(globals: globals)
        let selector = try session.read { () throws(PVUSBError) -> DomainSelector? in
            guard let domain else { return nil }
            return try DomainSelector(domain)
        }
        try await session.run(.list(selector), style: tree ? .tree : .controllers)
    }
}
