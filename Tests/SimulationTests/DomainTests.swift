import Simulation
import Testing
import USBModel
import XenStoreServer
import XenStoreWire

struct DomainTests {
    private let controller = TestController()

    /// The paths of all nodes that are the domain's or about it.
    private func nodes(of domain: Int, in world: World) -> [String] {
        let places = [
            "/local/domain/\(domain)", "/libxl/\(domain)",
            "/local/domain/0/backend/vusb/\(domain)", "/local/domain/0/backend/qusb/\(domain)",
        ]
        return world.store.entries.map(\.path.text).filter { path in
            places.contains { path == $0 || path.hasPrefix("\($0)/") }
        }
    }

    @Test func `a domain that is destroyed leaves nothing`() throws {
        var world = World.withController()
        world.set("/libxl/1/device/vusb/0/type", "pv")
        world.set("/local/domain/0/backend/qusb/1/1/state", "4")
        world.set("/vm/1d3f6f0a-0001-4a7e-9c55-00163e5e6c00/name", "pv1")
        #expect(nodes(of: 1, in: world).count > 10)
        world.destroy(1)
        #expect(nodes(of: 1, in: world) == [])
        #expect(world.node("/vm/1d3f6f0a-0001-4a7e-9c55-00163e5e6c00") == nil)
        #expect(world.node("/local/domain/0/backend/vusb") == nil)
        #expect(world.node("/local/domain/0/backend") == nil, "as libxl prunes it")
        #expect(world.node("/local/domain/0/name") == "Domain-0")
        #expect(world.guests.map(\.domain) == [2, 3])
    }

    @Test func `a domain that is destroyed leaves the others' backends`() {
        var world = World.withController()
        world.add(TestController(domain: 2))
        world.settle()
        world.destroy(1)
        world.settle()
        #expect(world.states() == "- -")
        #expect(world.states(TestController(domain: 2)) == "4 4")
    }

    @Test func `a backend may be left, with the device in its port`() throws {
        var world = World.withController()
        try world.give("1-1", port: 1)
        world.destroy(1, leavingBackend: true)
        #expect(world.node(controller.port(1)) == "1-1")
        #expect(world.links["1-1:1.0"] == "usbback")
        #expect(world.states() == "- 4")
        #expect(nodes(of: 1, in: world).allSatisfy { $0.contains("/backend/vusb/1") })
        world.settle()
        #expect(world.states() == "- 6")
        #expect(world.table == [])
    }

    @Test func `a dead domain has no rights any more`() {
        var world = World.withController()
        world.destroy(1, leavingBackend: true)
        let rights = world.store.entries.flatMap(\.permissions).filter { $0.domain == 1 }
        #expect(rights == [])
    }

    @Test func `what was noted of devices stays`() {
        var world = World.withController()
        let notes = ["/libxl/pvusb/device/1-1/goal", "/libxl/usbback/1-1/1-1@1_0/driver_path"]
        for note in notes { world.set(note, "x") }
        world.destroy(1)
        #expect(notes.map { world.node($0) } == ["x", "x"])
    }

    @Test func `a domid can be another domain's later`() {
        var world = World.withController()
        world.destroy(1)
        world.create(1, name: "other", type: .pvh, uuid: "77777777-0000-4000-8000-000000000007")
        #expect(world.node("/local/domain/1/name") == "other")
        #expect(world.node("/local/domain/1/vm") == "/vm/77777777-0000-4000-8000-000000000007")
        #expect(world.node("/libxl/1/type") == "pvh")
        #expect(world.guests.map(\.domain) == [1, 2, 3])
        world.add(controller)
        world.settle()
        #expect(world.states() == "4 4")
    }

    @Test func `a domain that never was can't be destroyed`() {
        var world = World.builtIn()
        world.destroy(9)
        world.forgetHistory()
        var before = World.builtIn()
        before.forgetHistory()
        #expect(world == before)
    }
}
