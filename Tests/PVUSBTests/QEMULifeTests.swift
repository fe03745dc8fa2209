import PVUSB
import Simulation
import Testing

/// Every state of a device that QEMU has or had, as it comes about, and what `recover` makes of it.
struct QEMULifeTests {
    struct Life: CustomTestStringConvertible {
        let testDescription: String
        let state: DeviceState
        /// Where a recovery that names the device leads.
        let end: DeviceState
        let live: @Sendable (Bench, QEMUCase) throws -> Void

        init(
            _ title: String, _ state: DeviceState, recovered end: DeviceState = .host,
            _ live: @escaping @Sendable (Bench, QEMUCase) throws -> Void
        ) {
            testDescription = "\(state.rawValue): \(title)"
            self.state = state
            self.end = end
            self.live = live
        }
    }

    private static func attach(_ bench: Bench, _ item: QEMUCase) throws {
        try bench.succeed(try item.attach())
    }

    private static func xlAttach(_ bench: Bench, _ item: QEMUCase) throws {
        let id = try #require(BusID(item.device))
        try bench.xl { $0.xlAttach(id, domain: item.domain, controller: 0, port: 1) }
    }

    static let lives = [
        Life("nothing happened", .host) { _, _ in },
        Life("it went and came back", .host) {
            try attach($0, $1)
            try $0.succeed(try $1.detach())
        },
        Life("attach", .assigned, recovered: .assigned) { try attach($0, $1) },
        // QEMU takes it by itself once the port is written; an emulation has to be asked.
        Life("attach, killed before its last note", .attaching, recovered: .assigned) {
            let changes = try $0.countChanges(try $1.attach())
            try $0.kill(try $1.attach(), after: changes - 1)
        },
        Life("detach, killed after its first note", .detaching) {
            try attach($0, $1)
            try $0.kill(try $1.detach(), after: 1)
        },
        Life("detach, killed when the port was cleared", .detaching) {
            try attach($0, $1)
            try $0.kill(try $1.detach(), after: $1.kind == .qusb ? 1 : 3)
        },
        Life("detach --no-rebind", .parked) {
            try attach($0, $1)
            try $0.succeed(try $1.detach(rebind: false))
        },
        Life("attach, replugged", .assignedUncaptured) {
            try attach($0, $1)
            try $0.replug($1.device)
        },
        Life("QEMU was killed", .assignedUncaptured) { bench, item in
            try attach(bench, item)
            try bench.host.intervene { $0.killQEMU(of: item.domain) }
        },
        Life("QEMU ended in good order", .assignedUncaptured) { bench, item in
            try attach(bench, item)
            try bench.host.intervene { $0.stopQEMU(of: item.domain) }
        },
        Life("the guest was destroyed", .stale) { bench, item in
            try attach(bench, item)
            try bench.host.intervene { $0.destroy(item.domain) }
        },
        Life("QEMU was killed, then the guest destroyed", .stale) { bench, item in
            try attach(bench, item)
            try bench.host.intervene {
                $0.killQEMU(of: item.domain)
                $0.destroy(item.domain)
            }
        },
        Life("xl attached it", .assigned, recovered: .assigned) { try xlAttach($0, $1) },
        Life("xl attached it, and QEMU could not open it", .assignedUncaptured) { bench, item in
            try bench.changeQEMU(of: item.domain) { $0.opening = .fails }
            try xlAttach(bench, item)
        },
        Life("ours, and xl took it back", .stale) { bench, item in
            try attach(bench, item)
            let id = try #require(BusID(item.device))
            try bench.xl { $0.xlDetach(id, domain: item.domain, controller: 0, port: 1) }
        },
        Life("ours, unplugged, and another device came", .stale) {
            try attach($0, $1)
            try $0.exchange($1.device, for: "1-3.1")
        },
    ]

    private static func lived(_ life: Life, _ item: QEMUCase) throws -> Bench {
        let bench = try item.withController()
        try life.live(bench, item)
        return bench
    }

    @Test(arguments: lives, QEMUCase.all)
    func `a state comes about, and recover ends it`(life: Life, item: QEMUCase) throws {
        let bench = try Self.lived(life, item)
        let status = try bench.status(item.device)
        #expect(status.state == life.state)
        #expect((status.remedy == nil) == status.problems.isEmpty)
        try bench.succeed(try Bench.recover(item.device))
        let end = try bench.status(item.device)
        #expect(end.state == life.end)
        #expect(end.problems == [])
        #expect(end.remedy == nil)
        #expect(try bench.host.world().locks == [:])
        guard life.end == .host else { return }
        #expect(end.record == nil)
        #expect(try bench.host.world().isHome(try #require(BusID(item.device))))
        #expect(try bench.open(item.domain) == [])
    }

    @Test(arguments: lives, QEMUCase.all)
    func `recover without a name ends what has a record or a port`(
        life: Life, item: QEMUCase
    ) throws {
        let bench = try Self.lived(life, item)
        let status = try bench.status(item.device)
        try bench.succeed(.recover([]))
        #expect(
            try bench.status(item.device).state == (status.remedy == nil ? life.state : life.end))
    }

    @Test(arguments: lives, QEMUCase.all)
    func `a detach brings it home from any state`(life: Life, item: QEMUCase) throws {
        let bench = try Self.lived(life, item)
        let outcome = bench.run(try item.detach())
        #expect(outcome.error == nil)
        #expect(try bench.status(item.device).state == .host)
    }

    @Test(arguments: QEMUCase.all)
    func `an unplugged device is shown until somebody recovers it`(item: QEMUCase) throws {
        let bench = try item.withController()
        let before = try bench.nodes()
        try Self.attach(bench, item)
        try bench.unplug(item.device)
        #expect(try bench.status(item.device).state == .assignedAbsent)
        try bench.succeed(try Bench.recover(item.device))
        #expect(try bench.nodes() == before)
        #expect(bench.run(try Bench.recover(item.device)).error?.code == .notFound)
    }
}
