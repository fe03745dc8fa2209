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

    @Test func `a quick guest takes the backend from 2 to 4 in one step`() {
        var world = waiting()
        var backends: [String] = []
        repeat {
            backends.append(world.node("\(controller.backend)/state") ?? "-")
        } while world
            .react()
        #expect(backends == ["1", "2", "4"])
        #expect(!history(&world).contains("4 2"), "nobody sees a guest wait for its backend")
    }

    @Test func `a guest that never closes connects and keeps the backend closing`() {
        var world = waiting { $0.guests[0].frontend = .neverCloses }
        #expect(history(&world) == ["1 1", "1 2", "4 4"])
        world.set("\(controller.backend)/online", "0")
        world.set("\(controller.backend)/state", "5")
        #expect(history(&world) == ["4 5"])
        world.ask(.remove(at(controller.frontend)))
        #expect(history(&world) == ["- 5", "- 6"], "a toolstack can force it")
    }

    @Test func `a guest that connects twice comes back once`() throws {
        var world = waiting { $0.guests[0].frontend = .connectsTwice }
        world.settle()
        try world.give("1-1", port: 2)
        world.set("\(controller.backend)/state", "5")
        #expect(history(&world) == ["4 5", "6 6", "1 2", "4 4", "4 4"])
        #expect(world.table == ["1-1:1:0:2"], "its ports are read again")
        #expect(world.guests[0].frontend == .wellBehaved)
        world.set("\(controller.backend)/state", "5")
        #expect(history(&world) == ["4 5", "6 6"])
    }

    @Test func `a guest does not come back to a controller that is being removed`() {
        var world = waiting { $0.guests[0].frontend = .connectsTwice }
        world.settle()
        world.set("\(controller.backend)/online", "0")
        world.set("\(controller.backend)/state", "5")
        #expect(history(&world) == ["4 5", "6 6"])
        #expect(world.guests[0].frontend == .connectsTwice)
    }

    @Test(arguments: [("1", ["1 6", "1 2", "4 4"]), ("0", ["1 6"]), ("", ["1 6"])])
    func `a closed backend waits again for a guest that comes back, while it is online`(
        online: String, expected: [String]
    ) {
        var world = waiting { world in
            world.set("\(TestController().backend)/state", "6")
            world.set("\(TestController().backend)/online", online)
        }
        #expect(history(&world) == expected)
    }

    @Test func `a guest's driver is there or not, whatever its manners`() {
        var guest = World.Guest(domain: 1, frontend: .neverCloses)
        guest.hasFrontend = true
        #expect(guest.frontend == .neverCloses)
        guest.hasFrontend = false
        #expect(guest.frontend == .none)
        guest.hasFrontend = true
        #expect(guest == World.Guest(domain: 1))
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
