import Simulation
import Testing
import USBModel
import XenStoreServer
import XenStoreWire

/// What xl leaves when it is killed after each of its actions.
struct XLTests {
    private let controller = TestController()

    private static func id(_ text: String) throws -> BusID { try #require(BusID(text)) }

    private static func note(_ interface: String) -> String {
        let device = interface.prefix { $0 != ":" }
        let names = [String(device), interface].map {
            $0.replacing(".", with: "_").replacing(":", with: "@")
        }
        return "/libxl/usbback/\(names[0])/\(names[1])/driver_path"
    }

    /// The port node, the drivers of the interfaces, and the drivers that are noted; a dash for
    /// nothing.
    private static func line(_ device: String, port: Int, _ world: World) throws -> String {
        let interfaces = try #require(world.usb.device(try id(device))).interfaces
        let drivers = interfaces.map { $0.driver?.text ?? "-" }
        let notes = interfaces.map { interface in
            let note = world.node(note(interface.id.description))
            return note.map { String($0.split(separator: "/").last ?? "") } ?? "-"
        }
        let value = world.node(TestController().port(port)) ?? "gone"
        return [value.isEmpty ? "-" : value, "\(drivers.joined(separator: " "))"]
            .joined(separator: " | ") + " | \(notes.joined(separator: " "))"
    }

    /// The lines after each action, with all quiet before the next.
    private static func history(
        _ device: String, _ actions: [XLAction], _ world: inout World
    ) throws -> [String] {
        var lines: [String] = []
        for action in actions {
            try world.perform(action)
            world.settle()
            lines.append(try line(device, port: 2, world))
        }
        return lines
    }

    // MARK: - Devices

    struct Journey: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let device: String
        let attach: [String]
        let detach: [String]
    }

    static let journeys = [
        Journey(
            testDescription: "a keyboard", device: "1-1",
            attach: [
                "1-1 | usbhid | -", "1-1 | usbhid | usbhid", "1-1 | - | usbhid",
                "1-1 | usbback | usbhid",
            ],
            detach: ["1-1 | - | usbhid", "- | - | usbhid", "- | usbhid | usbhid", "- | usbhid | -"]
        ),
        Journey(
            testDescription: "a serial adapter behind a hub", device: "1-3.1",
            attach: [
                "1-3.1 | ftdi_sio | -", "1-3.1 | ftdi_sio | ftdi_sio", "1-3.1 | - | ftdi_sio",
                "1-3.1 | usbback | ftdi_sio",
            ],
            detach: [
                "1-3.1 | - | ftdi_sio", "- | - | ftdi_sio", "- | ftdi_sio | ftdi_sio",
                "- | ftdi_sio | -",
            ]),
        Journey(
            testDescription: "a sound device, whose interfaces are noted both", device: "1-4",
            attach: [
                "1-4 | snd-usb-audio snd-usb-audio | - -",
                "1-4 | snd-usb-audio snd-usb-audio | snd-usb-audio -",
                "1-4 | - snd-usb-audio | snd-usb-audio -",
                "1-4 | usbback snd-usb-audio | snd-usb-audio -",
                "1-4 | usbback snd-usb-audio | snd-usb-audio snd-usb-audio",
                "1-4 | usbback - | snd-usb-audio snd-usb-audio",
                "1-4 | usbback usbback | snd-usb-audio snd-usb-audio",
            ],
            detach: [
                "1-4 | - usbback | snd-usb-audio snd-usb-audio",
                "1-4 | - - | snd-usb-audio snd-usb-audio",
                "- | - - | snd-usb-audio snd-usb-audio",
                "- | snd-usb-audio snd-usb-audio | snd-usb-audio snd-usb-audio",
                "- | snd-usb-audio snd-usb-audio | snd-usb-audio snd-usb-audio",
                "- | snd-usb-audio snd-usb-audio | - -",
            ]),
        Journey(
            testDescription: "a modem, whose second interface is free before it is noted",
            device: "1-5",
            attach: [
                "1-5 | cdc_acm cdc_acm | - -", "1-5 | cdc_acm cdc_acm | cdc_acm -",
                "1-5 | - - | cdc_acm -", "1-5 | usbback - | cdc_acm -",
                "1-5 | usbback - | cdc_acm -", "1-5 | usbback - | cdc_acm -",
                "1-5 | usbback usbback | cdc_acm -",
            ],
            detach: [
                "1-5 | - usbback | cdc_acm -", "1-5 | - - | cdc_acm -", "- | - - | cdc_acm -",
                "- | cdc_acm cdc_acm | cdc_acm -", "- | cdc_acm cdc_acm | cdc_acm -",
                "- | cdc_acm cdc_acm | - -",
            ]),
    ]

