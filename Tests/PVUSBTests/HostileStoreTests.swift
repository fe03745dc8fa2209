import PVUSB
import Simulation
import Testing
import XenStoreServer

/// Values in the store that make no sense: nobody's device is hidden or changed by them.
struct HostileStoreTests {
    /// A value, or several, and the nodes that are told as odd.
    struct Hostility: CustomTestStringConvertible {
        let testDescription: String
        let oddities: [String]
        let write: @Sendable (inout World) -> Void

        init(
            _ title: String, odd: [String] = [],
            _ write: @escaping @Sendable (inout World) -> Void
        ) {
            testDescription = title
            oddities = odd
            self.write = write
        }
    }

    private static func write(_ world: inout World, _ nodes: [(String, String)], by domain: UInt16)
    {
        let connection = world.store.connect(domain: domain)
        for (path, text) in nodes {
            guard let path = StorePath(path) else { continue }
            _ = world.store.perform(.write(path, text: text), from: connection)
        }
        world.store.disconnect(connection)
    }

    private static let ports = [1, 2].map { "/local/domain/0/backend/vusb/\($0)/0/port/5" }
    private static let count = "/libxl/2/device/vusb/0/num-ports"
    private static let note = "/libxl/usbback/1-3_1/1-3_1@1_0/driver_path"
    private static let front = "/local/domain/2/device/vusb/0"

    static let one = [
        Hostility("a path in a port", odd: [ports[1]]) {
            write(&$0, [(ports[1], "../../etc")], by: 0)
        },
        Hostility("a path in a port of the guest's own controller", odd: [ports[0]]) {
            write(&$0, [(ports[0], "../../etc")], by: 0)
        },
        Hostility("a number of ports", odd: [count]) { write(&$0, [(count, "999999")], by: 0) },
        Hostility("a driver's path", odd: [note]) {
            write(&$0, [(note, "/sys/bus/usb/drivers/../../x")], by: 0)
        },
        Hostility("another backend, says the guest") {
            write(&$0, [("\(front)/backend", "/local/domain/3/backend/vusb/2/0")], by: 2)
        },
        Hostility("another backend's domain, says the guest") {
            write(&$0, [("\(front)/backend-id", "32752")], by: 2)
        },
        Hostility("a state that is none, says the guest") {
            write(&$0, [("\(front)/state", "garbage")], by: 2)
        },
        Hostility("a domain without a name") { world in
            let connection = world.store.connect(domain: 0)
            if let name = StorePath("/local/domain/3/name") {
                _ = world.store.perform(.remove(name), from: connection)
            }
            world.store.disconnect(connection)
        },
    ]

    static let all =
        one + [
            Hostility("all of them at once", odd: one.flatMap(\.oddities).sorted()) { world in
                for item in one { item.write(&world) }
            }
        ]

