import Simulation
import Testing
import USBModel
import XenStoreWire

/// usbback's watch on the port nodes.
struct PortTableTests {
    private let controller = TestController()

    @Test func `a port is registered only when the controller is connected`() {
        var world = World.builtIn()
        world.add(controller)
        world.set(controller.port(2), "1-1")
        var tables: [String: [String]] = [:]
        repeat { tables[world.states()] = world.table } while world.react()
        #expect(tables == ["1 1": [], "1 2": [], "4 4": ["1-1:1:0:2"]])
    }

    @Test func `a port of a guest that does not answer is not registered`() {
        var world = World.builtIn()
        world.guests[0].hasFrontend = false
        world.add(controller)
        world.set(controller.port(2), "1-1")
        world.settle()
        #expect(world.table == [])
    }

    @Test func `a cleared port is forgotten`() {
        var world = World.withController()
        world.set(controller.port(2), "1-1")
        world.set(controller.port(1), "1-3.1")
        world.settle()
        #expect(world.table == ["1-1:1:0:2", "1-3.1:1:0:1"])
        world.set(controller.port(2), "")
        #expect(world.table == ["1-1:1:0:2", "1-3.1:1:0:1"], "not before usbback looks")
        world.settle()
        #expect(world.table == ["1-3.1:1:0:1"])
        #expect(world.states() == "4 4")
    }

    @Test func `a cleared port can be used again`() throws {
        var world = World.withController()
        try world.give("1-1", port: 1)
        try world.unbind("1-1:1.0", from: "usbback")
        world.set(controller.port(1), "")
        world.settle()
        try world.give("1-2", port: 1)
        #expect(world.table == ["1-2:1:0:1"])
        #expect(world.states() == "4 4")
    }

    @Test func `what is no bus id is not registered`() {
        var world = World.withController()
        world.set(controller.port(1), "../../etc")
        world.settle()
        #expect(world.table == [])
        #expect(world.states() == "4 4")
    }

    @Test func `a device that is not there is registered all the same`() {
        var world = World.withController()
        world.set(controller.port(1), "7-7")
        world.settle()
        #expect(world.table == ["7-7:1:0:1"])
    }

    /// What makes usbback close the controller that has 1-1 in port 1, captured.
    struct Mistake: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let make: @Sendable (inout World) -> Void

        init(_ title: String, _ make: @escaping @Sendable (inout World) -> Void) {
            testDescription = title
            self.make = make
        }
    }

    static let mistakes = [
        Mistake("cleared while bound") { $0.set(TestController().port(1), "") },
        Mistake("changed without being cleared") { $0.set(TestController().port(1), "1-2") },
        Mistake("the same device in a second port") { $0.set(TestController().port(2), "1-1") },
        Mistake("a port node that is gone") { $0.ask(.remove(at(TestController().port(4)))) },
    ]

    @Test(arguments: mistakes)
    func `a mistake is fatal for the controller and for no other`(_ mistake: Mistake) throws {
        var world = World.withController()
        let other = TestController(number: 1)
        world.add(other)
        world.settle()
        try world.give("1-1", port: 1)
        world.set(other.port(3), "1-3.1")
        world.settle()
        mistake.make(&world)
        let isBusy = world.react()
        #expect(isBusy)
        #expect(world.states() == "4 5")
        world.settle()
        #expect(world.states() == "6 6")
        #expect(world.states(other) == "4 4")
        #expect(world.table == ["1-3.1:1:1:3"])
        #expect(world.links["1-1:1.0"] == "usbback", "it stays with usbback")
    }

    @Test func `a device that another controller has is fatal for the second one`() throws {
        var world = World.withController()
        let other = TestController(domain: 2)
        world.add(other)
        world.settle()
        try world.give("1-1", port: 1)
        world.set(other.port(1), "1-1")
        world.settle()
        #expect(world.states() == "4 4")
        #expect(world.states(other) == "6 6")
        #expect(world.table == ["1-1:1:0:1"])
    }

    @Test func `a port cleared after the unbind is no mistake`() throws {
        var world = World.withController()
        try world.give("1-4", port: 1, interfaces: 2)
        try world.unbind("1-4:1.0", from: "usbback")
        try world.unbind("1-4:1.1", from: "usbback")
        world.set(controller.port(1), "")
        world.settle()
        #expect(world.states() == "4 4")
        #expect(world.table == [])
    }

    @Test func `a controller whose nodes are gone leaves the table`() throws {
        var world = World.withController()
        try world.give("1-1", port: 1)
        world.ask(.remove(at(controller.frontend)), .remove(at(controller.backend)))
        world.settle()
        #expect(world.table == [])
    }

    @Test func `a controller that closed leaves the table`() throws {
        var world = World.withController()
        try world.give("1-1", port: 1)
        world.set("\(controller.backend)/state", "5")
        world.settle()
        #expect(world.states() == "6 6")
        #expect(world.table == [])
        #expect(throws: FileErrno.busy) { try world.bind("1-1:1.0", to: "usbback") }
    }
}