    @Test(arguments: journeys)
    func `xl attaches and detaches in its order`(_ journey: Journey) throws {
        var world = try World.withController(SiblingTests.acm)
        let (before, id) = (world, try Self.id(journey.device))
        let attach = world.xlAttach(id, domain: 1, controller: 0, port: 2)
        #expect(try Self.history(journey.device, attach, &world) == journey.attach)
        #expect(world.table == ["\(journey.device):1:0:2"])
        #expect(world.states() == "4 4")
        let detach = world.xlDetach(id, domain: 1, controller: 0, port: 2)
        #expect(try Self.history(journey.device, detach, &world) == journey.detach)
        #expect(world.states() == "4 4")
        #expect(try world.json() == before.json())
    }

    @Test(arguments: journeys)
    func `a detach mends an attach that died anywhere`(_ journey: Journey) throws {
        let id = try Self.id(journey.device)
        let attach = try World.withController(SiblingTests.acm)
            .xlAttach(id, domain: 1, controller: 0, port: 2)
        for count in 1...attach.count {
            var world = try World.withController(SiblingTests.acm)
            _ = try Self.history(journey.device, Array(attach.prefix(count)), &world)
            let detach = world.xlDetach(id, domain: 1, controller: 0, port: 2)
            _ = try Self.history(journey.device, detach, &world)
            #expect(world.isHome(id), "dead after \(count)")
        }
    }

