import Testing

@testable import PVUSBCore

/// A controller goes, by asking for it or by force.
struct ControllerEndTests {
    private static func remove(force: Bool) -> Command {
        .removeController(.name("win10"), ControllerNumber(0), force: force)
    }

    private static let held = ["1-1", "", ""]
    private static let wayHome = [
        "record 1-1 detach", "unbind 1-1:1.0 usbback", "clear 1-1 domain 5 port 0:1",
        "await 1-1 released by usbback", "bind 1-1:1.0 usbhid", "forget 1-1",
    ]
    private static let end = [
        "close domain 5 controller 0", "await domain 5 controller 0 closed",
        "remove domain 5 controller 0",
    ]

    private static var taken: Scene {
        Scene(["usbback"], ports: held, record: Record(.attached), table: ["1-1:5:0:1"])
    }

    @Test func `its devices come back first`() throws {
        let plans = try Self.taken.plans(Self.remove(force: false))
        #expect(plans.map(\.lines) == [Self.wayHome + Self.end])
        #expect(plans.map(\.goal) == [.controllerRemoved(controllerID())])
        #expect(plans.map(\.label) == ["no controller 0 in win10"])
    }

    @Test func `an empty one is asked, waited for and removed`() throws {
        #expect(try Scene().plans(Self.remove(force: false)).map(\.lines) == [Self.end])
    }

    @Test func `a device that can't be read keeps its controller`() {
        // It may be captured, and usbback dies when the port is cleared.
        var scene = Scene(nil, ports: ["1-1"], record: Record(.attached), table: ["1-1:5:0:1"])
        scene.unreadable = [UnreadableDevice(name: "1-1", reason: "descriptors is missing")]
        #expect(
            failure { _ = try scene.plans(Self.remove(force: false)) }?.message
                == "1-1 can't be read")
        let begun = GoalReport(goal: .assigned(bus("1-1"), place(1)), label: "", steps: [])
        #expect(begun.undoing(in: scene.observation) == nil)
    }

    @Test func `a device that was given to it after its name was read is not taken along`() {
        let seen = Self.taken.observation
        #expect(
            failure { _ = try seen.planRemoval(of: controllerID(), taking: []) }
                == PVUSBError(
                    .busy, "controller 0 of win10 was given 1-1 a moment ago", remedy: "try again"))
    }

    @Test(arguments: [
        Record(.attach, at: nil, created: controllerID()), Record(.attach), Record(.detach),
    ])
    func `a device on its way to it or from it is taken along`(record: Record) throws {
        let scene = Scene(record: record)
        let tasks = try scene.tasks(Self.remove(force: false))
        #expect(tasks == [.removeController(controllerID(), devices: [bus("1-1")], named: true)])
        #expect(tasks[0].locks.map(\.name) == ["device.1-1", "domain.5"])
    }

    @Test(arguments: [
        Record(.parked), Record(.attach, at: place(1, on: 1)),
        Record(.attach, at: nil, created: controllerID(1)),
    ])
    func `a device that has to do with another, or with none, is not`(record: Record) throws {
        let tasks = try Scene(record: record).tasks(Self.remove(force: false))
        #expect(tasks == [.removeController(controllerID(), devices: [], named: true)])
    }

    @Test func `by force each device is a task of its own, and the controller the last`() throws {
        var scene = Self.taken
        scene.controllers = [ControllerView(["1-1", "9-9"])]
        #expect(
            try scene.tasks(Self.remove(force: true)) == [
                .detach(bus("1-1"), from: nil, rebind: true),
                .detach(bus("9-9"), from: nil, rebind: true), .destroyController(controllerID()),
            ])
        #expect(Self.remove(force: true).hasManyTasks)
        #expect(!Self.remove(force: false).hasManyTasks)
    }

    @Test func `by force an empty one is not waited for`() throws {
        let seen = Scene().observation
        let plan = try seen.planDestruction(of: controllerID())
        #expect(
            plan.steps == [.closeController(controllerID()), .removeController(controllerID())])
        #expect(plan.goal == .controllerRemoved(controllerID()))
    }

    @Test(arguments: [["1-1", "", ""], ["../../etc"], ["", "x y"]])
    func `by force it goes whatever its ports hold`(ports: [String]) throws {
        let seen = Scene(["usbback"], ports: ports, table: nil).observation
        let plan = try seen.planDestruction(of: controllerID())
        #expect(plan.steps == [.destroyController(controllerID())])
        #expect(plan.lines == ["destroy domain 5 controller 0"])
    }

    @Test func `by force it goes under a device that is on its way`() throws {
        let seen = Scene(record: Record(.attach)).observation
        #expect(
            try seen.planDestruction(of: controllerID()).steps
                == [.destroyController(controllerID())])
    }

    @Test func `one of a kind that nobody knows stays, by force too`() {
        var scene = Scene()
        scene.controllers = [ControllerView([], kind: nil)]
        let seen = scene.observation
        let error = PVUSBError(
            .failed, "controller 0 of win10 is one that this version of pvusb only looks at",
            remedy: "use xl usbctrl-detach")
        #expect(failure { _ = try seen.planRemoval(of: controllerID(), taking: []) } == error)
        #expect(failure { _ = try seen.planDestruction(of: controllerID()) } == error)
    }

    @Test func `one in a driver domain stays`() {
        var scene = Scene()
        scene.controllers = [ControllerView([], backendDomain: 3)]
        let seen = scene.observation
        #expect(failure { _ = try seen.planDestruction(of: controllerID()) }?.code == .failed)
    }

    @Test func `one that is not there is not found`() {
        let seen = Scene().observation
        let error = PVUSBError(.notFound, "win10 has no controller 7", remedy: "pvusb list win10")
        #expect(failure { _ = try seen.planRemoval(of: controllerID(7), taking: []) } == error)
        let remove = Command.removeController(
            .number(domid(5)), ControllerNumber(7), force: true)
        #expect(failure { _ = try remove.tasks(in: seen) } == error)
    }

    @Test func `one that went with its device needs no destruction`() throws {
        let plan = try Scene().observation.planDestruction(of: controllerID(7))
        #expect(plan.steps == [])
    }
}
