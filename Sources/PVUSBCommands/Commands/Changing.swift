internal import ArgumentParser
internal import PVUSB

/// Gives a device to a domain: `pvusb attach`.
struct AttachCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach", abstract: "Gives a device to a domain.")

    @Argument(help: "The domain's name or number.")
    var domain: String

    @Argument(help: "The device: 3-1.2, 046d:c52b, 046d:c52b@SERIAL or 3.7.")
    var device: String

    @Option(parsing: .unconditional, help: "The place: CONTROLLER or CONTROLLER:PORT.")
    var at: String?

    @OptionGroup var globals: GlobalOptions

    func run() async throws {
        let session = Session(globals: globals)
        let command = try session.read { () throws(PVUSBError) in
            Command.attach(
                try DomainSelector(domain), try DeviceSelector(device),
                at: try at.map { word throws(PVUSBError) in try PlaceWish(word) })
        }
        try await session.run(command)
    }
}

/// Takes a device back: `pvusb detach`.
struct DetachCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "detach",
        abstract: "Takes a device back.",
        usage: "pvusb detach <device>\n       pvusb detach <domain> <place>")

    @Argument(help: "A device; or a domain and a place in it, CONTROLLER:PORT.")
    var words: [String]

    @Flag(name: .customLong("no-rebind"), help: "Leave it without a driver, on purpose.")
    var noRebind = false

    @OptionGroup var globals: GlobalOptions

    func validate() throws {
        guard (1...2).contains(words.count) else {
            throw ValidationError("one device, or a domain and a place, not \(words.count) words")
        }
    }

    func run() async throws {
        let session = Session(globals: globals)
        let command = try session.read { () throws(PVUSBError) in
            guard words.count == 2 else {
                return Command.detach(try DeviceSelector(words[0]), rebind: !noRebind)
            }
            let domain = try DomainSelector(words[0])
            return .detachPlace(domain, try PlaceWish(words[1]), rebind: !noRebind)
        }
        try await session.run(command)
    }
}

/// Finishes or undoes what is half done: `pvusb recover`.
struct RecoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover",
        abstract: "Finishes or undoes what was left half done, on the devices named or on all.")

    @Argument(help: "Devices: 3-1.2, 046d:c52b, 046d:c52b@SERIAL or 3.7.")
    var devices: [String] = []

    @OptionGroup var globals: GlobalOptions

    func run() async throws {
        let session = Session(globals: globals)
        let selectors = try session.read { () throws(PVUSBError) in
            try devices.map { word throws(PVUSBError) in try DeviceSelector(word) }
        }
        try await session.run(.recover(selectors))
    }
}