    @Test func `a bind before usbback has looked is refused, and undone while the port is set`()
        throws
    {
        var world = World.withController()
        let (before, id) = (try world.json(), try Self.id("1-1"))
        let attach = world.xlAttach(id, domain: 1, controller: 0, port: 2)
        #expect(world.perform(attach) == .noDevice)
        let undo = world.xlUndoAttach(id, domain: 1, controller: 0, port: 2)
        #expect(
            try Self.history("1-1", undo, &world) == [
                "1-1 | - | usbhid", "1-1 | usbhid | usbhid", "1-1 | usbhid | -", "- | usbhid | -",
            ])
        #expect(try world.json() == before)
    }

    @Test func `a refused return loses the notes and the later interfaces`() throws {
        var world = World.withController()
        let id = try Self.id("1-4")
        for action in world.xlAttach(id, domain: 1, controller: 0, port: 2) {
            try world.perform(action)
            world.settle()
        }
        world.unload("snd-usb-audio")
        let detach = world.xlDetach(id, domain: 1, controller: 0, port: 2)
        #expect(world.perform(detach) == .noEntry)
        #expect(try Self.line("1-4", port: 2, world) == "- | - - | - -")
    }

    @Test func `an old note stays when nobody has the interface, and is used`() throws {
        var world = World.withController()
        let id = try Self.id("1-1")
        try world.unbind("1-1:1.0", from: "usbhid")
        world.set(Self.note("1-1:1.0"), "/sys/bus/usb/drivers/usbhid")
        let attach = world.xlAttach(id, domain: 1, controller: 0, port: 2)
        _ = try Self.history("1-1", attach, &world)
        let detach = world.xlDetach(id, domain: 1, controller: 0, port: 2)
        _ = try Self.history("1-1", detach, &world)
        #expect(world.isHome(id))
    }

    @Test func `what usbback has already is left alone and not noted`() throws {
        var world = World.withController()
        try world.give("1-1", port: 2)
        let attach = world.xlAttach(try Self.id("1-1"), domain: 1, controller: 0, port: 2)
        let lines = try Self.history("1-1", attach, &world)
        #expect(Set(lines) == ["1-1 | usbback | -"])
    }

    @Test func `xl writes a port that is taken or not there at all`() throws {
        var world = World.withController()
        world.set(controller.port(2), "1-2")
        for port in [UInt8(2), 9] {
            let attach = world.xlAttach(
                try Self.id("1-1"), domain: 1, controller: 0, port: port)
            try world.perform(try #require(attach.first))
            #expect(world.node(controller.port(Int(port))) == "1-1")
        }
    }

    @Test func `xl does nothing about a device that is not plugged in`() throws {
        var world = World.withController()
        try world.give("1-1", port: 2)
        let id = try Self.id("1-1")
        world.unplug(id)
        #expect(world.xlAttach(id, domain: 1, controller: 0, port: 1) == [])
        #expect(world.xlUndoAttach(id, domain: 1, controller: 0, port: 2) == [])
        #expect(world.xlDetach(id, domain: 1, controller: 0, port: 2) == [])
        #expect(world.xlRemoveController(domain: 1, controller: 0) == [])
        world.set(controller.port(2), "no bus id")
        #expect(world.xlRemoveController(domain: 1, controller: 0) == [])
    }

    // MARK: - Controllers

    /// The nodes of pv1's controller 0, each with its permissions and its value.
    private func nodes(_ world: World) -> [String] {
        let places = [controller.frontend, controller.backend, "/libxl/1/device/vusb/0"]
        return world.store.entries.compactMap { entry in
            guard places.contains(where: { entry.path.text.hasPrefix($0) }) else { return nil }
            let permissions = entry.permissions.map(\.description).joined(separator: ",")
            let value = String(decoding: entry.value, as: UTF8.self)
            return "\(entry.path) \(permissions) \(value)"
        }
    }

    @Test func `a controller's nodes are libxl's`() throws {
        var world = World.builtIn()
        let add = world.xlAddController(domain: 1, controller: 0, version: 1, ports: 2)
        world.perform(add)
        let both = [
            "/frontend \(controller.frontend)", "/frontend-id 1", "/num-ports 2", "/online 1",
            "/port ", "/port/1 ", "/port/2 ", "/state 1", "/type pv", "/usb-ver 1",
        ]
        func lines(_ path: String, _ permissions: String, _ nodes: [String]) -> [String] {
            (nodes + [" "]).map { node in
                let words = node.split(separator: " ", omittingEmptySubsequences: false)
                return "\(path)\(words[0]) \(permissions) \(words[1])"
            }
        }
        let expected =
            lines(controller.backend, "n0,r1", both)
            + lines(
                controller.frontend, "n1,r0",
                ["/backend \(controller.backend)", "/backend-id 0", "/state 1"])
            + lines("/libxl/1/device/vusb/0", "n0", both + ["/backend \(controller.backend)"])
        #expect(nodes(world).sorted() == expected.sorted())
        world.settle()
        #expect(world.states() == "4 4")
    }

    @Test func `a controller is removed with its devices`() throws {
        var world = World.builtIn()
        world.perform(world.xlAddController(domain: 1, controller: 0))
        world.settle()
        for (device, port) in [("1-1", UInt8(1)), ("1-4", 3)] {
            let id = try Self.id(device)
            for action in world.xlAttach(id, domain: 1, controller: 0, port: port) {
                try world.perform(action)
                world.settle()
            }
        }
        #expect(world.table == ["1-1:1:0:1", "1-4:1:0:3"])
        let remove = world.xlRemoveController(domain: 1, controller: 0)
        let place = XLController(domain: 1, number: 0)
        #expect(
            remove.suffix(3) == [
                .closeController(place), .forceController(place), .removeController(place),
            ])
        for action in remove {
            try world.perform(action)
            world.settle()
            if action == .closeController(place) || action == .forceController(place) {
                #expect(world.states() == "6 6")
                #expect(world.node("\(controller.backend)/online") == "0")
            }
        }
        #expect(nodes(world) == [])
        #expect(world.usb == World.builtIn().usb)
        #expect(world.node("/libxl/1/device") == nil, "libxl prunes what is empty")
        #expect(world.node("/libxl/1/type") == "pv")
    }

    @Test func `a guest that never closes is forced`() throws {
        var world = World.builtIn()
        world.guests[0].frontend = .neverCloses
        world.perform(world.xlAddController(domain: 1, controller: 0))
        world.settle()
        var states: [String] = []
        for action in world.xlRemoveController(domain: 1, controller: 0) {
            try world.perform(action)
            world.settle()
            states.append(world.states())
        }
        #expect(states == ["4 5", "- 6", "- -"])
        #expect(nodes(world) == [])
    }

    @Test func `a controller that is gone is not written to`() throws {
        var world = World.builtIn()
        let before = try world.json()
        world.perform(world.xlRemoveController(domain: 1, controller: 5))
        #expect(try world.json() == before)
    }

    @Test func `a destroyed domain's devices go back`() throws {
        var world = World.builtIn()
        world.perform(world.xlAddController(domain: 1, controller: 0))
        world.settle()
        let id = try Self.id("1-4")
        for action in world.xlAttach(id, domain: 1, controller: 0, port: 1) {
            try world.perform(action)
            world.settle()
        }
        world.destroy(1)
        world.settle()
        #expect(world.isHome(id))
        #expect(world.table == [])
        #expect(world.node("/libxl/usbback") == "")
        #expect(world.node("/libxl/usbback/1-4") == nil)
    }
}
