import Testing

@testable import PVUSBCore

private let port = "/local/domain/0/backend/vusb/5/0/port/1"
private let other = "/local/domain/0/backend/vusb/5/0/port/2"
private let own = "/libxl/pvusb/device/1-1"
private let notes = "/libxl/usbback/1-1"
private let overtaken = PVUSBError(
    .busy, "another tool changed the port or the record of 1-1 meanwhile",
    remedy: "pvusb recover 1-1")

/// A claim that takes the place of a record of an earlier time.
struct ReplacingClaimTests {
    private static let record = Record(.attach)

    private static func change(replacing replaced: Record) -> StoreChange {
        .claim(
            Claim(device: bus("1-1"), place: place(1), record: record, replacing: replaced))
    }

    private static let writes: [StoreRequest] =
        record.writes(for: bus("1-1")) + [
            writing("\(notes)/1-1@1_0/driver_path", "/sys/bus/usb/drivers/usbhid"),
            writing(port, "1-1"),
        ]

    private static let elsewhere = Record(.attached, at: place(2))

    /// The record of an earlier time as it is in the store, with all it may have.
    private static let found: Nodes = [
        "\(own)/goal": "attached", "\(own)/port": other, "\(own)/interface": "", other: "",
    ]

    @Test func `it reads the port that the earlier record names`() {
        let reads = Self.change(replacing: Self.elsewhere).reads
        #expect(reads.last == .read(node(other)))
        #expect(Self.change(replacing: Record(.parked, at: nil)).reads == ClaimTests.change.reads)
    }

    @Test(
        arguments: [
            ([other: ""], elsewhere),
            ([other: "9-9"], elsewhere),  // its port is another device's by now
            (["\(own)/goal": "detach"], Record(.detach, at: place(2))),
        ] as [(Nodes, Record)])
    func `what that record knew of interfaces goes, then the new one is written`(
        nodes: Nodes, replaced: Record
    ) throws {
        let nodes = ClaimTests.good.merging(Self.found) { $1 }.merging(nodes) { $1 }
        #expect(
            try Self.change(replacing: replaced).decide(on: nodes)
                == .write([.remove(node("\(own)/interface"))] + Self.writes))
    }

    @Test func `a controller that it named, and notes that xl left, go as well`() throws {
        let nodes = ClaimTests.good.merging(Self.found) { $1 }
            .merging(["\(own)/controller": "created 4", notes: ""]) { $1 }
        #expect(
            try Self.change(replacing: Self.elsewhere).decide(on: nodes)
                == .write(
                    [
                        .remove(node(notes)), .remove(node("\(own)/controller")),
                        .remove(node("\(own)/interface")),
                    ] + Self.writes))
    }

    @Test func `a record without a port is replaced only while it has none`() throws {
        let change = Self.change(replacing: Record(.detach, at: nil))
        let nodes = ClaimTests.good.merging(["\(own)/goal": "detach"]) { $1 }
        #expect(try change.decide(on: nodes) == .write(Self.writes))
        let claimed = nodes.merging(["\(own)/port": other]) { $1 }
        #expect(try change.decide(on: claimed) == .lost(ClaimTests.recorded))
    }

    @Test(
        arguments: [
            ["\(own)/goal": "attach"],  // somebody began anew
            ["\(own)/goal": "detach"],
            ["\(own)/port": port],  // it names another port by now
            [other: "1-1"],  // the device is back in the recorded port
        ] as [Nodes])
    func `a record that is not the one that was seen is left alone`(nodes: Nodes) throws {
        let nodes = ClaimTests.good.merging(Self.found) { $1 }.merging(nodes) { $1 }
        #expect(
            try Self.change(replacing: Self.elsewhere).decide(on: nodes)
                == .lost(ClaimTests.recorded))
    }

    @Test func `the records of a newer pvusb are not replaced`() throws {
        let nodes = ClaimTests.good.merging(Self.found) { $1 }
            .merging(["/libxl/pvusb/version": "2"]) { $1 }
        #expect(
            try Self.change(replacing: Self.elsewhere).decide(on: nodes)
                == .refuse(.newerRecords))
    }
}

