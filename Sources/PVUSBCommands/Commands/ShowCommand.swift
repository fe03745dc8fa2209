internal import ArgumentParser
internal import PVUSB

/// Shows all that is said of a device or of controllers: `pvusb show`.
struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows all layers of a device, or all about a domain's controllers.",
        usage: "pvusb show <device>\n       pvusb show <domain> [<place>]",
        discussion: "One word is a device if it is written as one (3-1.2, 046d:c52b, 3.7), else a "
            + "domain. A place is CONTROLLER or CONTROLLER:PORT.")

    @Argument(help: "A device; or a domain, and a place in it.")
    var words: [String]

    @OptionGroup var globals: GlobalOptions

    func validate() throws {
        guard (1...2).contains(words.count) else {
            throw ValidationError("one device, or a domain and a place, not \(words.count) words")
        }
    }

    func run() async throws {
        let session = Session(globals: globals)
        let target = try session.read { () throws(PVUSBError) in try Self.target(words) }
        try await session.run(.show(target), style: .details)
    }

    private static func target(_ words: [String]) throws(PVUSBError) -> ShowTarget {
        guard words.count == 1 else {
            return .domain(try DomainSelector(words[0]), try PlaceWish(words[1]))
        }
        do throws(PVUSBError) {
            return .device(try DeviceSelector(words[0]))
        } catch {
            return .domain(try DomainSelector(words[0]), nil)
        }
    }
}
