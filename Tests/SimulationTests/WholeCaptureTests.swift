import HostUSB
import Simulation
import TestSupport
import Testing
import USBModel
import XenStore
import XenStoreServer
import XenStoreWire

/// A store that somebody else changes between two batches, or that refuses one request.
private final class MovingStore: Store {
    var engine: StoreEngine
    private let connection: ConnectionID
    var afterBatch: (inout StoreEngine, ConnectionID) -> Void = { _, _ in }
    var refusal: (StoreRequest) -> StoreReply? = { _ in nil }
    var failure: StoreFailure?
    private(set) var batches: [[StoreRequest]] = []

    init(_ engine: StoreEngine) {
        self.engine = engine
        connection = self.engine.connect(domain: 0)
    }

    func perform(_ batch: [StoreRequest]) throws(StoreFailure) -> [StoreReply] {
        if let failure { throw failure }
        batches.append(batch)
        let replies = batch.map { refusal($0) ?? engine.perform($0, from: connection) }
        afterBatch(&engine, connection)
        return replies
    }
}

struct WholeCaptureTests {
    /// The world as its host shows it to a process, without what only its past can tell.
    private static func captured(_ world: World) throws -> World {
        let host = SimulatedHost(world)
        var copy = try World(capturing: host, store: host)
        copy.forgetHistory()
        return copy
    }

    private static func settled(_ change: (inout World) throws -> Void) throws -> World {
        var world = World.builtIn()
        try change(&world)
        world.settle()
        world.forgetHistory()
        return world
    }

    private static func attach(_ device: String, _ world: inout World) throws {
        let id = try #require(BusID(device))
        world.perform(world.xlAddController(domain: 1, controller: 0))
        world.settle()
        for action in world.xlAttach(id, domain: 1, controller: 0, port: 2) {
            try world.perform(action)
            world.settle()
        }
        #expect(Set(world.links.filter { $0.key.hasPrefix(device) }.values) == ["usbback"])
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let change: @Sendable (inout World) throws -> Void

        init(_ title: String, _ change: @escaping @Sendable (inout World) throws -> Void) {
            testDescription = title
            self.change = change
        }
    }

