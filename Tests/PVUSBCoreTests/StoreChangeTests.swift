import Testing

@testable import PVUSBCore

/// The nodes that a change reads, by path; what is not there does not exist.
typealias Nodes = [String: String]

extension StoreChange {
    /// Decides on a store that holds these nodes; a listing is its names with spaces between.
    func decide(on nodes: Nodes) throws -> Decision {
        try decide(
            reads.map { request in
                switch request {
                case .read(let path):
                    nodes[path.text].map { .value(Array($0.utf8)) } ?? .failure(.noEntry)
                case .directory(let path):
                    nodes[path.text].map { .children($0.split(separator: " ").map(String.init)) }
                        ?? .failure(.noEntry)
                default: .failure(.invalid)
                }
            })
    }
}

extension StoreChange.Decision {
    /// The error that says who was first.
    var loss: PVUSBError? {
        if case .lost(let error) = self { error } else { nil }
    }
}

private let port = "/local/domain/0/backend/vusb/5/0/port/1"
private let own = "/libxl/pvusb/device/1-1"

struct ClaimTests {
    static let change = StoreChange.claim(
        Claim(
            device: bus("1-1"), place: place(1), record: Record(.attach, drivers: ["usbhid", ""])))

    /// What a claim finds when all is well.
    static let good: Nodes = [
        port: "", "/libxl/5/device/vusb/0/type": "pv",
        "/local/domain/0/backend/vusb/5/0/online": "1", "/local/domain/5/vm": "/vm/a",
    ]

    static let gone = PVUSBError(
        .notFound, "port 0:1 of domain 5 is going away or gone", remedy: "pvusb list")
    static let taken = PVUSBError(
        .busy, "port 0:1 of domain 5 was taken a moment ago", remedy: "pvusb list")
    static let recorded = PVUSBError(
        .busy, "1-1 was taken by another command a moment ago", remedy: "pvusb devices")
    static let anotherDomain = PVUSBError(
        .notFound, "domain 5 is not the domain it was a moment ago", remedy: "pvusb list")

    @Test func `it reads what it depends on`() {
        #expect(
            Self.change.reads == [
                .read(node(port)), .read(node("/libxl/5/device/vusb/0/type")),
                .read(node("/local/domain/0/backend/vusb/5/0/online")),
                .read(node("/local/domain/5/vm")), .read(node("/libxl/usbback/1-1")),
                .read(node("\(own)/goal")), .read(node("\(own)/port")),
                .read(node("\(own)/controller")), .read(node("\(own)/qmp")),
                .read(node("\(own)/interface")),
                .read(node("/libxl/pvusb/version")),
            ])
    }

    static let writes: [StoreRequest] =
        Record(.attach, drivers: ["usbhid", ""]).writes(for: bus("1-1")) + [
            .write(
                node("/libxl/usbback/1-1/1-1@1_0/driver_path"),
                text: "/sys/bus/usb/drivers/usbhid"),
            .write(node(port), text: "1-1"),
        ]

    @Test(
        arguments: [
            [:],  // nothing in the way
            ["/libxl/pvusb/version": "1"],  // our own version
            [port: "1-1", "\(own)/goal": "attach", "\(own)/port": port],  // this very attach, again
            ["\(own)/goal": "attach", "\(own)/port": port],  // this attach, its port cleared since
            ["\(own)/goal": "parked"],  // left without a driver on purpose
        ] as [Nodes])
    func `it writes the record, the drivers and the port, in that order`(found: Nodes) throws {
        let nodes = Self.good.merging(found) { $1 }
        #expect(try Self.change.decide(on: nodes) == .write(Self.writes))
    }

    @Test(
        arguments: [
            ([port: "9-9"], taken),
            (["/libxl/5/device/vusb/0/type": "qusb"], gone),
            (["/local/domain/0/backend/vusb/5/0/online": "0"], gone),  // it is being removed
            (["/local/domain/5/vm": "/vm/b"], anotherDomain),  // the domid is another domain's
            (["\(own)/goal": "attach"], recorded),  // another attach, nothing claimed yet
            (["\(own)/goal": "attach", "\(own)/port": port + "0"], recorded),
            (["\(own)/goal": "attached", "\(own)/port": port], recorded),
            (["\(own)/goal": "detach", "\(own)/port": port], recorded),
        ] as [(Nodes, PVUSBError)])
    func `it gives way to whoever was first`(found: Nodes, error: PVUSBError) throws {
        let nodes = Self.good.merging(found) { $1 }
        #expect(try Self.change.decide(on: nodes) == .lost(error))
    }

    @Test(arguments: [
        (port, gone),  // no such port
        ("/libxl/5/device/vusb/0/type", gone),  // no such controller
        ("/local/domain/0/backend/vusb/5/0/online", gone),  // no backend
        ("/local/domain/5/vm", anotherDomain),  // the domain is gone
    ])
    func `it gives way where a node is missing`(path: String, error: PVUSBError) throws {
        var nodes = Self.good
        nodes[path] = nil
        #expect(try Self.change.decide(on: nodes) == .lost(error))
    }

    @Test func `a refused read is told`() {
        let replies = Self.change.reads.map { _ in StoreReply.failure(.accessDenied) }
        #expect(
            failure { _ = try Self.change.decide(replies) }
                == PVUSBError(
                    .permission, "xenstored refused the reading of \(port)", cause: "EACCES",
                    remedy: "run pvusb as root in domain 0"))
    }
}

struct RecordChangeTests {
    static let overtaken = PVUSBError(
        .busy, "another tool changed the port or the record of 1-1 meanwhile",
        remedy: "pvusb recover 1-1")
    static let ours: Nodes = [
        port: "1-1", "\(own)/goal": "attach", "\(own)/port": port, "\(own)/vm": "/vm/a",
    ]

