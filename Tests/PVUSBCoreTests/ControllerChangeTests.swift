import Testing

@testable import PVUSBCore

private let front = "/local/domain/5/device/vusb/1"
private let back = "/local/domain/0/backend/vusb/5/1"
private let libxl = "/libxl/5/device/vusb/1"

struct ControllerCreationTests {
    static let change = StoreChange.createController(
        controllerID(1), settings(ports: 2), for: nil)

    private static func details(_ path: String) -> [StoreRequest] {
        [
            .write(node("\(path)/frontend-id"), text: "5"),
            .write(node("\(path)/online"), text: "1"), .write(node("\(path)/state"), text: "1"),
            .write(node("\(path)/type"), text: "pv"), .write(node("\(path)/usb-ver"), text: "2"),
            .write(node("\(path)/num-ports"), text: "2"), .write(node("\(path)/port"), text: ""),
            .write(node("\(path)/port/1"), text: ""), .write(node("\(path)/port/2"), text: ""),
        ]
    }

    /// libxl's nodes in libxl's order, with its permissions.
    static let nodes: [StoreRequest] =
        [
            .write(node("\(libxl)/frontend"), text: front),
            .write(node("\(libxl)/backend"), text: back),
            .makeDirectory(node(front)),
            .setPermissions(node(front), [StorePermission(.none, 5), StorePermission(.read, 0)]),
            .write(node("\(front)/backend"), text: back),
            .write(node("\(front)/backend-id"), text: "0"),
            .write(node("\(front)/state"), text: "1"),
            .makeDirectory(node(back)),
            .setPermissions(node(back), [StorePermission(.none, 0), StorePermission(.read, 5)]),
            .write(node("\(back)/frontend"), text: front),
        ] + details(back) + details(libxl)

    @Test(
        arguments: [
            ["/local/domain/5": ""],  // the first ever
            ["/local/domain/5": "", "/libxl/5/device/vusb": "0"],
            ["/local/domain/5": "", "/libxl/5/device/vusb": "0 x 01"],  // names that are no numbers
        ] as [Nodes])
    func `it writes libxl's nodes`(found: Nodes) throws {
        #expect(try Self.change.decide(on: found) == .write(Self.nodes))
    }

    @Test func `debris of an earlier one is removed first`() throws {
        let found = ["/local/domain/5": "", front: "", back: ""]
        #expect(
            try Self.change.decide(on: found)
                == .write([.remove(node(front)), .remove(node(back))] + Self.nodes))
    }

    @Test(arguments: ["1", "0 1", "7"])
    func `a number that is taken or passed is lost`(numbers: String) throws {
        let found = ["/local/domain/5": "", "/libxl/5/device/vusb": numbers]
        #expect(
            try Self.change.decide(on: found)
                == .lost(
                    PVUSBError(
                        .busy,
                        "controller 1 of domain 5 was made by another tool a moment ago",
                        remedy: "pvusb list")))
    }

    @Test func `a domain that is gone gets none`() throws {
        #expect(
            try Self.change.decide(on: [:])
                == .lost(PVUSBError(.notFound, "domain 5 is gone")))
    }
}

struct ControllerRemovalTests {
    static let change = StoreChange.removeController(controllerID(1), .free)
    static let trees: Nodes = [front: "", libxl: "", back: ""]

    @Test func `its trees are removed, those of others stay`() throws {
        let found = Self.trees.merging([
            "/local/domain/5/device/vusb": "0 1", "/libxl/5/device/vusb": "0 1",
            "/local/domain/0/backend/vusb/5": "0 1", "/local/domain/0/backend/vusb": "5",
            "\(back)/port/1": "",
        ]) { $1 }
        #expect(
            try Self.change.decide(on: found)
                == .write([.remove(node(front)), .remove(node(libxl)), .remove(node(back))]))
    }

    @Test func `directories that nothing else is in go after it, one by one`() throws {
        let found = Self.trees.merging([
            "/local/domain/5/device/vusb": "1", "/libxl/5/device/vusb": "1",
            "/local/domain/0/backend/vusb/5": "1", "/local/domain/0/backend/vusb": "5 6",
        ]) { $1 }
        #expect(
            try Self.change.decide(on: found)
                == .write(
                    [
                        front, "/local/domain/5/device/vusb", libxl, "/libxl/5/device/vusb", back,
                        "/local/domain/0/backend/vusb/5",
                    ].map { .remove(node($0)) }))
    }

    @Test(arguments: [("1", "1-1"), ("31", "9-9"), ("2", "garbage")])
    func `a controller that holds something stays`(port: String, value: String) throws {
        let found = Self.trees.merging(["\(back)/port/\(port)": value]) { $1 }
        #expect(
            try Self.change.decide(on: found)
                == .lost(
                    PVUSBError(
                        .busy, "controller 1 of domain 5 holds a device", remedy: "pvusb list")))
    }

    @Test func `one that is gone is left`() throws {
        #expect(try Self.change.decide(on: [:]) == .leave)
    }

    @Test func `every port is read`() {
        let reads = (1...31).map { StoreRequest.read(node("\(back)/port/\($0)")) }
        #expect(reads.allSatisfy(Self.change.reads.contains))
    }
}
