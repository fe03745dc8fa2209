import Simulation
import Testing
import USBModel

struct HotplugTests {
    private func id(_ text: String) throws -> BusID { try #require(BusID(text)) }

    private func number(_ device: String, _ world: World) throws -> String? {
        world.usb.device(try id(device))?.attributes["devnum"]
    }

    // MARK: - Unplugging

    @Test func `a device that is pulled is gone with its interfaces`() throws {
        var world = World.builtIn()
        let device = try #require(world.unplug(try id("1-4")))
        #expect(device.interfaces.map(\.driver) == [nil, nil])
        #expect(device.attributes["idVendor"] == "0d8c")
        #expect(world.links.keys.filter { $0.hasPrefix("1-4") } == [])
        #expect(world.usb.devices.count == World.builtIn().usb.devices.count - 1)
        #expect(world.unplug(try id("1-4")) == nil)
    }

    @Test func `a hub takes along what hangs at it`() throws {
        var world = World.builtIn()
        world.plug(.sample("1-3.1.4", ["03:01 usbhid"]))
        world.plug(.sample("1-30", ["03:01 usbhid"]))
        world.unplug(try id("1-3"))
        let left = world.usb.devices.map(\.id.description)
        #expect(left == ["usb1", "1-1", "1-2", "1-4", "1-30", "usb2", "2-1"])
    }

    @Test func `usbback's table keeps a device that is pulled`() throws {
        var world = World.withController()
        try world.give("1-1", port: 1)
        world.unplug(try id("1-1"))
        world.settle()
        #expect(world.table == ["1-1:1:0:1"])
        #expect(world.states() == "4 4")
        #expect(throws: FileErrno.noDevice) { try world.bind("1-1:1.0", to: "usbback") }
    }

    @Test func `a port cleared while its device is away is no mistake`() throws {
        var world = World.withController()
        try world.give("1-1", port: 1)
        world.unplug(try id("1-1"))
        world.set(TestController().port(1), "")
        world.settle()
        #expect(world.table == [])
        #expect(world.states() == "4 4")
    }

    // MARK: - Plugging

    @Test func `a device comes back with its drivers and a new number`() throws {
        let before = World.builtIn()
        for name in ["1-1", "1-3", "1-4", "2-1"] {
            var world = before
            let device = try #require(world.unplug(try id(name)))
            world.plug(device)
            #expect(world.isHome(try id(name)), "\(name)")
            #expect(try number(name, world) != number(name, before), "\(name)")
        }
    }

    @Test func `a device that takes another's socket at once has a number of its own`() throws {
        for own in 0...9 {
            var world = World.builtIn()
            var device = SimulatedDevice.sample("1-3.2", ["03:01 usbhid"])
            device.attributes["devnum"] = String(own)
            world.plug(device)
            #expect(try number("1-3.2", world) != number("1-3.2", .builtIn()), "\(own)")
        }
    }

    /// The numbers on bus 1 besides those of the built-in world, which end at 7, the number of
    /// the device that is plugged, and the one it gets.
    static let numbers: [(others: [Int], own: Int, new: String)] = [
        ([], 0, "8"), ([], 7, "8"), ([], 8, "9"), ([20], 3, "21"), ([126], 3, "127"),
        ([127], 3, "8"), ([127, 8, 10], 3, "9"), ([], 127, "8"),
    ]

    @Test(arguments: numbers)
    func `a number follows the greatest one`(others: [Int], own: Int, new: String) throws {
        var world = World.builtIn()
        for (index, number) in others.enumerated() {
            var other = SimulatedDevice.sample("1-\(20 + index)", [])
            other.attributes["devnum"] = String(number)
            world.usb.devices.append(other)
        }
        var device = SimulatedDevice.sample("1-9", [])
        device.attributes["devnum"] = own == 0 ? nil : String(own)
        world.plug(device)
        #expect(try number("1-9", world) == new)
    }

    /// A world in which a port of a connected controller names 1-9, which is not there.
    private func waiting() -> World {
        var world = World.withController()
        world.set(TestController().port(2), "1-9")
        world.settle()
        return world
    }

    static let orders: [(usbbackFirst: Bool, interfaces: [String], drivers: [String])] = [
        (false, ["03:01 usbhid"], ["usbhid"]),
        (true, ["03:01 usbhid"], ["usbback"]),
        (false, ["ff:ff -"], ["usbback"]),  // no ordinary driver wants it
        (false, ["03:01 usbhid", "ff:ff -"], ["usbhid", "usbback"]),
        (true, ["03:01 usbhid", "ff:ff -"], ["usbback", "usbback"]),
    ]

    @Test(arguments: orders)
    func `each interface goes to the first driver that accepts`(
        usbbackFirst: Bool, interfaces: [String], drivers: [String]
    ) throws {
        var world = waiting()
        world.plug(.sample("1-9", interfaces), usbbackFirst: usbbackFirst)
        let device = try #require(world.usb.device(try id("1-9")))
        #expect(device.interfaces.map { $0.driver?.text } == drivers)
    }

    @Test func `usbback takes another device on the socket that a port names`() throws {
        var world = World.withController()
        try world.give("1-1", port: 1)
        world.plug(.sample("1-1", ["08:06 usb-storage"]), usbbackFirst: true)
        #expect(world.links["1-1:1.0"] == "usbback")
        #expect(world.usb.device(try id("1-1"))?.attributes["idVendor"] == "1209")
        #expect(world.table == ["1-1:1:0:1"])
    }

    @Test func `a device of two claimed interfaces is plugged as one`() throws {
        var world = try World.with(SiblingTests.acm)
        let device = try #require(world.unplug(try id("1-5")))
        world.plug(device)
        #expect(world.links["1-5:1.0"] == "cdc_acm")
        #expect(world.links["1-5:1.1"] == "cdc_acm")
    }

    @Test func `a device on another socket is the same but for its names`() throws {
        var world = try World.with(SiblingTests.acm)
        var device = try #require(world.unplug(try id("1-5")))
        device.attributes["devpath"] = "5"
        let moved = device.moved(to: try id("2-3.4"))
        world.plug(moved)
        #expect(world.links["2-3.4:1.0"] == "cdc_acm")
        #expect(world.links["2-3.4:1.1"] == "cdc_acm")
        #expect(world.siblings("2-3.4") == ["0 mutual 1"])
        var attributes = device.attributes
        attributes["busnum"] = "2"
        attributes["devnum"] = nil
        attributes["devpath"] = "3.4"
        var found = try #require(world.usb.device(moved.id)).attributes
        found["devnum"] = nil
        #expect(found == attributes)
        #expect(moved.moved(to: device.id) == device)
        #expect(world.usb.devices.map(\.id) == world.usb.devices.map(\.id).sorted())
    }

    // MARK: - Another configuration

    @Test func `another configuration has other interfaces`() throws {
        var world = World.builtIn()
        let id = try id("1-3.2")
        world.configure(
            id, 2,
            interfaces: [
                .sample(id, 0, configuration: 2, "03:01 usbhid"),
                .sample(id, 1, configuration: 2, "ff:ff -"),
            ])
        let links = world.links.filter { $0.key.hasPrefix("1-3.2") }
        #expect(links == ["1-3.2:2.0": "usbhid", "1-3.2:2.1": "-"])
        #expect(throws: FileErrno.noDevice) { try world.unbind("1-3.2:1.0", from: "usb-storage") }
        let attributes = try #require(world.usb.device(id)).attributes
        #expect(attributes["bConfigurationValue"] == "2")
        #expect(attributes["bNumInterfaces"] == " 2")
        #expect(attributes["devnum"] == "6")
    }

    @Test(arguments: [true, false])
    func `a device in a guest that changes its configuration is probed anew`(
        usbbackFirst: Bool
    ) throws {
        var world = World.withController()
        try world.give("1-1", port: 1)
        let id = try id("1-1")
        world.configure(
            id, 2, interfaces: [.sample(id, 0, configuration: 2, "03:01 usbhid")],
            usbbackFirst: usbbackFirst)
        #expect(world.links["1-1:2.0"] == (usbbackFirst ? "usbback" : "usbhid"))
    }

    @Test func `a device that is not there has no configuration`() throws {
        var world = World.builtIn()
        world.configure(try id("1-9"), 2, interfaces: [])
        #expect(world.usb == World.builtIn().usb)
    }
}
