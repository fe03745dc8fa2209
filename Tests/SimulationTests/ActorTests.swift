import Simulation
import Testing
import USBModel
import XenStoreWire

struct ActorTests {
    private let controller = TestController()

    /// The states of the two ends at the start and after each step, until all is quiet.
    private func history(_ world: inout World) -> [String] {
        var history = [world.states()]
        while world.react() { history.append(world.states()) }
        return history
    }

    private func waiting(_ change: (inout World) -> Void = { _ in }) -> World {
        var world = World.builtIn()
        world.add(controller)
        change(&world)
        return world
    }

    @Test func `both ends connect`() {
        var world = waiting()
        #expect(history(&world) == ["1 1", "1 2", "4 4"])
        let nodes = ["urb-ring-ref", "conn-ring-ref", "event-channel"]
        #expect(nodes.allSatisfy { world.node("\(controller.frontend)/\($0)") != nil })
        #expect(history(&world) == ["4 4"])
    }

    @Test func `a world without controllers is quiet`() {
        var world = World.builtIn()
        #expect(history(&world) == ["- -"])
    }

    @Test func `a guest without the driver stays where it is`() {
        var world = waiting { $0.guests[0].hasFrontend = false }
        #expect(history(&world) == ["1 1", "1 2"])
    }

    @Test func `a guest that is not known stays where it is`() {
        var world = waiting { $0.guests.removeFirst() }
        #expect(history(&world) == ["1 1", "1 2"])
    }

    @Test func `a guest that may not write its nodes stays where it is`() {
        var world = waiting { world in
            let state = at("\(TestController().frontend)/state")
            world.ask(.setPermissions(state, [StorePermission(.none, 0)]))
        }
        #expect(history(&world) == ["1 1", "1 2"])
    }

    @Test func `a guest that may not read the backend stays where it is`() {
        var world = waiting { world in
            let state = at("\(TestController().backend)/state")
            world.ask(.setPermissions(state, [StorePermission(.none, 0)]))
        }
        #expect(history(&world) == ["1 1", "1 2"])
    }

    @Test func `without usbback nobody answers`() {
        var world = waiting { $0.unload("usbback") }
        #expect(history(&world) == ["1 1"])
    }

    @Test func `a controller that is closed ends closed on both sides`() {
        var world = World.withController()
        world.set("\(controller.backend)/online", "0")
        world.set("\(controller.backend)/state", "5")
        #expect(history(&world) == ["4 5", "6 6"])
    }

    @Test func `a guest that does not answer keeps the backend closing`() {
        var world = World.withController()
        world.guests[0].hasFrontend = false
        world.set("\(controller.backend)/state", "5")
        #expect(history(&world) == ["4 5"])
    }

    @Test func `a backend whose frontend is gone closes`() {
        var world = World.withController()
        world.ask(.remove(at(controller.frontend)))
        #expect(history(&world) == ["- 4", "- 6"])
    }

    @Test(arguments: [
        ("0", "2"),  // no port
        ("32", "2"),  // more than USBIF_MAX_PORTNR
        ("-1", "2"), ("", "2"), ("many", "2"),  // no number
        ("4", "0"), ("4", "3"), ("4", ""),  // neither 1 nor 2
    ])
    func `usbback closes a controller whose numbers make no sense`(
        ports: String, version: String
    ) {
        var world = World.builtIn()
        world.add(controller, version: version, ports: ports)
        #expect(history(&world) == ["1 1", "1 5", "6 6"])
    }

    @Test func `several controllers connect beside each other`() {
        var world = waiting()
        world.add(TestController(number: 1))
        world.add(TestController(domain: 2))
        world.settle()
        #expect(world.states() == "4 4")
        #expect(world.states(TestController(number: 1)) == "4 4")
        #expect(world.states(TestController(domain: 2)) == "4 4")
    }
}
