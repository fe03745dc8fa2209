import PVUSB
import Simulation
import Testing

/// Devices whose interfaces are claimed and released together, whichever has the lower number.
struct SiblingTests {
    /// A serial adapter as cdc_acm has it: one interface controls, the other carries the data.
    static func modem(controlledBy control: Int) throws -> World {
        var world = World.builtIn()
        let id = try #require(BusID("1-4"))
        var device = try #require(world.usb.device(id))
        let driver = try #require(DriverName("cdc_acm"))
        world.usb.drivers.append(driver)
        world.usb.drivers.sort()
        for index in device.interfaces.indices {
            let data = device.interfaces[1 - index].id
            device.interfaces[index].driver = driver
            device.interfaces[index].matches = index == control ? [driver] : []
            device.interfaces[index].siblings = index == control ? [data] : []
            device.interfaces[index].siblingTie = index == control ? .mutual : .loose
        }
        world.usb.devices = world.usb.devices.filter { $0.id != device.id } + [device]
        world.usb.devices.sort { $0.id < $1.id }
        return world
    }

    @Test(arguments: [0, 1])
    func `they go together and come back together`(control: Int) throws {
        let bench = Bench(try Self.modem(controlledBy: control))
        let before = try bench.nodes()
        try bench.succeed(try Bench.attach("1-4"))
        #expect(try bench.drivers("1-4") == ["usbback", "usbback"])
        try bench.succeed(try Bench.detach("1-4"))
        #expect(try bench.drivers("1-4") == ["cdc_acm", "cdc_acm"])
        let remove = Command.removeController(try DomainSelector("pv1"), ControllerNumber(0))
        try bench.succeed(remove)
        #expect(try bench.nodes() == before)
    }

    @Test func `a bind that came too early and was mended by a sibling's is no failure`() throws {
        let bench = Bench(try Self.modem(controlledBy: 1))
        try bench.succeed(try Bench.attach("1-4"))
        let report = try bench.succeed(try Bench.detach("1-4"))
        let binds = report.goals.flatMap(\.steps).filter { $0.step.text.action == "bind" }
        #expect(binds.map(\.result) == [.done, .done])
    }
}