/// A controller that is made for a device: its nodes and the record, in one transaction.
struct RegisteredCreationTests {
    private static let record = Record(.attach, at: nil, created: controllerID(1))

    private static func change(replacing replaced: Record? = nil) -> StoreChange {
        let new = Registration(device: bus("1-1"), record: record, replacing: replaced)
        return .createController(controllerID(1), settings(ports: 2), for: new)
    }

    private static let recordWrites: [StoreRequest] = [
        writing("/libxl/pvusb/version", "1"), writing("\(own)/goal", "attach"),
        writing("\(own)/domain", "5"), writing("\(own)/vm", "/vm/a"),
        writing("\(own)/controller", "created 1"),
        writing("\(own)/identity", "046d:c52b 0000000000000007"),
        writing("\(own)/interface/1-1@1_0", "usbhid"),
    ]

    private static let found: Nodes = ["/local/domain/5": "", "/libxl/5/device/vusb": "0"]

    @Test func `it reads the controller's nodes and the record's`() {
        #expect(
            Self.change().reads == ControllerCreationTests.change.reads + [
                .read(node("\(own)/goal")), .read(node("\(own)/port")),
                .read(node("\(own)/controller")), .read(node("\(own)/qmp")),
                .read(node("\(own)/interface")),
                .read(node("/libxl/pvusb/version")),
            ])
    }

    @Test(
        arguments: [
            [:], ["\(own)/goal": "parked"],
            // This very attach, which lost its controller and makes it again.
            ["\(own)/goal": "attach", "\(own)/controller": "created 1"],
        ] as [Nodes])
    func `it writes both`(nodes: Nodes) throws {
        #expect(
            try Self.change().decide(on: Self.found.merging(nodes) { $1 })
                == .write(ControllerCreationTests.nodes + Self.recordWrites))
    }

    @Test func `debris of both goes first`() throws {
        let replaced = Record(.attached, at: place(2))
        let front = "/local/domain/5/device/vusb/1"
        let nodes = Self.found.merging([
            front: "", "\(own)/goal": "attached", "\(own)/port": other, "\(own)/interface": "",
        ]) { $1 }
        #expect(
            try Self.change(replacing: replaced).decide(on: nodes)
                == .write(
                    [.remove(node(front))] + ControllerCreationTests.nodes
                        + [.remove(node("\(own)/port")), .remove(node("\(own)/interface"))]
                        + Self.recordWrites))
    }

    @Test(
        arguments: [
            ["\(own)/goal": "attach", "\(own)/port": port],
            ["\(own)/goal": "attach", "\(own)/controller": "created 2"],
            ["\(own)/goal": "attach"], ["\(own)/goal": "attached"], ["\(own)/goal": "detach"],
        ] as [Nodes])
    func `no controller is made where the record is another command's`(nodes: Nodes) throws {
        #expect(
            try Self.change().decide(on: Self.found.merging(nodes) { $1 }) == .lost(overtaken))
    }

    @Test func `no controller is made over the records of a newer pvusb`() throws {
        let nodes = Self.found.merging(["/libxl/pvusb/version": "2"]) { $1 }
        #expect(try Self.change().decide(on: nodes) == .refuse(.newerRecords))
        // One that is made for its own sake writes no record.
        #expect(
            try ControllerCreationTests.change.decide(on: nodes)
                == .write(ControllerCreationTests.nodes))
    }

    @Test func `a number that is taken is lost before the record is looked at`() throws {
        let nodes: Nodes = [
            "/local/domain/5": "", "/libxl/5/device/vusb": "0 1", "\(own)/goal": "attached",
        ]
        #expect(
            try Self.change().decide(on: nodes)
                == .lost(
                    PVUSBError(
                        .busy, "controller 1 of domain 5 was made by another tool a moment ago",
                        remedy: "pvusb list")))
    }
}

/// A record follows its device.
struct AdoptionTests {
    private static let former = Record(.detach, at: place(2), created: controllerID(4))
    private static let record = Record(.attached, drivers: ["uas"])
    private static let change = StoreChange.adopt(
        Registration(device: bus("1-1"), record: record, replacing: former))

    private static let found: Nodes = [
        port: "1-1", other: "", "\(own)/goal": "detach", "\(own)/port": other,
        "\(own)/controller": "created 4", "\(own)/interface": "",
    ]

