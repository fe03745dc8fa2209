import Exploration
import PVUSBCore
import Simulation
import Testing

/// What the explorer says where a promise does not hold: here it is made to look at a keyboard in
/// worlds, and with commands, that its promises were not made for.
struct FindingTests {
    private let keyboard: BusID

    init() throws {
        keyboard = try #require(BusID("1-1"))
    }

    private func findings(in world: World, _ command: Command) -> [Explorer.Finding] {
        var explorer = Explorer(world: world, command: command, device: keyboard)
        return explorer.crashes()
    }

    /// A refused command in a world in which the keyboard's driver is not the one of a probe.
    private func halfDone() throws -> [Explorer.Finding] {
        let storage = try #require(DriverName("usb-storage"))
        var world = World.builtIn()
        let index = try #require(world.usb.devices.map(\.id).firstIndex(of: keyboard))
        for interface in world.usb.devices[index].interfaces.indices {
            world.usb.devices[index].interfaces[interface].matches = [storage]
        }
        let place = try PlaceWish("9:1")
        return findings(
            in: world, .attach(try DomainSelector("pv1"), .busID(keyboard), at: place))
    }

    @Test func `a device that is not as the host had it is found, and found after a recovery`()
        throws
    {
        let found = try halfDone()
        #expect(
            found.map(\.law) == [
                "a half-done device is shown", "recover ends at the host, in a guest or parked",
                "the command repeated reaches its goal or says why not",
            ])
        #expect(found[0].found == "it is shown as host")
        #expect(found[1].found == "it is host")
        #expect(found[2].found.hasPrefix("it is host: report("))
    }

    @Test func `what a command leaves in the store is found`() throws {
        let settings = try #require(ControllerSettings())
        let domain = try DomainSelector("pv1")
        let findings = findings(in: .builtIn(), .addController(domain, settings))
        #expect(Set(findings.map(\.law)) == ["recover leaves nothing behind"])
        #expect(Set(findings.map(\.found)) == ["there is /libxl/1/device/vusb"])
    }

    @Test func `a command without a result, where one is promised, is found`() {
        let findings = findings(in: .builtIn(), .devices)
        #expect(
            findings.map(\.law) == ["the command repeated reaches its goal or says why not"])
        #expect(findings.first?.found.hasPrefix("it is host: inventory(") == true)
    }

    @Test func `a finding is told with the effects that led to it, a line each`() throws {
        let findings = try halfDone()
        // The first death comes before the first effect; what was tried after it is shown too.
        let first = try #require(findings.first)
        #expect(first.trace == [])
        #expect(first.description == "a half-done device is shown, but it is shown as host\n")
        let last = try #require(findings.last)
        let lines = last.description.split(separator: "\n")
        #expect(!last.trace.isEmpty)
        #expect(lines.dropFirst().map(String.init) == last.trace.map { "  \($0)" })
    }
}
