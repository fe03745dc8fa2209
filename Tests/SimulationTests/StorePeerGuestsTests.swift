import Simulation
import TestSupport
import Testing
import XenStore
import XenStoreServer
import XenStoreWire

/// The guests of a world file move into a store elsewhere.
struct StorePeerGuestsTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try WorldFile.create(directory.path("w"), .withController())
    }

    /// A store as a server starts with.
    private func freshStore() -> SimulatedHost {
        var world = World.builtIn()
        world.store = StoreEngine()
        world.guests = []
        return SimulatedHost(world)
    }

    private func moveIn(to elsewhere: SimulatedHost) throws {
        try StorePeer(on: elsewhere, world: try WorldFile(directory.path("w"))).moveIn()
    }

    private func nodes(of elsewhere: SimulatedHost) throws -> [String] {
        try elsewhere.world().store.lines
    }

    @Test func `a fresh store gets all that the world's has`() throws {
        let elsewhere = freshStore()
        try moveIn(to: elsewhere)
        #expect(try nodes(of: elsewhere) == World.withController().store.lines)
    }

    @Test func `whoever is there stays as he is`() throws {
        let elsewhere = freshStore()
        try moveIn(to: elsewhere)
        try elsewhere.intervene { world in
            world.ask(
                .write(at("/local/domain/1/name"), text: "renamed"),
                .remove(at("/local/domain/1/device/vusb")), .remove(at("/libxl/pvusb")))
        }
        let before = try nodes(of: elsewhere)
        try moveIn(to: elsewhere)
        #expect(try nodes(of: elsewhere) == before)
    }

    @Test func `a guest that went comes back with its controllers, and nothing else does`() throws {
        let elsewhere = freshStore()
        try moveIn(to: elsewhere)
        try elsewhere.intervene { $0.ask(.remove(at("/libxl/pvusb"))) }
        let before = try nodes(of: elsewhere)
        try elsewhere.intervene { world in
            world.ask(
                .remove(at("/local/domain/1")), .remove(at("/libxl/1")),
                .remove(at("/local/domain/0/backend/vusb/1")))
        }
        try moveIn(to: elsewhere)
        #expect(try nodes(of: elsewhere) == before)
    }

    @Test func `the server is told of the guests that are new to it, and of no others`() throws {
        let store = NotingStore(freshStore())
        let peer = StorePeer(on: store, world: try WorldFile(directory.path("w")))
        try peer.moveIn()
        #expect(store.introduced == [1, 2, 3])
        try peer.moveIn()
        #expect(store.introduced == [1, 2, 3])
        let gone: [StoreRequest] = [.remove(at("/local/domain/2")), .remove(at("/libxl/2"))]
        _ = try store.perform(gone)
        try peer.moveIn()
        #expect(store.introduced == [1, 2, 3, 2])
    }

    @Test func `a server that will not be told of guests gets them all the same`() throws {
        let store = NotingStore(freshStore(), refuses: true)
        try StorePeer(on: store, world: try WorldFile(directory.path("w"))).moveIn()
        #expect(try store.store.world().store.lines == World.withController().store.lines)
    }

    @Test func `a node that is there keeps its value`() throws {
        let elsewhere = freshStore()
        try elsewhere.intervene { $0.set("/local/domain/0/name", "host") }
        try moveIn(to: elsewhere)
        #expect(try elsewhere.world().node("/local/domain/0/name") == "host")
        #expect(try elsewhere.world().node("/local/domain/0/domid") == "0")
    }
}

/// Notes which domains a store is told of; it may refuse to hear of them.
private final class NotingStore: Store {
    let store: SimulatedHost
    private let refuses: Bool
    private(set) var introduced: [UInt16] = []

    init(_ store: SimulatedHost, refuses: Bool = false) {
        self.store = store
        self.refuses = refuses
    }

    func perform(_ batch: [StoreRequest]) throws(StoreFailure) -> [StoreReply] {
        for case .introduce(let domain) in batch { introduced.append(domain) }
        guard refuses else { return try store.perform(batch) }
        let replies = try store.perform(batch)
        return zip(batch, replies).map { request, reply in
            if case .introduce = request { .failure(.invalid) } else { reply }
        }
    }
}

extension StoreEngine {
    /// Every node with its value and permissions, a line each.
    fileprivate var lines: [String] {
        entries.map { "\($0.path) \($0.value) \($0.permissions)" }
    }
}
