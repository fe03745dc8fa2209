import Testing

@testable import PVUSBCore

struct WatchingTests {
    private static let begin = Effect.store([
        .watch(node("/libxl"), token: "pvusb"),
        .watch(node("/local/domain/0/backend"), token: "pvusb"),
    ])
    private static let end = Effect.store([
        .unwatch(node("/libxl"), token: "pvusb"),
        .unwatch(node("/local/domain/0/backend"), token: "pvusb"),
    ])

    private static func wait(_ run: Int, for wakes: Set<Wake> = [.store, .hotplug]) -> Effect {
        let timer = Instant.Timer(run: run, step: -1)
        return .wait(for: wakes, until: Instant(timer, milliseconds: 315_360_000_000))
    }

    private static func inventory(of host: LittleHost) -> Inventory? {
        var host = host
        guard case .inventory(let inventory) = host.run(Operation(.devices)).outcome else {
            return nil
        }
        return inventory
    }

    @Test func `it looks, waits, looks again and ends with what differs`() throws {
        var host = LittleHost()
        let before = try #require(Self.inventory(of: host))
        let run = host.run(Operation(.awaitChange(since: before))) { _, effect, host in
            if effect == Self.wait(2) { host.driver = nil }
            return nil
        }
        let look = LittleHost.look
        #expect(
            run.effects == [Self.begin] + look + [Self.wait(1)] + look + [Self.wait(2)] + look
                + [Self.end])
        guard case .inventory(let now) = run.outcome else {
            Issue.record("the outcome is \(run.outcome)")
            return
        }
        #expect(now.changes(since: before) == [.device(bus("1-1"), now.status("1-1"))])
        #expect(now.status("1-1").state == .unbound)
    }

    @Test func `what changed before the watch began is told at once`() throws {
        var host = LittleHost()
        let before = try #require(Self.inventory(of: host))
        host.driver = nil
        let run = host.run(Operation(.awaitChange(since: before)))
        #expect(run.effects == [Self.begin] + LittleHost.look + [Self.end])
    }

    @Test func `a wish to stop ends the watch and is told`() throws {
        var host = LittleHost()
        let before = try #require(Self.inventory(of: host))
        let run = host.run(Operation(.awaitChange(since: before))) { _, effect, _ in
            effect == Self.wait(1) ? .stop : nil
        }
        #expect(run.effects.last == Self.end)
        #expect(run.outcome.error == PVUSBError(.interrupted, "interrupted"))
    }

    @Test func `without a store only the devices are waited for`() throws {
        var host = LittleHost()
        let options = OperationOptions(hasStore: false)
        let look = host.run(Operation(.devices, options))
        guard case .inventory(let before) = look.outcome else {
            Issue.record("the outcome is \(look.outcome)")
            return
        }
        let run = host.run(Operation(.awaitChange(since: before), options)) { _, effect, host in
            if effect == Self.wait(1, for: [.hotplug]) { host.driver = nil }
            return nil
        }
        #expect(run.effects == look.effects + [Self.wait(1, for: [.hotplug])] + look.effects)
    }

    @Test func `a store that refuses the watches, or is lost, ends it`() throws {
        var operation = Operation(.awaitChange(since: Inventory(observation: Observation())))
        #expect(operation.next(nil) == Self.begin)
        #expect(
            operation.next(.storeLost("EOF")) == .finished(.failed(.storeIsLost)))
    }
}

extension Inventory {
    fileprivate func status(_ device: String) -> DeviceStatus {
        observation.status(of: bus(device))
    }
}

struct ChangeTests {
    private static func inventory(_ scene: Scene, worker: Bool = false) -> Inventory {
        Inventory(
            observation: scene.observation,
            workers: worker ? [bus("1-1"): Worker(process: 7)] : [:])
    }

    private func changes(_ before: Scene, _ after: Scene) -> [Change] {
        Self.inventory(after).changes(since: Self.inventory(before))
    }

    @Test func `nothing differs from itself`() {
        #expect(changes(Scene(), Scene()) == [])
    }

    @Test func `a device that comes, goes or changes is told`() {
        let (there, gone) = (Scene(), Scene(nil))
        let status = there.observation.status(of: bus("1-1"))
        #expect(changes(gone, there) == [.device(bus("1-1"), status)])
        #expect(changes(there, gone) == [.device(bus("1-1"), nil)])
        let unbound = Scene([""])
        #expect(
            changes(there, unbound)
                == [.device(bus("1-1"), unbound.observation.status(of: bus("1-1")))])
    }

    @Test func `a command that begins or ends on a device is told`() {
        let (idle, busy) = (Self.inventory(Scene()), Self.inventory(Scene(), worker: true))
        let status = Scene().observation.status(of: bus("1-1"))
        #expect(busy.changes(since: idle) == [.device(bus("1-1"), status)])
        #expect(idle.changes(since: busy) == [.device(bus("1-1"), status)])
    }

    @Test func `a controller and its ports are told apart`() {
        var (none, empty, held) = (Scene(), Scene(), Scene())
        none.controllers = []
        empty.controllers = [ControllerView(["", ""])]
        held.controllers = [ControllerView(["", "9-9"])]
        let place = PVUSBCoreTests.place(2)
        #expect(
            changes(none, empty) == [.controller(controllerID(), ControllerView(["", ""]))])
        #expect(changes(empty, none) == [.controller(controllerID(), nil)])
        let absent = held.observation.status(of: bus("9-9"))
        #expect(
            changes(empty, held)
                == [.device(bus("9-9"), absent), .port(place, .device(bus("9-9")))])
        #expect(
            changes(held, empty) == [.device(bus("9-9"), nil), .port(place, .free)])
        #expect(
            changes(none, held)
                == [
                    .device(bus("9-9"), absent),
                    .controller(controllerID(), ControllerView(["", "9-9"])),
                    .port(place, .device(bus("9-9"))),
                ])
    }

    @Test func `a backend that moves on is a change of its controller`() {
        var (waiting, connected) = (Scene(), Scene())
        waiting.controllers = [ControllerView([""], state: .initWait)]
        connected.controllers = [ControllerView([""])]
        #expect(
            changes(waiting, connected) == [.controller(controllerID(), ControllerView([""]))])
    }
}
