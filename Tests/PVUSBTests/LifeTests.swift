import PVUSB
import Simulation
import Testing

/// Every state of a device as it comes about in life, and what `recover` makes of it.
struct LifeTests {
    /// What happens to 1-4, which was the host's, with a controller in pv1.
    struct Life: CustomTestStringConvertible {
        let testDescription: String
        let state: DeviceState
        /// Where a recovery that names the device leads.
        let end: DeviceState
        let live: @Sendable (Bench) throws -> Void

        init(
            _ title: String, _ state: DeviceState, recovered end: DeviceState = .host,
            _ live: @escaping @Sendable (Bench) throws -> Void
        ) {
            testDescription = "\(state.rawValue): \(title)"
            self.state = state
            self.end = end
            self.live = live
        }
    }

    private static func interface(_ number: UInt8) throws -> InterfaceID {
        InterfaceID(device: try #require(BusID("1-4")), configuration: 1, number: number)
    }

    private static func xlAttach(_ bench: Bench, first count: Int? = nil) throws {
        let id = try #require(BusID("1-4"))
        try bench.xl { world in
            let actions = world.xlAttach(id, domain: 1, controller: 0, port: 1)
            return actions.prefix(count ?? actions.count)
        }
    }

    private static func xlDetach(_ bench: Bench, first count: Int? = nil) throws {
        let id = try #require(BusID("1-4"))
        try bench.xl { world in
            let actions = world.xlDetach(id, domain: 1, controller: 0, port: 1)
            return actions.prefix(count ?? actions.count)
        }
    }

    private static let controller = XLController(domain: 1, number: 0)

    private static func attach(_ bench: Bench) throws { try bench.succeed(try Bench.attach("1-4")) }

    /// What pvusb leaves, alone or because somebody pulled a plug.
    static let ours = [
        Life("nothing happened", .host) { _ in },
        Life("it went and came back", .host) {
            try attach($0)
            try $0.succeed(try Bench.detach("1-4"))
        },
        Life("attach", .assigned, recovered: .assigned) { try attach($0) },
        Life("attach, killed after its claim", .attaching) {
            try $0.kill(try Bench.attach("1-4"), after: 1)
        },
        Life("attach, killed between the interfaces", .attaching) {
            try $0.kill(try Bench.attach("1-4"), after: 4)
        },
        Life("attach, killed before its last note", .attaching, recovered: .assigned) {
            try $0.kill(try Bench.attach("1-4"), after: 5)
        },
        Life("detach, killed after its first note", .detaching) {
            try attach($0)
            try $0.kill(try Bench.detach("1-4"), after: 1)
        },
        Life("detach, killed when the port was cleared", .detaching) {
            try attach($0)
            try $0.kill(try Bench.detach("1-4"), after: 4)
        },
        Life("detach --no-rebind", .parked) {
            try attach($0)
            try $0.succeed(.detach(try DeviceSelector("1-4"), rebind: false))
        },
        Life("parked, then replugged", .stale) {
            try attach($0)
            try $0.succeed(.detach(try DeviceSelector("1-4"), rebind: false))
            try $0.replug("1-4")
        },
        Life("attach, replugged", .assignedUncaptured) {
            try attach($0)
            try $0.replug("1-4")
        },
    ]

    /// What xl and people with a shell leave.
    static let others = [
        Life("somebody unbound it", .unbound) { bench in
            let interfaces = try (0...1).map { try interface($0) }
            try bench.xl { _ in interfaces.map { .unbind($0) } }
        },
        Life("somebody unbound an interface", .host) { bench in
            let first = try interface(0)
            try bench.xl { _ in [.unbind(first)] }
        },
        Life("xl attached it", .assigned, recovered: .assigned) { try xlAttach($0) },
        Life("xl, killed when the port was written", .assignedUncaptured) {
            try xlAttach($0, first: 1)
        },
        Life("xl, killed when the first interface was unbound", .assignedUncaptured) {
            try xlAttach($0, first: 3)
        },
        Life("xl, killed between the interfaces", .assignedUncaptured) {
            try xlAttach($0, first: 4)
        },
        Life("xl, killed when it had unbound it from usbback", .assignedUncaptured) {
            try xlAttach($0)
            try xlDetach($0, first: 2)
        },
        Life("xl, killed when it had cleared the port", .unbound) {
            try xlAttach($0)
            try xlDetach($0, first: 3)
        },
        Life("xl, killed when it had bound it", .host) {
            try xlAttach($0)
            try xlDetach($0, first: 4)
        },
        Life("xl attached it, then lost the controller", .captured) { bench in
            try xlAttach(bench)
            try bench.xl { _ in [.removeController(controller)] }
        },
        Life("xl was half done, then lost the controller", .mixed) { bench in
            let second = try interface(1)
            try xlAttach(bench)
            try bench.xl { _ in [.removeController(controller), .unbindFromBackend(second)] }
        },
        Life("ours, and xl took it back", .stale) {
            try attach($0)
            try xlDetach($0)
        },
        Life("ours, and xl moved it", .assigned, recovered: .assigned) { bench in
            try attach(bench)
            try xlDetach(bench)
            let id = try #require(BusID("1-4"))
            try bench.xl { $0.xlAttach(id, domain: 1, controller: 0, port: 3) }
        },
        Life("ours, and xl wrote a second port", .contested, recovered: .assigned) { bench in
            try attach(bench)
            let id = try #require(BusID("1-4"))
            try bench.xl { _ in [.writePort(controller, port: 3, id)] }
        },
        Life("ours, unplugged, and another device came", .stale) {
            try attach($0)
            try $0.exchange("1-4", for: "1-3.1")
        },
    ]

    private static func lived(_ life: Life) throws -> (bench: Bench, before: Bench.Snapshot) {
        let bench = try Bench.withController()
        let before = try bench.snapshot()
        try life.live(bench)
        return (bench, before)
    }

    @Test(arguments: ours + others)
    func `a state comes about, and recover ends it`(life: Life) throws {
        let (bench, before) = try Self.lived(life)
        let status = try bench.status("1-4")
        #expect(status.state == life.state)
        #expect((status.remedy == nil) == status.problems.isEmpty)
        try bench.succeed(try Bench.recover("1-4"))
        let end = try bench.status("1-4")
        #expect(end.state == life.end)
        #expect(end.problems == [])
        #expect(end.remedy == nil)
        #expect(try bench.host.world().locks == [:])
        guard life.end == .host else { return }
        // What somebody did to a device that is the host's is the host's business.
        let isHome = try bench.host.world().isHome(try #require(BusID("1-4")))
        #expect(isHome || life.state == .host)
        // A controller that somebody else removed stays so; all else is as it was.
        let lost = try bench.text("/libxl/1/device/vusb/0/type") == nil
        let places = ["/local/domain/1/device", "/libxl/1/device", "/local/domain/0/backend"]
        let others = { (node: String) in !lost || !places.contains { node.hasPrefix($0) } }
        #expect(try bench.nodes().filter(others) == before.nodes.filter(others))
    }

    @Test(arguments: ours + others)
    func `recover without a name ends what has a record or a port`(life: Life) throws {
        let (bench, _) = try Self.lived(life)
        let status = try bench.status("1-4")
        try bench.succeed(.recover([]))
        let isTaken = status.record != nil || status.place != nil
        let isLeft = status.remedy == nil || !isTaken
        #expect(try bench.status("1-4").state == (isLeft ? life.state : life.end))
        #expect(try !isTaken || bench.status("1-4").remedy == nil)
    }

    @Test(arguments: ours + others)
    func `a detach brings it home from any state`(life: Life) throws {
        let (bench, _) = try Self.lived(life)
        let outcome = bench.run(try Bench.detach("1-4"))
        let end = try bench.status("1-4")
        switch life.state {
        // Nobody has it: there is nothing to take back.
        case .unbound: #expect(end.state == .unbound)
        case .contested: #expect(end.state == .assigned)
        default: #expect(end.state == .host)
        }
        #expect(outcome.error == nil)
    }

    @Test func `an unplugged device is shown until somebody recovers it`() throws {
        let bench = try Bench.withController()
        let before = try bench.snapshot().nodes
        try Self.attach(bench)
        try bench.unplug("1-4")
        #expect(try bench.status("1-4").state == .assignedAbsent)
        try bench.succeed(try Bench.recover("1-4"))
        #expect(try bench.nodes() == before)
        #expect(bench.run(try Bench.recover("1-4")).error?.code == .notFound)
    }

    @Test func `what is written about a hub is undone, and its driver stays`() throws {
        let bench = try Bench.withController()
        let before = try bench.drivers("1-3")
        try bench.meddle([
            try writing("/local/domain/0/backend/vusb/1/0/port/1", "1-3"),
            try writing("/libxl/pvusb/device/1-3/goal", "attached"),
        ])
        #expect(try bench.status("1-3").state == .assignedUncaptured)
        try bench.succeed(try Bench.recover("1-3"))
        #expect(try bench.status("1-3").state == .hub)
        #expect(try bench.text("/local/domain/0/backend/vusb/1/0/port/1") == "")
        #expect(try bench.drivers("1-3") == before)
    }

    @Test func `every state comes about`() {
        let states = Set((Self.ours + Self.others).map(\.state))
        #expect(states.union([.assignedAbsent, .hub]) == Set(DeviceState.allCases))
    }
}
