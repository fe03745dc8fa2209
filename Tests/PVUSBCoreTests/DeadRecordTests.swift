import PVUSBCore
import Testing

/// Records of an earlier time: the device has moved on without pvusb.
struct DeadRecordTests {
    static let elsewhere = ["", "1-1", ""]
    static let listed = ["1-1:5:0:2"]
    static let adoption = "the record of 1-1 is not about the port that holds it"

    private static func moved(_ record: Record, _ drivers: [String]? = ["usbback"]) -> Scene {
        Scene(drivers, ports: elsewhere, record: record, table: listed)
    }

    private static func recovery(_ scene: Scene, named: Bool = false) -> Plan {
        scene.observation.planRecovery(of: bus("1-1"), named: named)
    }

    static let goals: [RecordGoal] = [.attach, .attached, .detach, .parked]

    @Test(arguments: goals)
    func `a record follows its device into another port`(goal: RecordGoal) {
        let record = Record(goal, vm: "/vm/before")
        let status = Self.moved(record).observation.status(of: bus("1-1"))
        #expect(status.state == .assigned)
        #expect(status.recordIsDead)
        #expect(status.pending == nil)
        #expect(status.problems == [Self.adoption])
        #expect(status.remedy == "pvusb recover 1-1")
        let plan = Self.recovery(Self.moved(record))
        let adopted = Registration(
            device: bus("1-1"), record: Record(.attached, at: place(2)), replacing: record)
        #expect(plan.steps == [.adopt(adopted)])
        #expect(plan.lines == ["adopt 1-1 domain 5 port 0:2"])
        #expect(plan.goal == .assigned(bus("1-1"), place(2)))
    }

    @Test func `an attach that asks for the port where it is takes over, too`() throws {
        let record = Record(.attached)
        let seen = Self.moved(record).observation
        let plan = try seen.planAttach(of: bus("1-1"), to: guest, at: try wish("0:2"))
        #expect(plan == Self.recovery(Self.moved(record)))
    }

    @Test func `a record that named no port yet follows, too`() {
        let record = Record(.attach, at: nil, created: controllerID(3))
        let adopted = Registration(
            device: bus("1-1"), record: Record(.attached, at: place(2)), replacing: record)
        #expect(Self.recovery(Self.moved(record)).steps == [.adopt(adopted)])
    }

    @Test func `a record of an earlier domain in the same port follows to the new one`() {
        let record = Record(.attached, vm: "/vm/before")
        let scene = Scene(
            ["usbback"], ports: ["1-1", "", ""], record: record, table: ["1-1:5:0:1"])
        let status = scene.observation.status(of: bus("1-1"))
        #expect(status.recordIsDead)
        #expect(status.problems == [Self.adoption])
        let adopted = Registration(
            device: bus("1-1"), record: Record(.attached), replacing: record)
        #expect(Self.recovery(scene).steps == [.adopt(adopted)])
    }

    @Test func `the drivers of the recorded device are kept, those of another are not`() {
        let record = Record(.attached, drivers: ["uas"], identity: RecordTests.identity)
        var scene = Self.moved(record)
        scene.notes[bus("1-1")] = DriverNotes(of: "1-1", ["usb-storage"])
        let adopted = Registration(
            device: bus("1-1"), record: Record(.attached, at: place(2), drivers: ["usb-storage"]),
            replacing: record)
        #expect(Self.recovery(scene).steps == [.adopt(adopted)])
    }

    @Test func `xl's notes that pvusb made for an earlier device are not the newcomer's`() {
        let record = Record(.detach, drivers: ["usbhid"], identity: RecordTests.identity)
        var scene = Self.moved(record)
        scene.notes[bus("1-1")] = DriverNotes(of: "1-1", ["usbhid"])
        #expect(
            scene.observation.planHost(of: bus("1-1")).lines == [
                "record 1-1 detach", "unbind 1-1:1.0 usbback", "clear 1-1 domain 5 port 0:2",
                "await 1-1 released by usbback", "probe 1-1:1.0", "forget 1-1",
            ])
    }

    @Test func `a device that moved leaves the port where it is, not the one recorded`() {
        let plan = Self.moved(Record(.attached)).observation.planHost(of: bus("1-1"))
        #expect(plan.steps.first == .record(bus("1-1"), Record(.detach, at: place(2))))
        #expect(
            plan.lines == [
                "record 1-1 detach", "unbind 1-1:1.0 usbback", "clear 1-1 domain 5 port 0:2",
                "await 1-1 released by usbback", "bind 1-1:1.0 usbhid", "forget 1-1",
            ])
    }

    @Test(arguments: [["usbhid"], [""], ["usbhid", "usbback"]])
    func `what moved and is not with usbback goes home`(drivers: [String]) {
        let record = Record(.attached, drivers: ["usbhid", "uas"])
        let scene = Self.moved(record, drivers)
        #expect(scene.observation.status(of: bus("1-1")).state == .assignedUncaptured)
        let lines = Self.recovery(scene).lines
        #expect(lines == scene.observation.planHost(of: bus("1-1")).lines)
        #expect(lines.contains("clear 1-1 domain 5 port 0:2"))
    }
}

/// A device that was left without a driver on purpose, and then was not left alone.
struct UndoneParkingTests {
    static let parked = Record(.parked, at: nil)