    @Test(arguments: [RecordGoal.attach, .detach, .parked])
    func `a record that is not there is written whole`(goal: RecordGoal) throws {
        let record = Record(goal)
        let change = StoreChange.record(bus("1-1"), record)
        #expect(try change.decide(on: [:]) == .write(record.writes(for: bus("1-1"))))
    }

    @Test(arguments: [
        ("attach", RecordGoal.attached), ("attach", .detach), ("attached", .detach),
        ("garbage", .detach),
    ])
    func `of a record that is there only the goal changes`(was: String, goal: RecordGoal) throws {
        let change = StoreChange.record(bus("1-1"), Record(goal))
        let nodes = Self.ours.merging(["\(own)/goal": was]) { $1 }
        #expect(
            try change.decide(on: nodes)
                == .write([.write(node("\(own)/goal"), text: goal.rawValue)]))
    }

    @Test(arguments: [RecordGoal.attached, .detach])
    func `a goal that stands is left`(goal: RecordGoal) throws {
        let change = StoreChange.record(bus("1-1"), Record(goal))
        let nodes = Self.ours.merging(["\(own)/goal": goal.rawValue]) { $1 }
        #expect(try change.decide(on: nodes) == .leave)
    }

    @Test(
        arguments: [
            [:],  // the record is gone
            [port: "1-1"],  // the record is gone, the port is not
            ["\(own)/goal": "attach", "\(own)/port": port],  // the port is gone
            [port: "", "\(own)/goal": "attach", "\(own)/port": port],  // the port was cleared
            [port: "9-9", "\(own)/goal": "attach", "\(own)/port": port],  // the port is another's
            [port: "1-1", "\(own)/goal": "attach", "\(own)/port": port + "1"],  // another claim
            [port: "1-1", "\(own)/goal": "attach"],  // a record without a claim
        ] as [Nodes])
    func `an attach is finished only while port and record are its own`(nodes: Nodes) throws {
        let change = StoreChange.record(bus("1-1"), Record(.attached))
        #expect(try change.decide(on: nodes) == .lost(Self.overtaken))
    }

    @Test(arguments: [RecordGoal.attached, .detach], ["2", "x"])
    func `the records of a newer pvusb are only read`(goal: RecordGoal, version: String) throws {
        let change = StoreChange.record(bus("1-1"), Record(goal))
        let nodes = Self.ours.merging(["/libxl/pvusb/version": version]) { $1 }
        #expect(try change.decide(on: nodes) == .refuse(.newerRecords))
    }
}

struct ClearTests {
    static let change = StoreChange.clear(bus("1-1"), place(1))

    @Test func `our own bus id is cleared`() throws {
        #expect(Self.change.reads == [.read(node(port))])
        #expect(
            try Self.change.decide(on: [port: "1-1"]) == .write([.write(node(port), text: "")]))
    }

    @Test(
        arguments: [
            [:],  // a write would make debris
            [port: ""],  // free already
            [port: "9-9"],  // another device's
            [port: "1-1 "],  // not exactly ours
            [port: "1-1.1"],
        ] as [Nodes])
    func `anything else is left`(nodes: Nodes) throws {
        #expect(try Self.change.decide(on: nodes) == .leave)
    }
}

struct RecallTests {
    static let change = StoreChange.recall(bus("1-1"), place(1), Record(.detach))
    static let attached: Nodes = [
        "\(own)/goal": "attached", "\(own)/port": port, "\(own)/vm": "/vm/a",
        "/libxl/pvusb/version": "1",
    ]
    static let goal = StoreRequest.write(node("\(own)/goal"), text: "detach")
    static let clearing = StoreRequest.write(node(port), text: "")

    @Test(
        arguments: [
            ([port: "1-1"], .write([goal, clearing])),
            ([port: "1-1", "\(own)/goal": "detach"], .write([clearing])),
            ([port: "9-9"], .write([goal])),  // another device's
            ([:], .write([goal])),  // a write would make debris
            ([port: "", "\(own)/goal": "detach"], .leave),
            ([port: "1-1", "/libxl/pvusb/version": "2"], .refuse(.newerRecords)),
        ] as [(Nodes, StoreChange.Decision)])
    func `the record is changed and our own bus id is cleared, or nothing is`(
        nodes: Nodes, decision: StoreChange.Decision
    ) throws {
        #expect(try Self.change.decide(on: Self.attached.merging(nodes) { $1 }) == decision)
    }

    @Test func `a port that the record does not name is read, too`() {
        let other = StoreChange.recall(bus("1-1"), place(2), Record(.detach))
        #expect(Self.change.reads.count == 6)
        #expect(other.reads == Self.change.reads + [.read(StoreLayout.port(place(2)))])
    }
}

struct ForgetTests {
    static let change = StoreChange.forget(bus("1-1"), withDrivers: true)
    static let drivers = "/libxl/usbback/1-1"

    @Test(
        arguments: [
            ([own: "", drivers: ""], [own, drivers]), ([own: ""], [own]),
            ([drivers: ""], [drivers]),
        ] as [(Nodes, [String])])
    func `what is there is removed`(nodes: Nodes, removed: [String]) throws {
        #expect(
            try Self.change.decide(on: nodes) == .write(removed.map { .remove(node($0)) }))
    }

    @Test func `where there is nothing, nothing is removed`() throws {
        #expect(try Self.change.decide(on: [:]) == .leave)
    }

    @Test func `the records of a newer pvusb are only read`() throws {
        let nodes = [own: "", Self.drivers: "", "/libxl/pvusb/version": "2"]
        #expect(try Self.change.decide(on: nodes) == .refuse(.newerRecords))
    }
}
