import Simulation
import Testing
import USBModel
import XenStoreWire

/// Whether usbback's probe takes the first interface of a device.
struct Acceptance: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let device: String
    let version: String
    let isAccepted: Bool
    /// What happens between usbback's look at the port node and the bind.
    let meanwhile: @Sendable (inout World) -> Void

    init(
        _ title: String, _ device: String, version: String = "2", _ isAccepted: Bool,
        meanwhile: @escaping @Sendable (inout World) -> Void = { _ in }
    ) {
        testDescription = title
        self.device = device
        self.version = version
        self.isAccepted = isAccepted
        self.meanwhile = meanwhile
    }
}

struct UsbbackAcceptanceTests {
    static let cases = [
        Acceptance("low speed on version 1", "1-1", version: "1", true),
        Acceptance("full speed on version 1", "1-3.1", version: "1", true),
        Acceptance("high speed on version 1", "1-3.2", version: "1", false),
        Acceptance("low speed on version 2", "1-1", true),
        Acceptance("full speed on version 2", "1-3.1", true),
        Acceptance("high speed on version 2", "1-3.2", true),
        Acceptance("SuperSpeed on version 2", "2-1", false),
        Acceptance("a speed nobody knows", "1-1", false) { world in
            world.change("1-1") { $0.attributes["speed"] = "unknown" }
        },
        Acceptance("a hub", "1-3", false),
        Acceptance("not in the port table", "1-1", false) { $0.ports = [] },
        Acceptance("in the port table for another device only", "1-1", false) { world in
            world.ports = [PortTableEntry("1-2:1:0:1")].compactMap(\.self)
        },
        Acceptance("the controller waits for the guest", "1-1", false) { world in
            world.set("\(TestController().backend)/state", "2")
        },
        Acceptance("the controller closes", "1-1", false) { world in
            world.set("\(TestController().backend)/state", "5")
        },
        Acceptance("the controller is gone", "1-1", false) { world in
            world.ask(.remove(at(TestController().backend)))
        },
    ]

    @Test(arguments: cases)
    func `usbback takes what a port waits for and the version carries`(
        _ acceptance: Acceptance
    ) throws {
        var world = World.withController(version: acceptance.version)
        let interface = "\(acceptance.device):1.0"
        let driver = try #require(world.links[interface])
        world.set(TestController().port(1), acceptance.device)
        world.settle()
        #expect(world.table == ["\(acceptance.device):1:0:1"])
        try world.unbind(interface, from: driver)
        acceptance.meanwhile(&world)
        if acceptance.isAccepted {
            try world.bind(interface, to: "usbback")
            #expect(world.links[interface] == "usbback")
        } else {
            #expect(throws: FileErrno.noDevice) { try world.bind(interface, to: "usbback") }
            #expect(world.links[interface] == "-")
        }
    }

    @Test func `usbback that is not loaded takes nothing and shows no table`() throws {
        var world = World.withController()
        world.set(TestController().port(1), "1-1")
        world.settle()
        world.unload("usbback")
        try world.unbind("1-1:1.0", from: "usbhid")
        #expect(throws: FileErrno.noEntry) { try world.bind("1-1:1.0", to: "usbback") }
        #expect(throws: FileErrno.noEntry) {
            try world.read("/sys/bus/usb/drivers/usbback/port_ids")
        }
        try world.write("1-1:1.0", to: "/sys/bus/usb/drivers_probe")
        #expect(world.links["1-1:1.0"] == "usbhid")
    }
}

extension World {
    /// Changes what sysfs says of a device.
    mutating func change(_ device: String, _ body: (inout SimulatedDevice) -> Void) {
        for index in usb.devices.indices where usb.devices[index].id.description == device {
            body(&usb.devices[index])
        }
    }
}
