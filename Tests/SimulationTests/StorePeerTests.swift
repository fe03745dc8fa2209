import HostUSB
import TestSupport
import Testing
import USBModel
import XenStore
import XenStoreServer
import XenStoreWire

@testable import Simulation

/// A world in a file is played on a store elsewhere; that one is another world's here.
struct StorePeerTests {
    private let controller = TestController()
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try WorldFile.create(directory.path("w"), .builtIn())
    }

    private func file() throws -> WorldFile { try WorldFile(directory.path("w")) }

    private func bytes() throws -> [UInt8] { try SystemFiles().read(directory.path("w")) }

    /// A store with a controller that nobody plays.
    private static func elsewhere(_ change: (inout World) -> Void = { _ in }) -> SimulatedHost {
        var world = World.builtIn()
        world.add(TestController())
        change(&world)
        return SimulatedHost(world)
    }

    /// The states of the two ends at the start and after each step, until all is quiet.
    private func history(_ elsewhere: SimulatedHost, _ store: (any Store)? = nil) throws -> [String]
    {
        let peer = StorePeer(on: store ?? elsewhere, world: try file())
        var history = [try elsewhere.world().states()]
        while try peer.step() { history.append(try elsewhere.world().states()) }
        return history
    }

    // MARK: - Steps

    @Test func `both ends connect, and the world knows`() throws {
        let elsewhere = Self.elsewhere()
        #expect(try history(elsewhere) == ["1 1", "1 2", "4 4"])
        #expect(try history(elsewhere) == ["4 4"])
        #expect(try file().look { $0.states() } == "4 4")
        let guestOwns = [StorePermission(.none, 1), StorePermission(.read, 0)]
        for name in ["urb-ring-ref", "conn-ring-ref", "event-channel", "state"] {
            let node = at("\(controller.frontend)/\(name)")
            #expect(try elsewhere.world().store.permissions(at: node) == guestOwns)
        }
    }

    @Test func `a quiet look leaves the file as it is`() throws {
        let elsewhere = Self.elsewhere()
        _ = try history(elsewhere)
        let before = try bytes()
        #expect(try history(elsewhere) == ["4 4"])
        #expect(try bytes() == before)
    }

    @Test func `a guest has no more rights than its nodes give it`() throws {
        let elsewhere = Self.elsewhere { world in
            let state = at("\(TestController().frontend)/state")
            world.ask(.setPermissions(state, [StorePermission(.none, 0)]))
        }
        #expect(try history(elsewhere) == ["1 1", "1 2"])
    }

    @Test func `the domains of others are left alone`() throws {
        let other = TestController(domain: 9)
        let elsewhere = Self.elsewhere { $0.add(other) }
        _ = try history(elsewhere)
        #expect(try elsewhere.world().states(other) == "1 1")
        #expect(try file().look { $0.node(other.backend) } == nil)
    }

    @Test func `ports go into the world's table and out of it`() throws {
        let elsewhere = Self.elsewhere()
        _ = try history(elsewhere)
        try elsewhere.intervene { $0.set(controller.port(2), "1-4") }
        #expect(try history(elsewhere) == ["4 4", "4 4"])
        #expect(try file().look { $0.table } == ["1-4:1:0:2"])
        try file().write("1-4:1.0", to: "/sys/bus/usb/drivers/snd-usb-audio/unbind")
        try file().write("1-4:1.0", to: "/sys/bus/usb/drivers/usbback/bind")
        try file().write("1-4:1.0", to: "/sys/bus/usb/drivers/usbback/unbind")
        try file().write("1-4:1.0", to: "/sys/bus/usb/drivers/snd-usb-audio/bind")
        try elsewhere.intervene { $0.set(controller.port(2), "") }
        #expect(try history(elsewhere) == ["4 4", "4 4"])
        #expect(try file().look { $0.table } == [])
    }

    @Test func `when the controllers are gone the file is what it was`() throws {
        let before = try bytes()
        let elsewhere = Self.elsewhere()
        _ = try history(elsewhere)
        #expect(try bytes() != before)
        try elsewhere.intervene { world in
            world.ask(
                .remove(at("/local/domain/1/device/vusb")),
                .remove(at("/local/domain/0/backend/vusb")))
        }
        #expect(try history(elsewhere) == ["- -"])
        #expect(try bytes() == before)
    }

    @Test func `the world's own nodes of a controller are forgotten for the store's`() throws {
        try file().update { world in world.add(TestController(number: 3)) }
        let elsewhere = Self.elsewhere()
        _ = try history(elsewhere)
        #expect(try file().look { $0.states(TestController(number: 3)) } == "- -")
        #expect(try elsewhere.world().states(TestController(number: 3)) == "- -")
    }

    // MARK: - Others on the store

    @Test func `a controller that goes meanwhile is not written back`() throws {
        let elsewhere = Self.elsewhere()
        let store = DisturbedStore(elsewhere) {
            try elsewhere.intervene { world in
                world.ask(
                    .remove(at(controller.frontend)), .remove(at(controller.backend)))
            }
            return nil
        }
        #expect(try history(elsewhere, store) == ["1 1"])
        #expect(try elsewhere.world().states() == "- -")
        #expect(store.commits == 2)
    }

    @Test func `a refused write is a failure, and the world stays as it was`() throws {
        let before = try bytes()
        let elsewhere = Self.elsewhere()
        let store = DisturbedStore(elsewhere) { .noSpace }
        let peer = StorePeer(on: store, world: try file())
        #expect(
            throws: StorePeerFailure.store(.init(.refused, "xenstored refused a write (ENOSPC)"))
        ) {
            try peer.step()
        }
        #expect(try bytes() == before)
    }

    @Test func `the USB side alone lets no time pass`() throws {
        try file().update { $0.add(controller) }
        let usb = try file()
        try usb.write("1-1:1.0", to: "/sys/bus/usb/drivers/usbhid/unbind")
        #expect(throws: FileErrno.noEntry) {
            try usb.readLink("/sys/bus/usb/devices/1-1:1.0/driver")
        }
        #expect(try usb.list("/sys/bus/usb/devices").contains("1-1:1.0"))
        #expect(try usb.read("/sys/bus/usb/devices/1-1/idVendor") == Array("046d\n".utf8))
        #expect(throws: FileErrno.readOnly) { try usb.replace("/etc/passwd", with: []) }
        #expect(try file().look { $0.states() } == "1 1")
    }
}

