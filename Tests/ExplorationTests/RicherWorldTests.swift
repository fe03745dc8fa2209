import Exploration
import PVUSBCore
import Simulation
import Testing

/// Commands that die anywhere, in worlds in which others were at work before.
struct RicherWorldTests {
    /// What there is, and what is done with 1-4 in it.
    struct Story: CustomTestStringConvertible {
        let testDescription: String
        let world: @Sendable () throws -> World
        let command: @Sendable () throws -> Command
        var device = "1-4"
        /// How many different worlds its deaths leave at least.
        var worlds: Int
    }

    // MARK: - Worlds

    private static func withController(ports: UInt8 = 8) throws -> World {
        var world = World.builtIn()
        let settings = try #require(ControllerSettings(ports: ports))
        world.run(.addController(try DomainSelector("pv1"), settings))
        world.settle()
        return world
    }

    /// pv1's only controller has one port, which holds the keyboard.
    private static func full() throws -> World {
        var world = try withController(ports: 1)
        world.run(try attach("1-1"))
        return world
    }

    /// pv1 has the stick beside.
    private static func withOther() throws -> World {
        var world = try withController()
        world.run(try attach("1-3.2"))
        return world
    }

    private static func id(_ device: String) throws -> BusID { try #require(BusID(device)) }

    /// xl has given 1-4 to pv1: a port, notes and usbback, and no record.
    private static func withXL(first count: Int? = nil) throws -> World {
        var world = try withController()
        let actions = world.xlAttach(try id("1-4"), domain: 1, controller: 0, port: 2)
        for action in actions.prefix(count ?? actions.count) {
            #expect(world.perform([action]) == nil)
            world.settle()
        }
        return world
    }

    /// pv1 was destroyed while it had 1-4, and its backend is still there.
    private static func orphaned(byXL: Bool) throws -> World {
        var world = try byXL ? withXL() : withController()
        if !byXL { world.run(try attach("1-4")) }
        world.destroy(1, leavingBackend: true)
        world.settle()
        return world
    }

    private static func attached() throws -> World {
        var world = try withController()
        world.run(try attach("1-4"))
        return world
    }

    /// 1-4 was pulled and plugged in again while pv1 had it.
    private static func replugged() throws -> World {
        var world = try attached()
        if let device = world.unplug(try id("1-4")) { world.plug(device) }
        world.settle()
        return world
    }

    // MARK: - Commands

    private static func attach(_ device: String) throws -> Command {
        .attach(try DomainSelector("pv1"), try DeviceSelector(device), at: nil)
    }

    private static func detach() throws -> Command { .detach(try DeviceSelector("1-4")) }

    private static func remove(force: Bool) throws -> Command {
        .removeController(try DomainSelector("pv1"), ControllerNumber(0), force: force)
    }

    static let stories = [
        Story(
            testDescription: "attach, the only controller is full", world: { try full() },
            command: { try attach("1-4") }, worlds: 10),
        Story(
            testDescription: "attach, beside another device", world: { try withOther() },
            command: { try attach("1-4") }, worlds: 6),
        Story(
            testDescription: "detach of what xl attached", world: { try withXL() },
            command: { try detach() }, worlds: 6),
        Story(
            testDescription: "recover of what xl began", world: { try withXL(first: 4) },
            command: { .recover([.busID(try id("1-4"))]) }, worlds: 5),
        Story(
            testDescription: "attach of what xl began", world: { try withXL(first: 4) },
            command: { .attach(try DomainSelector("pv1"), try DeviceSelector("1-4"), at: nil) },
            worlds: 8),
        Story(
            testDescription: "attach again after a replug", world: { try replugged() },
            command: { try attach("1-4") }, worlds: 8),
        Story(
            testDescription: "recover after a replug", world: { try replugged() },
            command: { .recover([]) }, worlds: 3),
        Story(
            testDescription: "recover of what a domain left", world: { try orphaned(byXL: false) },
            command: { .recover([]) }, worlds: 6),
        Story(
            testDescription: "recover of what a domain left that xl served",
            world: { try orphaned(byXL: true) }, command: { .recover([]) }, worlds: 6),
        Story(
            testDescription: "removal of a controller with two devices",
            world: {
                var world = try withOther()
                world.run(try attach("1-4"))
                return world
            }, command: { try remove(force: false) }, worlds: 10),
        Story(
            testDescription: "removal by force of a controller with a device",
            world: { try attached() }, command: { try remove(force: true) }, worlds: 6),
    ]

    @Test(arguments: stories)
    func `a command that dies anywhere is shown, recovered and repeated`(story: Story) throws {
        var explorer = Explorer(
            world: try story.world(), command: try story.command(),
            device: try Self.id(story.device))
        #expect(explorer.crashes().map(\.description) == [])
        #expect(explorer.worlds.count >= story.worlds)
    }
}
