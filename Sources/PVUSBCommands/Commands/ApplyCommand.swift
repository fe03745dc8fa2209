internal import ArgumentParser
internal import PVUSB

/// Brings a domain to what its xl.cfg says of USB: `pvusb apply`.
struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Gives a domain the controllers and devices of its xl.cfg.",
        discussion: "The lines usbctrl= and usbdev= are read as xl reads them; the rest of the "
            + "file is passed over. What the domain has already stays, so that applying a file "
            + "again changes nothing. The number of a controller is its place in the list, from "
            + "0.")

    @Argument(help: "The domain's name or number.")
    var domain: String

    @Option(help: ArgumentHelp("The domain's xl.cfg.", valueName: "file"))
    var config: String

    @OptionGroup var globals: GlobalOptions

    func run() async throws {
        let session = Session(globals: globals)
        let command = try session.read { () throws(PVUSBError) in
            Command.apply(try GuestFile(path: config), to: try DomainSelector(domain))
        }
        try await session.run(command)
    }
}