    @Test func `it reads the record and both ports`() {
        #expect(
            Self.change.reads == [
                .read(node("\(own)/goal")), .read(node("\(own)/port")),
                .read(node("\(own)/controller")), .read(node("\(own)/qmp")),
                .read(node("\(own)/interface")),
                .read(node("/libxl/pvusb/version")), .read(node(other)), .read(node(port)),
            ])
    }

    @Test func `it writes the whole record anew and nothing else`() throws {
        #expect(
            try Self.change.decide(on: Self.found)
                == .write([
                    .remove(node("\(own)/controller")), .remove(node("\(own)/interface")),
                    writing("/libxl/pvusb/version", "1"), writing("\(own)/goal", "attached"),
                    writing("\(own)/port", port), writing("\(own)/domain", "5"),
                    writing("\(own)/vm", "/vm/a"),
                    writing("\(own)/identity", "046d:c52b 0000000000000007"),
                    writing("\(own)/interface/1-1@1_0", "uas"),
                ]))
    }

    @Test func `in the same port, of another domain, it is written anew, too`() throws {
        let former = Record(.attached, vm: "/vm/before")
        let change = StoreChange.adopt(
            Registration(device: bus("1-1"), record: Self.record, replacing: former))
        let nodes: Nodes = [port: "1-1", "\(own)/goal": "attached", "\(own)/port": port]
        #expect(
            try change.decide(on: nodes) == .write(Self.record.writes(for: bus("1-1"))))
    }

    @Test(
        arguments: [
            [port: ""], [port: "9-9"],  // the port has let it go
            ["\(own)/goal": "attach"],  // the record is another command's
            ["\(own)/port": port],
            [other: "1-1"],  // the recorded port has it, too
        ] as [Nodes])
    func `it gives way to whoever was first`(nodes: Nodes) throws {
        let nodes = Self.found.merging(nodes) { $1 }
        #expect(try Self.change.decide(on: nodes) == .lost(overtaken))
    }

    @Test func `it gives way where the port is gone`() throws {
        var nodes = Self.found
        nodes[port] = nil
        #expect(try Self.change.decide(on: nodes) == .lost(overtaken))
    }

    @Test func `the records of a newer pvusb are only read`() throws {
        let nodes = Self.found.merging(["/libxl/pvusb/version": "2"]) { $1 }
        #expect(try Self.change.decide(on: nodes) == .refuse(.newerRecords))
    }
}

/// A controller is removed by force, or because its domain is gone.
struct OtherRemovalTests {
    private static let front = "/local/domain/5/device/vusb/0"
    private static let back = "/local/domain/0/backend/vusb/5/0"
    private static let libxl = "/libxl/5/device/vusb/0"
    private static let alone: Nodes = [
        back: "", "/local/domain/0/backend/vusb/5": "0", "/local/domain/0/backend/vusb": "5 6",
    ]

    private static func removal(_ kind: StoreChange.Removal) -> StoreChange {
        .removeController(controllerID(0), kind)
    }

    private static func removes(_ paths: String...) -> [StoreRequest] {
        paths.map { .remove(node($0)) }
    }