/// A store in front of another one: somebody meddles once before a commit, or it is refused.
private final class DisturbedStore: Store {
    private let store: any Store
    private var disturb: () throws -> StoreErrorName?
    private(set) var commits = 0

    init(_ store: any Store, _ disturb: @escaping () throws -> StoreErrorName?) {
        self.store = store
        self.disturb = disturb
    }

    func perform(_ batch: [StoreRequest]) throws(StoreFailure) -> [StoreReply] {
        guard batch.last == .commit else { return try store.perform(batch) }
        commits += 1
        guard commits == 1 else { return try store.perform(batch) }
        var refusal: StoreErrorName?
        do {
            refusal = try disturb()
        } catch {
            Issue.record(error)
        }
        guard let refusal else { return try store.perform(batch) }
        return batch.dropLast().map { _ in .failure(refusal) } + (try store.perform([.abort]))
    }
}

struct StoreChangesTests {
    /// What nodes were, what they are, and the requests that make these of those.
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var old = ["/a", "/a/b"].map { StoreEntry(path: at($0)) }
        var new: [StoreEntry]
        var requests: [StoreRequest]
    }

    private static let owned = [StorePermission(.none, 1)]

    static let rows = [
        Row(
            testDescription: "nothing",
            new: [StoreEntry(path: at("/a")), StoreEntry(path: at("/a/b"))], requests: []),
        Row(
            testDescription: "a value",
            new: [StoreEntry(path: at("/a")), StoreEntry(path: at("/a/b"), value: [1])],
            requests: [.write(at("/a/b"), [1])]),
        Row(
            testDescription: "permissions",
            new: [StoreEntry(path: at("/a")), StoreEntry(path: at("/a/b"), permissions: owned)],
            requests: [.setPermissions(at("/a/b"), owned)]),
        Row(
            testDescription: "a new node keeps what it inherits",
            new: [
                StoreEntry(path: at("/a")), StoreEntry(path: at("/a/b")),
                StoreEntry(path: at("/a/c"), value: [2], permissions: owned),
            ], requests: [.write(at("/a/c"), [2])]),
        Row(
            testDescription: "a leaf that went",
            new: [StoreEntry(path: at("/a"))], requests: [.remove(at("/a/b"))]),
        Row(testDescription: "a tree that went", new: [], requests: [.remove(at("/a"))]),
    ]

    @Test(arguments: rows)
    func `no more is changed than differs`(row: Row) {
        #expect(row.old.changes(to: row.new) == row.requests)
    }
}
