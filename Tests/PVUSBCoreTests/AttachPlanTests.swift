import PVUSBCore
import Testing

struct AttachPlanTests {
    static let twoInterfaces = HostDevice("1-1", ["usbhid", "uas"])

    private func plan(_ scene: Scene, at word: String? = nil) throws -> Plan {
        try scene.observation.planAttach(of: bus("1-1"), to: guest, at: try word.map(wish))
    }

    @Test func `a device with its host drivers goes the whole way`() throws {
        let plan = try plan(Scene(["usbhid", "uas"]))
        #expect(
            plan.lines == [
                "await domain 5 controller 0 connected",
                "claim 1-1 domain 5 port 0:1",
                "await 1-1 listed by usbback",
                "unbind 1-1:1.0 usbhid",
                "unbind 1-1:1.1 uas",
                "bind 1-1:1.0 usbback",
                "bind 1-1:1.1 usbback",
                "record 1-1 attached",
            ])
        #expect(plan.goal == .assigned(bus("1-1"), place(1)))
        #expect(plan.label == "1-1 in win10 at 0:1")
    }

    @Test func `the claim notes every driver, the domain and the device`() throws {
        let expected = Record(.attach, of: Self.twoInterfaces, drivers: ["usbhid", ""])
        let claims = try plan(Scene(["usbhid", ""])).steps.compactMap { step in
            if case .claim(let claim) = step { claim } else { nil }
        }
        #expect(claims == [Claim(device: bus("1-1"), place: place(1), record: expected)])
    }

    @Test func `an interface without a driver is bound, not unbound`() throws {
        #expect(
            try plan(Scene([""])).lines == [
                "await domain 5 controller 0 connected", "claim 1-1 domain 5 port 0:1",
                "await 1-1 listed by usbback", "bind 1-1:1.0 usbback", "record 1-1 attached",
            ])
    }

    @Test func `an attach that was begun goes on in its own port`() throws {
        let scene = Scene(
            ["usbback", "uas"], ports: ["", "1-1", ""],
            record: Record(.attach, at: place(2), drivers: ["usbhid", "uas"]),
            table: ["1-1:5:0:2"])
        let plan = try plan(scene)
        let open = plan.steps.filter { !$0.holds(in: scene.observation) }.map(\.line)
        #expect(
            open == ["unbind 1-1:1.1 uas", "bind 1-1:1.1 usbback", "record 1-1 attached"])
    }

    @Test func `drivers recorded before are not forgotten when an attach goes on`() throws {
        let scene = Scene(["usbback"], record: Record(.attach), table: [])
        let records = try plan(scene).steps.compactMap { step in
            if case .claim(let claim) = step { claim.record.interfaces.map(\.driver) } else { nil }
        }
        #expect(records == [[driverName("usbhid")]])
    }

    @Test(arguments: [nil, "0", "0:1"])
    func `a device that is there already needs nothing`(word: String?) throws {
        let held = ["1-1", "", ""]
        for record in [nil, Record(.attached)] {
            let scene = Scene(["usbback"], ports: held, record: record, table: ["1-1:5:0:1"])
            let plan = try plan(scene, at: word)
            #expect(plan.steps == [])
            #expect(plan.goal == .assigned(bus("1-1"), place(1)))
        }
    }

    @Test(arguments: [
        (nil, "0:2"),  // the lowest free one
        ("0", "0:2"),
        ("0:3", "0:3"),
        ("1", "1:1"),
        ("1:2", "1:2"),
    ])
    func `a port is picked`(word: String?, label: String) throws {
        var scene = Scene(ports: ["9-9", "", ""])
        scene.controllers.append(ControllerView(["", ""], id: controllerID(1)))
        let plan = try plan(scene, at: word)
        guard case .assigned(_, let place) = plan.goal else {
            Issue.record("the goal is \(plan.goal)")
            return
        }
        #expect(place.label == label)
    }

    @Test func `a full controller is passed over`() throws {
        var scene = Scene(ports: ["9-9"])
        scene.controllers.append(ControllerView([""], id: controllerID(1)))
        #expect(try plan(scene).goal == .assigned(bus("1-1"), place(1, on: 1)))
    }

    @Test func `a controller that is closing is passed over`() throws {
        var scene = Scene()
        scene.controllers = [
            ControllerView([""], state: .closing),
            ControllerView([""], id: controllerID(1)),
        ]
        #expect(try plan(scene).goal == .assigned(bus("1-1"), place(1, on: 1)))
    }

    @Test(arguments: ["1-1:6:0:1", "1-1:5:1:1", "1-1:5:0:2"])
    func `usbback listing the device for another place is not what is waited for`(
        line: String
    ) throws {
        // Bound now, the interfaces would go to the guest of the old entry.
        let scene = Scene(table: [line])
        let listed = try plan(scene).steps.filter { $0.text.value == "listed by usbback" }
        #expect(listed.map { $0.holds(in: scene.observation) } == [false])
    }

    @Test func `a device without interfaces can't be given`() {
        // An unauthorised or unconfigured device: nothing would be captured.
        let refusal = failure { _ = try plan(Scene([])) }
        #expect(refusal?.exitCode == 8)
    }
}