    @Test(arguments: ["1-1", "../../etc", "x"])
    func `by force its trees go whatever its ports hold`(value: String) throws {
        let nodes: Nodes = [Self.front: "", Self.libxl: "", Self.back: "", other: value]
        #expect(
            try Self.removal(.forced).decide(on: nodes)
                == .write([
                    .remove(node(Self.front)), .remove(node(Self.libxl)), .remove(node(Self.back)),
                ]))
        #expect(try Self.removal(.forced).decide(on: [:]) == .leave)
    }

    @Test func `by force what is left of one goes, and the directories that hold nothing else`()
        throws
    {
        #expect(
            try Self.removal(.forced).decide(on: Self.alone.merging([other: "1-1"]) { $1 })
                == .write(Self.removes(Self.back, "/local/domain/0/backend/vusb/5")))
    }

    @Test func `what a domain left behind goes with the directories that hold nothing else`()
        throws
    {
        #expect(
            try Self.removal(.orphan).decide(on: Self.alone)
                == .write(Self.removes(Self.back, "/local/domain/0/backend/vusb/5")))
        var last = Self.alone
        last["/local/domain/0/backend/vusb"] = "5"
        #expect(
            try Self.removal(.orphan).decide(on: last)
                == .write(
                    Self.removes(
                        Self.back, "/local/domain/0/backend/vusb/5", "/local/domain/0/backend/vusb")
                ))
        var others = Self.alone
        others["/local/domain/0/backend/vusb/5"] = "0 1"
        #expect(
            try Self.removal(.orphan).decide(on: others) == .write([.remove(node(Self.back))]))
    }

    @Test(arguments: [StoreChange.Removal.orphan, .free])
    func `what holds a device stays`(removal: StoreChange.Removal) throws {
        let nodes = Self.alone.merging([other: "1-1"]) { $1 }
        #expect(
            try Self.removal(removal).decide(on: nodes)
                == .lost(
                    PVUSBError(
                        .busy, "controller 0 of domain 5 holds a device", remedy: "pvusb list")))
    }

    @Test(arguments: ["pv", "qusb", ""])
    func `what was made anew is no orphan`(type: String) throws {
        let nodes = Self.alone.merging([Self.libxl: "", "\(Self.libxl)/type": type]) { $1 }
        #expect(
            try Self.removal(.orphan).decide(on: nodes)
                == .lost(
                    PVUSBError(
                        .busy, "controller 0 of domain 5 was made anew a moment ago",
                        remedy: "pvusb list")))
    }

    @Test func `what is gone is left`() throws {
        #expect(try Self.removal(.orphan).decide(on: [:]) == .leave)
    }

    @Test func `all three read the same nodes`() {
        #expect(Self.removal(.forced).reads == Self.removal(.free).reads)
        #expect(Self.removal(.orphan).reads == Self.removal(.free).reads)
        #expect(Self.removal(.orphan).reads.contains(.read(node("\(Self.libxl)/type"))))
    }
}

/// xl's notes are dropped.
struct NoteRemovalTests {
    private static let change = StoreChange.dropNotes(bus("1-1"))

    @Test func `they are removed if they are there, and nothing else is looked at`() throws {
        #expect(Self.change.reads == [.read(node(notes))])
        #expect(try Self.change.decide(on: [notes: ""]) == .write([.remove(node(notes))]))
        #expect(try Self.change.decide(on: [:]) == .leave)
    }

    @Test func `they stay when only the record is withdrawn`() throws {
        let change = StoreChange.forget(bus("1-1"), withDrivers: false)
        let nodes: Nodes = [own: "", notes: ""]
        #expect(try change.decide(on: nodes) == .write([.remove(node(own))]))
        #expect(try change.decide(on: [notes: ""]) == .leave)
    }
}

/// The record changes along with a controller that an attach had to make.
struct CreatedRecordTests {
    private static func change(_ record: Record) -> StoreChange { .record(bus("1-1"), record) }

    private static let found: Nodes = [
        "\(own)/goal": "attach", "\(own)/port": port, "\(own)/vm": "/vm/a",
        "\(own)/controller": "created 1", port: "1-1",
    ]

    @Test func `an attach that is done keeps the controller, and says no more who made it`() throws
    {
        #expect(
            try Self.change(Record(.attached)).decide(on: Self.found)
                == .write([
                    writing("\(own)/goal", "attached"), .remove(node("\(own)/controller")),
                ]))
    }

    @Test func `a way back that will remove it goes on saying so`() throws {
        #expect(
            try Self.change(Record(.detach, created: controllerID(1))).decide(on: Self.found)
                == .write([writing("\(own)/goal", "detach")]))
    }

    @Test func `a record that names another port by now gets its place and its domain`() throws {
        let record = Record(
            .detach, at: place(1, on: 2, of: 6), created: controllerID(1), vm: "/vm/c")
        #expect(
            try Self.change(record).decide(on: Self.found)
                == .write([
                    writing("\(own)/goal", "detach"),
                    writing("\(own)/port", "/local/domain/0/backend/vusb/6/2/port/1"),
                    writing("\(own)/domain", "6"), writing("\(own)/vm", "/vm/c"),
                ]))
    }
}
