import PVUSBCore
import Testing

struct DeviceStatusTests {
    /// What is seen of 1-1, and the state it makes.
    struct Row: CustomTestStringConvertible {
        let testDescription: String
        let state: DeviceState
        let scene: Scene

        init(
            _ title: String, _ state: DeviceState, _ drivers: [String]?, _ record: Record? = nil,
            ports: [String] = ["", "", ""]
        ) {
            testDescription = title
            self.state = state
            scene = Scene(drivers, ports: ports, record: record)
        }
    }

    static let captured = ["usbback"]
    static let held = ["1-1", "", ""]

    static let rows = [
        Row("ordinary driver", .host, ["usbhid"]),
        Row("ordinary driver on one interface", .host, ["usbhid", ""]),
        Row("no driver", .unbound, ["", ""]),
        Row("no interface at all", .unbound, []),
        Row("usbback, no port", .captured, ["usbback", "usbback"]),
        Row("usbback and nothing", .mixed, ["usbback", ""]),
        Row("usbback and an ordinary driver", .mixed, ["usbback", "usbhid"]),
        Row("begun, nothing claimed", .attaching, ["usbhid"], Record(.attach, at: nil)),
        Row("begun, claimed", .attaching, ["usbhid"], Record(.attach), ports: held),
        Row("all but the last note", .attaching, captured, Record(.attach), ports: held),
        Row("begun, then unplugged", .attaching, nil, Record(.attach), ports: held),
        Row("ours", .assigned, captured, Record(.attached), ports: held),
        Row("xl's", .assigned, captured, ports: held),
        Row("ours, moved by xl", .assigned, captured, Record(.attached), ports: ["", "1-1"]),
        Row("ours, unplugged", .assignedAbsent, nil, Record(.attached), ports: held),
        Row("xl's, unplugged", .assignedAbsent, nil, ports: held),
        Row("ours, replugged", .assignedUncaptured, ["usbhid"], Record(.attached), ports: held),
        Row("xl's, half done", .assignedUncaptured, ["usbback", ""], ports: held),
        Row("on its way back", .detaching, captured, Record(.detach), ports: held),
        Row("on its way back, cleared", .detaching, [""], Record(.detach)),
        Row("on its way back, unplugged", .detaching, nil, Record(.detach)),
        Row("left alone", .parked, [""], Record(.parked, at: nil)),
        Row("attached, no port", .stale, captured, Record(.attached)),
        Row("attached, no port, at home", .stale, ["usbhid"], Record(.attached)),
        Row(
            "another device", .stale, ["usbhid"],
            Record(.attached, identity: HostDevice("1-1", hash: 8).identity), ports: held),
        Row(
            "another device on the way back", .stale, ["usbhid"],
            Record(.detach, identity: HostDevice("1-1", hash: 8).identity)),
        Row("two ports", .contested, captured, Record(.attached), ports: ["1-1", "1-1"]),
        Row("two ports, unplugged", .contested, nil, ports: ["1-1", "", "1-1"]),
        // xl gave it to another port after our detach had died: our record is dead.
        Row("dead on the way back", .assigned, captured, Record(.detach), ports: ["", "1-1"]),
        Row("dead on the way there", .assigned, captured, Record(.attach), ports: ["", "1-1"]),
    ]

    @Test(arguments: rows)
    func `a state follows from record, ports and drivers`(row: Row) {
        #expect(row.scene.observation.status(of: bus("1-1")).state == row.state)
    }

    @Test func `a hub is one only where nothing else is known of its socket`() {
        var scene = Scene(ports: ["", "", ""])
        scene.devices = [HostDevice("1-1", ["hub"], isHub: true, hash: 8)]
        #expect(scene.observation.status(of: bus("1-1")).state == .hub)
        scene.records[bus("1-1")] = Record(.attached)
        #expect(scene.observation.status(of: bus("1-1")).state == .stale)
        scene.controllers = [ControllerView(Self.held)]
        #expect(scene.observation.status(of: bus("1-1")).state == .stale)
        scene.records = [:]
        #expect(scene.observation.status(of: bus("1-1")).state == .assignedUncaptured)
    }

    @Test func `every state is in the table`() {
        let states = Set(Self.rows.map(\.state)).union([.hub])
        #expect(states == Set(DeviceState.allCases))
    }

    @Test func `a device that can't be read is not taken for unplugged`() {
        var scene = Scene(nil, ports: Self.held, record: Record(.attached))
        scene.unreadable = [UnreadableDevice(name: "1-1", reason: "descriptors is missing")]
        #expect(scene.observation.status(of: bus("1-1")).state != .assignedAbsent)
    }

    @Test(arguments: rows)
    func `a problem and a remedy come together`(row: Row) {
        let status = row.scene.observation.status(of: bus("1-1"))
        #expect(status.problems.isEmpty == (status.remedy == nil))
        guard let remedy = status.remedy else { return }
        // Of two ports that are both another tool's, somebody has to say which one shall go.
        #expect(remedy == "pvusb recover 1-1" || remedy.hasPrefix("pvusb detach 5 0:"))
        #expect(remedy.hasPrefix("pvusb recover") || status.state == .contested)
    }

    @Test(arguments: [
        (Scene(captured), "usbback has 1-1, but no port does"),
        (
            Scene(["usbback", ""]),
            "some interfaces of 1-1 are with usbback, others are not"
        ),
        (Scene(record: Record(.attach)), "an attach of 1-1 was begun and not finished"),
        (Scene(record: Record(.detach)), "a detach of 1-1 was begun and not finished"),
        (Scene(nil, ports: held), "1-1 was unplugged while a guest had it"),
        (Scene(ports: held), "a port holds 1-1, but usbback does not have it"),
        (Scene(ports: ["1-1", "1-1"]), "2 ports hold 1-1"),
        (
            Scene(record: Record(.attached)),
            "the record of 1-1 says it is attached, but no port holds it"
        ),
        (
            Scene(record: Record(.attached, identity: RecordTests.identity)),
            "the record of 1-1 is for another device, 0627:0001"
        ),
    ])
    func `a problem is told in a sentence`(scene: Scene, problem: String) {
        #expect(scene.observation.status(of: bus("1-1")).problems == [problem])
    }

    @Test func `every device that is seen, recorded or held has a status, in order`() {
        var scene = Scene(ports: ["9-9", "", ""])
        scene.records[bus("1-10")] = Record(.attached, of: HostDevice("1-10"))
        let ids = scene.observation.deviceStatuses().map(\.id)
        #expect(ids == [bus("1-1"), bus("1-10"), bus("9-9")])
    }

    @Test func `what is pending is what the record began`() {
        let goals: [RecordGoal] = [.attach, .attached, .detach, .parked]
        let pending = goals.map { goal in
            Scene(record: Record(goal)).observation.status(of: bus("1-1")).pending
        }
        #expect(pending == [.attach, nil, .detach, nil])
    }

    @Test func `our own port is the place, where there are two`() {
        let record = Record(.attached, at: place(2))
        let scene = Scene(Self.captured, ports: ["1-1", "1-1"], record: record)
        #expect(scene.observation.status(of: bus("1-1")).place == place(2))
    }
}