    @Test(arguments: [Record(.parked, at: nil), Record(.parked)])
    func `one that was plugged anew is shown and forgotten`(record: Record) {
        let scene = Scene(["usbhid"], record: record)
        let status = scene.observation.status(of: bus("1-1"))
        #expect(status.state == .stale)
        #expect(
            status.problems == [
                "the record of 1-1 says it has no driver on purpose, but that was undone"
            ])
        let lines = scene.observation.planRecovery(of: bus("1-1"), named: false).lines
        #expect(lines.first == "record 1-1 detach")
        #expect(lines.suffix(2) == ["bind 1-1:1.0 usbhid", "forget 1-1"])
    }

    @Test func `one that was plugged anew can be given away, and its old record goes`() throws {
        let seen = Scene(["usbhid"], record: Self.parked).observation
        let plan = try seen.planAttach(of: bus("1-1"), to: guest, at: nil)
        let claim = Claim(
            device: bus("1-1"), place: place(1), record: Record(.attach), replacing: Self.parked)
        #expect(plan.steps.contains(.claim(claim)))
    }

    @Test func `one that another tool gave away is that guest's`() {
        let scene = Scene(
            ["usbback"], ports: ["1-1", "", ""], record: Self.parked, table: ["1-1:5:0:1"])
        let adopted = Registration(
            device: bus("1-1"), record: Record(.attached), replacing: Self.parked)
        let plan = scene.observation.planRecovery(of: bus("1-1"), named: false)
        #expect(plan.steps == [.adopt(adopted)])
    }

    @Test func `another device on its socket is not left alone for its sake`() {
        let scene = Scene(
            [""], record: Record(.parked, at: nil, identity: RecordTests.identity))
        let status = scene.observation.status(of: bus("1-1"))
        #expect(status.state == .stale)
        #expect(status.problems == ["the record of 1-1 is for another device, 0627:0001"])
        // The driver that is recorded was another device's.
        #expect(
            scene.observation.planRecovery(of: bus("1-1"), named: false).lines == [
                "record 1-1 detach", "unbind 1-1:1.0 usbback", "await 1-1 released by usbback",
                "probe 1-1:1.0", "forget 1-1",
            ])
    }

    @Test func `one that is not plugged in is a record for nothing`() {
        let scene = Scene(nil, record: Self.parked)
        #expect(scene.observation.status(of: bus("1-1")).state == .stale)
        #expect(
            scene.observation.planRecovery(of: bus("1-1"), named: false).lines == [
                "record 1-1 detach", "await 1-1 released by usbback", "forget 1-1",
            ])
    }
}

/// Records of which nothing is left to undo; the next claim takes their place.
struct DebrisTests {
    private static func claim(_ scene: Scene) throws -> Claim? {
        let plan = try scene.observation.planAttach(of: bus("1-1"), to: guest, at: nil)
        for case .claim(let claim) in plan.steps { return claim }
        return nil
    }

    static let debris: [(drivers: [String], record: Record)] = [
        (["usbhid"], Record(.detach)),
        (["usbhid"], Record(.detach, at: nil)),
        (["usbhid"], Record(.attached)),
        (["usbhid"], Record(.attached, vm: "/vm/before")),
        (["uas"], Record(.detach)),  // another driver was quicker
        ([""], Record(.detach, drivers: [""])),  // it had none
        (["usbhid"], Record(.parked)),
        (["usbhid"], Record(.attached, identity: RecordTests.identity)),  // another device
    ]

    @Test(arguments: debris)
    func `it is replaced by a claim that knows nothing of it`(
        drivers: [String], record: Record
    ) throws {
        let scene = Scene(drivers, record: record)
        let expected = Record(.attach, drivers: drivers)
        #expect(
            try Self.claim(scene)
                == Claim(
                    device: bus("1-1"), place: place(1), record: expected, replacing: record))
    }

    static let unfinished: [(drivers: [String], record: Record)] = [
        ([""], Record(.detach)),  // its driver is owed to it
        ([""], Record(.attached)),
        (["usbback"], Record(.detach)),
        (["usbhid", "usbback"], Record(.detach, drivers: ["usbhid", "uas"])),
        // Nobody can say whether another device had a driver.
        ([""], Record(.detach, drivers: [""], identity: RecordTests.identity)),
        // The controller is still to be removed.
        (["usbhid"], Record(.detach, at: nil, created: controllerID(1))),
    ]

    @Test(arguments: unfinished)
    func `what is not back yet is in the way`(drivers: [String], record: Record) {
        let scene = Scene(drivers, record: record)
        #expect(failure { _ = try Self.claim(scene) }?.code == .unfinished)
        #expect(failure { _ = try Self.claim(scene) }?.remedy == "pvusb recover 1-1")
    }

    @Test func `recover removes it and touches nothing else`() {
        for item in Self.debris where item.record.goal != .parked {
            let seen = Scene(item.drivers, record: item.record).observation
            let plan = seen.planRecovery(of: bus("1-1"), named: false)
            let open = plan.steps.filter { !$0.holds(in: seen) }
            let forgets: [Step] = [.forget(bus("1-1"))]
            // A goal of its own is said first, so that a death in between is understood.
            #expect(open.filter { $0.line != "record 1-1 detach" && !isProbe($0) } == forgets)
        }
    }

    /// An interface that had no driver is offered to all.
    private func isProbe(_ step: Step) -> Bool {
        if case .probe = step { true } else { false }
    }
}
