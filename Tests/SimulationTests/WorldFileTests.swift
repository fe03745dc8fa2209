import Foundation
import HostUSB
import Simulation
import TestSupport
import Testing
import USBModel
import XenStoreWire

struct WorldFileTests {
    private let directory: TemporaryDirectory
    private var path: String { directory.path("world.json") }

    init() throws {
        directory = try TemporaryDirectory()
        try WorldFile.create(directory.path("world.json"), .withController())
    }

    private func host() throws -> SimulatedHost {
        try SimulatedHost(file: path, stopSignals: .ignored)
    }

    private func inode() throws -> UInt64 {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.systemFileNumber] as? UInt64)
    }

    private func bytes() throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: path))
    }

    private func names() throws -> [String] {
        try SystemFiles().list(directory.path)
    }

    // MARK: - Several processes

    @Test func `two hosts see each other's changes`() throws {
        let (first, second) = (try host(), try host())
        #expect(try first.perform([.write(at("/a"), text: "1")]) == [.done])
        #expect(try second.perform([.read(at("/a"))]) == [.value([0x31])])
        try second.write("1-1:1.0", to: "/sys/bus/usb/drivers/usbhid/unbind")
        #expect(try first.world().links["1-1:1.0"] == "-")
        try first.write("1-1:1.0", to: "/sys/bus/usb/drivers/usbhid/bind")
        #expect(try second.readLink("/sys/bus/usb/devices/1-1:1.0/driver").hasSuffix("/usbhid"))
        #expect(try second.perform([.remove(at("/a"))]) == [.done])
        #expect(try first.perform([.read(at("/a"))]) == [.failure(.noEntry)])
    }

    @Test func `two hosts share the port table and the guests`() throws {
        let (first, second) = (try host(), try host())
        try first.intervene { $0.set(TestController().port(1), "1-1") }
        #expect(second.wait(for: .store, until: 1) == .woken)
        #expect(
            try first.read("/sys/bus/usb/drivers/usbback/port_ids") == Array("1-1:1:0:1\n".utf8))
        try second.intervene { $0.guests[0].hasFrontend = false }
        #expect(try first.world().guests[0].hasFrontend == false)
        #expect(try host().world().guests[0].hasFrontend == false)
    }

    /// What one host does in a transaction, what another does meanwhile, and whether it conflicts.
    struct Race: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let inside: StoreRequest
        let outside: StoreRequest
        let conflicts: Bool

        init(_ title: String, _ inside: StoreRequest, _ outside: StoreRequest, _ conflicts: Bool) {
            testDescription = title
            self.inside = inside
            self.outside = outside
            self.conflicts = conflicts
        }
    }

    static let port = at(TestController().port(1))
    static let mine = at("/libxl/pvusb/version")

    static let races = [
        Race("a read node is changed", .read(port), .write(port, text: "1-1"), true),
        Race("another node is changed", .read(port), .write(at("/x"), text: "1"), false),
        Race(
            "a sibling is changed", .read(port), .write(at(TestController().port(2)), text: "1-1"),
            false),
        Race("a missing node comes", .read(at("/new")), .write(at("/new"), []), true),
        Race("a read node goes", .read(port), .remove(port), true),
        Race(
            "a listed node gets a child", .directory(at("/libxl/pvusb/device")),
            .write(at("/libxl/pvusb/device/1-1"), []), true),
        Race(
            "its permissions change", .read(port),
            .setPermissions(port, [StorePermission(.none, 7)]), true),
        Race("the same value is written", .read(port), .write(port, []), false),
    ]

    @Test(arguments: races)
    func `a transaction conflicts with what another host changed`(_ race: Race) throws {
        let (first, second) = (try host(), try host())
        let replies = try first.perform([.begin, race.inside, .write(Self.mine, text: "2")])
        #expect(replies.first == .done)
        #expect(try second.perform([race.outside]) == [.done])
        let answer: StoreReply = race.conflicts ? .failure(.again) : .done
        #expect(try first.perform([.commit]) == [answer])
        let mine: StoreReply = .value(race.conflicts ? [0x31] : [0x32])
        #expect(try second.perform([.read(Self.mine)]) == [mine])
    }

    @Test func `an open transaction survives changes elsewhere and is seen by nobody`() throws {
        let (first, second) = (try host(), try host())
        #expect(try first.perform([.begin, .write(at("/a"), text: "1")]) == [.done, .done])
        #expect(try second.perform([.read(at("/a"))]) == [.failure(.noEntry)])
        #expect(try second.perform([.begin, .write(at("/b"), text: "2")]) == [.done, .done])
        #expect(try first.perform([.read(at("/a"))]) == [.value([0x31])])
        #expect(try first.perform([.commit]) == [.done])
        #expect(try second.perform([.commit]) == [.failure(.again)], "both made a child of /")
        #expect(
            try host().perform([.read(at("/a")), .read(at("/b"))])
                == [.value([0x31]), .failure(.noEntry)])
    }

    @Test func `of two compare-and-swaps on two hosts one wins`() throws {
        let hosts = [try host(), try host()]
        for host in hosts {
            #expect(try host.perform([.begin, .read(Self.port)]) == [.done, .value([])])
        }
        let replies = try hosts.map {
            try $0.perform([.write(Self.port, text: "1-1"), .commit]).last
        }
        #expect(replies == [.done, .failure(.again)])
    }

    // MARK: - Write-through

    /// An effect, and whether it changes the file.
    struct Deed: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let changes: Bool
        let body: @Sendable (SimulatedHost) throws -> Void

        init(
            _ title: String, changes: Bool,
            _ body: @escaping @Sendable (SimulatedHost) throws -> Void
        ) {
            testDescription = title
            self.changes = changes
            self.body = body
        }
    }

    static let deeds = [
        Deed("write", changes: true) { _ = try $0.perform([.write(at("/a"), text: "1")]) },
        Deed("a transaction", changes: true) {
            _ = try $0.perform([.begin, .write(at("/a"), text: "1"), .commit])
        },
        Deed("permissions", changes: true) {
            _ = try $0.perform([.setPermissions(port, [StorePermission(.read, 3)])])
        },
        Deed("unbind", changes: true) {
            try $0.write("1-1:1.0", to: "/sys/bus/usb/drivers/usbhid/unbind")
        },
        Deed("a guest that changes", changes: true) {
            try $0.intervene { $0.guests[0].hasFrontend = false }
        },
        Deed("a port table that changes", changes: true) {
            try $0.intervene {
                $0.ports = [
                    PortTableEntry("1-1:1:0:1")
                ].compactMap(\.self)
            }
        },
        Deed("a pulled plug", changes: true) { try $0.intervene { $0.usb.devices.removeLast() } },
        Deed("reads", changes: false) {
            _ = try $0.perform([.read(port), .directory(at("/")), .permissions(port)])
        },
        Deed("an open transaction", changes: false) {
            _ = try $0.perform([.begin, .write(at("/a"), text: "1")])
        },
        Deed("an aborted transaction", changes: false) {
            _ = try $0.perform([.begin, .write(at("/a"), text: "1"), .abort])
        },
        Deed("a refused write", changes: false) {
            _ = try $0.perform([.remove(at("/no/such/node"))])
        },
        Deed("a watch", changes: false) { _ = try $0.perform([.watch(port, token: "t")]) },
        Deed("a scan", changes: false) { _ = try scanHost($0) },
        Deed("a refused bind", changes: false) {
            _ = try? $0.write("1-1:1.0", to: "/sys/bus/usb/drivers/usbback/bind")
        },
        Deed("a probe of what has a driver", changes: false) {
            try $0.write("1-1:1.0", to: "/sys/bus/usb/drivers_probe")
        },
        Deed("a wait in which nobody acts", changes: false) { _ = $0.wait(for: .store, until: 1) },
        Deed("a lock", changes: false) { _ = try $0.tryLock("claim") },
        Deed("a look", changes: false) { _ = try $0.world() },
    ]

    @Test(arguments: deeds)
    func `an effect replaces the file if it changes the world`(_ deed: Deed) throws {
        let host = try host()
        let (before, content) = (try inode(), try bytes())
        try deed.body(host)
        #expect(try (inode() != before) == deed.changes)
        #expect(try (bytes() != content) == deed.changes)
        #expect(try host.world().json() == [UInt8](bytes()), "the file is the world")
        #expect(try !names().contains("world.json.tmp"))
    }

    @Test func `opening and closing changes nothing, and what was about to happen happens`() throws
    {
        let before = try inode()
        _ = try host()
        #expect(try inode() == before)
        let file = try WorldFile(path)
        try host().intervene { $0.add(TestController(number: 1)) }
        #expect(try file.look { $0.states(TestController(number: 1)) } == "1 1")
        _ = try host()
        #expect(try file.look { $0.states(TestController(number: 1)) } == "4 4")
    }

    @Test func `a world back where it was is the same file, byte for byte`() throws {
        let (host, before) = (try host(), try bytes())
        try host.write("1-1:1.0", to: "/sys/bus/usb/drivers/usbhid/unbind")
        #expect(try host.perform([.write(at("/a/b"), text: "1")]) == [.done])
        #expect(try bytes() != before)
        #expect(try host.perform([.remove(at("/a"))]) == [.done])
        try host.write("1-1:1.0", to: "/sys/bus/usb/drivers/usbhid/bind")
        #expect(try bytes() == before)
    }

    @Test func `what a killed process left of a temporary file is overwritten`() throws {
        let junk = String(repeating: "junk ", count: 100_000)
        try directory.write(junk, to: "world.json.tmp")
        #expect(try host().perform([.write(at("/a"), text: "1")]) == [.done])
        #expect(try names() == ["world.json", "world.json.lock", "world.json.locks"])
        #expect(try host().perform([.read(at("/a"))]) == [.value([0x31])])
    }

    // MARK: - Locks

    @Test func `a lock of one host is seen by the other, and goes with its host`() throws {
        let second = try host()
        do {
            let first = try host()
            #expect(try first.tryLock("device.1-1") == .taken)
            let holder = LockAnswer.held(by: ProcessInfo.processInfo.processIdentifier)
            #expect(try second.tryLock("device.1-1") == holder)
            #expect(try second.holder(of: "device.1-1") == holder)
            #expect(try second.tryLock("device.1-2") == .taken)
            #expect(try first.holder(of: "device.1-1") == .taken)
        }
        #expect(try second.holder(of: "device.1-1") == .taken)
        #expect(try second.tryLock("device.1-1") == .taken)
        second.unlock("device.1-1")
        #expect(try host().tryLock("device.1-1") == .taken)
    }

    @Test func `a killed process loses its lock and leaves its changes`() async throws {
        let path = path
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let host = try SimulatedHost(file: path, stopSignals: .ignored)
            #expect(try host.tryLock("claim") == .taken)
            #expect(try host.perform([.write(at("/done"), text: "1")]) == [.done])
            #expect(try host.perform([.begin, .write(at("/open"), text: "1")]).count == 2)
            kill(getpid(), SIGKILL)
        }
        let host = try host()
        #expect(try host.tryLock("claim") == .taken)
        #expect(try host.perform([.read(at("/done"))]) == [.value([0x31])])
        #expect(try host.perform([.read(at("/open"))]) == [.failure(.noEntry)])
    }

    @Test func `a host in memory has locks of its own`() throws {
        var world = World.builtIn()
        world.locks["claim"] = 7
        let host = SimulatedHost(world, process: 1)
        #expect(try host.tryLock("claim") == .held(by: 7))
        #expect(try host.holder(of: "claim") == .held(by: 7))
        host.unlock("claim")
        #expect(try host.tryLock("claim") == .held(by: 7))
        #expect(try host.holder(of: "free") == .taken)
        #expect(try host.tryLock("free") == .taken)
        #expect(try host.tryLock("free") == .taken)
        #expect(try host.world().locks == ["claim": 7, "free": 1])
        host.unlock("free")
        #expect(try host.world().locks == ["claim": 7])
    }
}