    /// Three guests with a controller each; pvh1 has the stick, 1-3.2.
    private static func bench() throws -> Bench {
        let bench = try Bench.withController()
        for guest in ["pvh1", "win10"] {
            try bench.succeed(
                .addController(try DomainSelector(guest), try #require(ControllerSettings())))
        }
        try bench.succeed(
            .attach(try DomainSelector("pvh1"), try DeviceSelector("1-3.2"), at: nil))
        try bench.host.intervene { $0.settle() }
        return bench
    }

    private static func look(_ bench: Bench) throws -> Observation {
        let outcome = bench.run(.list(nil))
        guard case .inventory(let inventory) = outcome else { throw Unexpected(outcome: outcome) }
        return inventory.observation
    }

    /// A bench with hostile values, and what was seen before they were there.
    private static func struck(by item: Hostility) throws -> (bench: Bench, before: Observation) {
        let bench = try bench()
        let before = try look(bench)
        #expect(before.oddities == [])
        try bench.host.intervene {
            item.write(&$0)
            $0.settle()
        }
        return (bench, before)
    }

    @Test(arguments: all)
    func `it is told, and everything is still there`(item: Hostility) throws {
        let (bench, before) = try Self.struck(by: item)
        let seen = try Self.look(bench)
        #expect(seen.oddities.map(\.path.text) == item.oddities)
        #expect(seen.controllers.map(\.id) == before.controllers.map(\.id))
        #expect(seen.controllers.map(\.ports.count) == before.controllers.map(\.ports.count))
        #expect(seen.domains.map(\.id) == before.domains.map(\.id))
        let noted = try #require(BusID("1-3.1"))
        let statuses = { (seen: Observation) in
            seen.deviceStatuses().filter { $0.id != noted }
        }
        #expect(statuses(seen) == statuses(before))
        #expect(seen.status(of: noted).state == .host)
    }

    @Test(arguments: all)
    func `another device goes to a guest and comes back`(item: Hostility) throws {
        let (bench, _) = try Self.struck(by: item)
        let before = try bench.snapshot()
        try bench.succeed(try Bench.attach("1-4"))
        #expect(try bench.status("1-4").state == .assigned)
        try bench.succeed(try Bench.detach("1-4"))
        #expect(try bench.snapshot() == before)
    }

    @Test(arguments: all)
    func `there is nothing to recover`(item: Hostility) throws {
        let (bench, _) = try Self.struck(by: item)
        #expect(try bench.succeed(.recover([])).goals == [])
        #expect(bench.changes == [])
    }

    @Test(arguments: all)
    func `the device of the guest that did it comes back, too`(item: Hostility) throws {
        let (bench, _) = try Self.struck(by: item)
        try bench.succeed(try Bench.detach("1-3.2"))
        #expect(try bench.status("1-3.2").state == .host)
        #expect(try bench.drivers("1-3.2") == ["usb-storage"])
    }

    @Test func `a domain without a name is meant by its number`() throws {
        let (bench, _) = try Self.struck(by: Self.one[7])
        let command = Command.attach(
            try DomainSelector("3"), try DeviceSelector("1-4"), at: nil)
        #expect(try bench.succeed(command).goals.map(\.label) == ["1-4 in domain 3 at 0:1"])
    }

    @Test(arguments: [
        "/sys/bus/usb/drivers/../../x", "/sys/bus/usb/drivers/usbback", "../x", "usbhid",
        "/sys/bus/usb/drivers/snd-usb-audio/",
    ])
    func `a device that xl gave away is probed where the note makes no sense`(
        note: String
    ) throws {
        let bench = try Bench.withController()
        try bench.host.intervene { $0.settle() }
        let id = try #require(BusID("1-4"))
        try bench.xl { $0.xlAttach(id, domain: 1, controller: 0, port: 1) }
        for number in 0...1 {
            try bench.meddle([try writing("/libxl/usbback/1-4/1-4@1_\(number)/driver_path", note)])
        }
        try bench.succeed(try Bench.detach("1-4"))
        let writes = bench.effects.flatMap { effect -> [String] in
            guard case .files(let requests) = effect else { return [] }
            return requests.compactMap { if case .write(let path, _) = $0 { path } else { nil } }
        }
        #expect(
            Set(writes) == ["/sys/bus/usb/drivers/usbback/unbind", "/sys/bus/usb/drivers_probe"])
        #expect(try bench.drivers("1-4") == ["snd-usb-audio", "snd-usb-audio"])
    }

    @Test func `a note that makes no sense does not outlive the next attach`() throws {
        let bench = try Bench.withController()
        let before = try bench.snapshot()
        try bench.meddle([
            try writing("/libxl/usbback/1-4/1-4@1_0/driver_path", "/sys/bus/usb/drivers/../../x"),
            try writing("/libxl/usbback/1-4/later", "x"),
        ])
        try bench.succeed(try Bench.attach("1-4"))
        #expect(
            try bench.text("/libxl/usbback/1-4/1-4@1_0/driver_path")
                == "/sys/bus/usb/drivers/snd-usb-audio")
        #expect(try bench.text("/libxl/usbback/1-4/later") == nil)
        try bench.succeed(try Bench.detach("1-4"))
        #expect(try bench.snapshot() == before)
    }

    @Test func `garbage in the port of what a domain left behind does not keep it for ever`()
        throws
    {
        let bench = try Bench.withController()
        try bench.host.intervene {
            $0.settle()
            $0.destroy(1, leavingBackend: true)
            Self.write(&$0, [(Self.ports[0], "../../etc")], by: 0)
            $0.settle()
        }
        try bench.succeed(.recover([]))
        #expect(try bench.text("/local/domain/0/backend/vusb/1") == nil)
    }
}
