import Exploration
import PVUSBCore
import Simulation
import Testing

struct ExplorerTests {
    /// A world in which pv1 has a controller, reached as a user reaches it.
    private static func worldWithController() throws -> World {
        var world = World.builtIn()
        let settings = try #require(ControllerSettings())
        world.run(.addController(try DomainSelector("pv1"), settings))
        return world
    }

    private static func attach(_ device: String) throws -> Command {
        .attach(try DomainSelector("pv1"), try DeviceSelector(device), at: nil)
    }

    @Test(arguments: ["1-1", "1-3.1", "1-3.2", "1-4"])
    func `an attach that dies anywhere is shown, recovered and repeated`(device: String) throws {
        let id = try #require(BusID(device))
        var explorer = Explorer(
            world: try Self.worldWithController(), command: try Self.attach(device), device: id)
        #expect(explorer.crashes().map(\.description) == [])
        #expect(explorer.worlds.count > 5)
    }

    @Test(arguments: ["1-1", "1-4"])
    func `an attach that has to make a controller dies anywhere and leaves nothing behind`(
        device: String
    ) throws {
        let id = try #require(BusID(device))
        var explorer = Explorer(
            world: .builtIn(), command: try Self.attach(device), device: id)
        #expect(explorer.crashes().map(\.description) == [])
        #expect(explorer.worlds.count > 10)
    }

    @Test(arguments: ["1-1", "1-4"])
    func `an attach to a guest that never answers dies anywhere and leaves nothing behind`(
        device: String
    ) throws {
        var world = World.builtIn()
        world.guests = world.guests.map { World.Guest(domain: $0.domain, hasFrontend: false) }
        let id = try #require(BusID(device))
        var explorer = Explorer(world: world, command: try Self.attach(device), device: id)
        #expect(explorer.crashes().map(\.description) == [])
        #expect(explorer.worlds.count > 3)
    }

    @Test(arguments: ["1-1", "1-3.1", "1-3.2", "1-4"])
    func `a detach that dies anywhere is shown, recovered and repeated`(device: String) throws {
        var world = try Self.worldWithController()
        world.run(try Self.attach(device))
        let id = try #require(BusID(device))
        var explorer = Explorer(
            world: world, command: .detach(.busID(id)), device: id)
        #expect(explorer.crashes().map(\.description) == [])
        #expect(explorer.worlds.count > 5)
    }

    @Test func `a controller's removal dies anywhere and is shown, recovered and repeated`() throws
    {
        var world = try Self.worldWithController()
        world.run(try Self.attach("1-3.2"))
        let id = try #require(BusID("1-3.2"))
        let remove = Command.removeController(try DomainSelector("pv1"), ControllerNumber(0))
        var explorer = Explorer(world: world, command: remove, device: id)
        #expect(explorer.crashes().map(\.description) == [])
        #expect(explorer.worlds.count > 6)
    }

    @Test func `a detach that parks dies anywhere and is shown, recovered and repeated`() throws {
        var world = try Self.worldWithController()
        world.run(try Self.attach("1-3.2"))
        let id = try #require(BusID("1-3.2"))
        var explorer = Explorer(
            world: world, command: .detach(.busID(id), rebind: false), device: id)
        #expect(explorer.crashes().map(\.description) == [])
        #expect(explorer.worlds.count > 4)
    }
}