    static let cases = [
        Case("as it is") { _ in },
        Case("a controller") { $0.perform($0.xlAddController(domain: 2, controller: 1)) },
        Case("a keyboard in a guest") { try attach("1-1", &$0) },
        Case("a sound device in a guest") { try attach("1-4", &$0) },
        Case("a modem") { $0 = try .with(SiblingTests.acm) },
        Case("a modem in a guest") { world in
            world = try .with(SiblingTests.acm)
            try attach("1-5", &world)
        },
        Case("a camera") { $0 = try .with(SiblingTests.video) },
        Case("a device that was pulled out of a guest") { world in
            try attach("1-1", &world)
            world.unplug(try #require(BusID("1-1")))
        },
        Case("a guest without a driver") { world in
            world.guests[0].hasFrontend = false
            world.perform(world.xlAddController(domain: 1, controller: 0))
        },
        Case("without usbback") { $0.unload("usbback") },
        Case("without guests") { world in
            for domain in [UInt16(1), 2, 3] { world.destroy(domain) }
        },
        Case("hostile values") { world in
            let guest = "/local/domain/1/data"
            world.ask(
                .write(at("\(guest)/bytes"), (0...255).map { UInt8($0) }),
                .write(at("\(guest)/long"), Array(repeating: 0x41, count: 2048)),
                .write(at("\(guest)/none"), []),
                .write(at("\(guest)/escape"), text: "\u{1b}[2J\u{7f}\"}]\n\u{202e}"),
                .write(at("\(guest)/@_-"), [0xc0, 0x80, 0xff, 0xfe]),
                .write(at(guest + String(repeating: "/x", count: 480)), text: "deep"),
                .setPermissions(
                    at("\(guest)/bytes"),
                    [
                        StorePermission(.both, 1), StorePermission(.write, 2),
                        StorePermission(.read, 32751),
                    ]))
            world.perform(world.xlAddController(domain: 1, controller: 0))
            world.set("/local/domain/0/backend/vusb/1/0/port/3", "../../etc/passwd")
            world.set("/libxl/usbback/1-1/1-1@1_0/driver_path", "/sys/bus/usb/drivers/../x")
            world.set("/local/domain/01/name", "no number")
            world.set("/local/domain/99999/name", "too great")
        },
        Case("many nodes") { world in
            for number in 0..<700 { world.set("/tool/many/\(number)", "\(number)") }
        },
    ]

    @Test(arguments: cases)
    func `a captured world is the world`(_ given: Case) throws {
        let world = try Self.settled(given.change)
        let copy = try Self.captured(world)
        #expect(try copy.json() == world.json())
        #expect(copy == world)
    }

    @Test func `a captured world goes on as the world does`() throws {
        var world = try Self.settled { try Self.attach("1-4", &$0) }
        var copy = try Self.captured(world)
        let id = try #require(BusID("1-4"))
        for _ in 0...1 {
            world.perform(world.xlRemoveController(domain: 1, controller: 0))
            swap(&world, &copy)
        }
        #expect(world.isHome(id))
        #expect(try world.json() == copy.json())
    }

    @Test func `a guest that has not answered has no driver, as far as anybody knows`() throws {
        let states = [
            ("1", false), ("2", true), ("4", true), ("6", true), ("", false), ("x", false),
        ]
        for (state, hasFrontend) in states {
            var world = World.builtIn()
            world.guests[0].hasFrontend = false
            world.add(TestController())
            world.set("\(TestController().frontend)/state", state)
            let guests = try Self.captured(world).guests
            #expect(guests.map(\.hasFrontend) == [hasFrontend, true, true], "\(state)")
        }
    }

    @Test func `a driver that is not loaded is not added`() throws {
        let files = SystemFiles(sysfs: try CapturedHost.sysfs())
        let world = try World(capturing: files, store: SimulatedHost(.builtIn()))
        #expect(!world.usb.drivers.contains(.usbback))
        #expect(world.usb.devices == (try World(capturing: files)).usb.devices)
        #expect(world.ports == [])
    }

    // MARK: - A store that does not stand still

    @Test func `the store is read in few batches, each node once`() throws {
        let store = MovingStore(World.builtIn().store)
        let host = SimulatedHost(.builtIn())
        _ = try World(capturing: host, store: store)
        let count = World.builtIn().store.entries.count
        #expect(store.batches.flatMap(\.self).count == 3 * count)
        #expect(Set(store.batches.flatMap(\.self)).count == 3 * count)
        #expect(store.batches.count == 8, "as deep as the tree")
        #expect(store.batches.joined().allSatisfy { !$0.changesStore && $0 != .begin })
    }

    @Test func `what vanishes meanwhile is left out with all below it`() throws {
        let store = MovingStore(World.builtIn().store)
        store.afterBatch = { engine, connection in
            _ = engine.perform(.remove(at("/local/domain/2")), from: connection)
        }
        let world = try World(capturing: SimulatedHost(.builtIn()), store: store)
        let gone = "/local/domain/2"
        let left = World.builtIn().store.entries.map(\.path.text)
            .filter { $0 != gone && !$0.hasPrefix("\(gone)/") }
        #expect(world.store.entries.map(\.path.text) == left)
        #expect(world.guests.map(\.domain) == [1, 3])
    }

    @Test(arguments: 0..<3)
    func `a node that vanishes between two requests is left out`(which: Int) throws {
        let path = at("/local/domain/2/name")
        let requests: [StoreRequest] = [.directory(path), .read(path), .permissions(path)]
        let store = MovingStore(World.builtIn().store)
        store.refusal = { $0 == requests[which] ? .failure(.noEntry) : nil }
        let world = try World(capturing: SimulatedHost(.builtIn()), store: store)
        #expect(world.store.value(at: path) == nil)
        #expect(world.store.entries.count == World.builtIn().store.entries.count - 1)
    }

    @Test func `names that make no path are left out`() throws {
        let store = MovingStore(World.builtIn().store)
        let names = ["", "a b", "..", "a/b", "xenstored", "xenstored"]
        store.refusal = { request in
            guard request == .directory(at("/tool")) else { return nil }
            return .children(names + [String(repeating: "n", count: 1100)])
        }
        let world = try World(capturing: SimulatedHost(.builtIn()), store: store)
        #expect(world.store.children(of: at("/tool")) == ["xenstored"])
    }

    static let refusals: [(request: StoreRequest, reply: StoreReply, message: String)] = [
        (
            .read(at("/tool")), .failure(.accessDenied),
            "'/tool' of the store can't be read (EACCES)"
        ),
        (
            .permissions(at("/tool")), .failure(.inputOutput),
            "'/tool' of the store can't be read (EIO)"
        ),
        (.directory(.root), .failure(.noEntry), "'/' of the store can't be read (ENOENT)"),
        (
            .directory(at("/tool")), .done,
            "'/tool' of the store can't be read (an answer to another question)"
        ),
        (.permissions(at("/tool")), .permissions([]), "'/tool' of the store makes no sense"),
    ]

    @Test(arguments: refusals.indices)
    func `a node that is there and can't be read is no small matter`(index: Int) {
        let refusal = Self.refusals[index]
        let store = MovingStore(World.builtIn().store)
        store.refusal = { $0 == refusal.request ? refusal.reply : nil }
        #expect(throws: WorldFailure(refusal.message)) {
            try World(capturing: SimulatedHost(.builtIn()), store: store)
        }
    }

    @Test func `a host without a store or without USB is named as such`() throws {
        let store = MovingStore(World.builtIn().store)
        store.failure = StoreFailure(.unreachable, "there is no xenstored")
        #expect(throws: WorldFailure("the store can't be read: there is no xenstored")) {
            try World(capturing: SimulatedHost(.builtIn()), store: store)
        }
        let nothing = SystemFiles(sysfs: try TemporaryDirectory().path)
        #expect(throws: WorldFailure("the USB devices can't be listed (ENOENT)")) {
            try World(capturing: nothing, store: SimulatedHost(.builtIn()))
        }
    }
}
