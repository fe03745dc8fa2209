import Testing

@testable import PVUSBCore

/// Values that make no sense: shown, and otherwise passed over.
struct OddityTests {
    private static let libxl = "/libxl/5/device/vusb/0"
    private static let backend = "/local/domain/0/backend/vusb/5/0"
    private static let own = "/libxl/pvusb/device/1-1"

    private static func look(_ nodes: [String: String]) throws -> Observation {
        var host = LittleHost()
        host.nodes.merge(nodes) { $1 }
        let outcome = host.run(Operation(.list(nil))).outcome
        guard case .inventory(let inventory) = outcome else { throw StoreErrorName.invalid }
        return inventory.observation
    }

    /// A node, what it holds, and what it should.
    static let rows: [(path: String, value: String, expected: String)] = [
        ("\(libxl)/type", "vscsi", "kind of controller"),
        ("\(libxl)/type", "", "kind of controller"),
        ("\(libxl)/type", "PV", "kind of controller"),
        ("\(libxl)/num-ports", "999999", "number from 1 to 31"),
        ("\(libxl)/num-ports", "0", "number from 1 to 31"),
        ("\(libxl)/num-ports", "0x2", "number from 1 to 31"),
        ("\(backend)/port/1", "../../etc", "device"),
        ("\(backend)/port/1", "1-1 ", "device"),
        ("\(backend)/port/1", "1-1:1.0", "device"),
        ("\(own)/goal", "attahc", "goal that this pvusb knows"),
        ("\(own)/goal", "", "goal that this pvusb knows"),
        ("\(own)/port", "/local/domain/0/backend/vusb/5/0/port/32", "port node's path"),
        ("\(own)/port", "/local/domain/0/backend/vusb/05/0/port/1", "port node's path"),
        ("\(own)/port", "../../etc", "port node's path"),
        ("\(own)/interface/1-1@1_0", "../usbback", "driver"),
    ]

    @Test(arguments: rows)
    func `one value without sense is told`(path: String, value: String, expected: String) throws {
        let goal = ["\(Self.own)/goal": "attached"]
        let seen = try Self.look(
            path.hasPrefix(Self.own) ? goal.merging([path: value]) { $1 } : [path: value])
        let odd = Oddity(path: node(path), value: Untrusted(value), expected: expected)
        #expect(seen.oddities == [odd])
        #expect(odd.message == "\(path) holds '\(value)', which is no \(expected)")
    }

    @Test func `all of them are told, by path`() throws {
        let nodes = [
            "\(Self.own)/goal": "x", "\(Self.backend)/port/2": "x", "\(Self.libxl)/num-ports": "x",
            "/libxl/usbback/1-1/1-1@1_0/driver_path": "x",
        ]
        #expect(try Self.look(nodes).oddities.map(\.path) == nodes.keys.map(node).sorted())
    }

    @Test func `what makes sense is not told`() throws {
        let nodes = [
            "\(Self.own)/goal": "parked", "\(Self.own)/port": "\(Self.backend)/port/2",
            "\(Self.own)/interface/1-1@1_0": "", "\(Self.backend)/port/2": "9-9",
            "/libxl/usbback/1-1/1-1@1_0/driver_path": "/sys/bus/usb/drivers/usbhid",
        ]
        #expect(try Self.look(nodes).oddities == [])
    }

    @Test func `garbage in the port of what a domain left behind is told`() throws {
        let path = "/local/domain/0/backend/vusb/9/0/port/1"
        let seen = try Self.look([path: "../../etc"])
        #expect(seen.controllers.map(\.isOrphan) == [false, true])
        #expect(seen.oddities.map(\.path) == [node(path)])
    }

    @Test(arguments: [
        "\(libxl)/backend", "\(libxl)/usb-ver", "/libxl/pvusb/version",
        "\(own)/identity", "\(own)/domain",
    ])
    func `a value that only domain 0 could have broken is told`(path: String) throws {
        var nodes = ["\(Self.own)/goal": "attached"]
        nodes[path] = "garbage"
        let seen = try Self.look(nodes)
        #expect(seen.oddities.map(\.path) == [node(path)])
    }

    @Test(arguments: ["state", "backend", "backend-id", "port/1", "num-ports"])
    func `what a guest writes into its own directory changes nothing`(name: String) throws {
        let path = "/local/domain/5/device/vusb/0/\(name)"
        for value in ["99", "x", "/local/domain/3/backend/vusb/5/0", "../../..", ""] {
            let seen = try Self.look([path: value])
            var plain = try Self.look([:])
            #expect(seen.oddities == [])
            if name == "state" { plain.controllers = seen.controllers }
            #expect(seen == plain)
            #expect(seen.controllers[0].backendState == .connected)
        }
    }

    @Test func `garbage in one port hides no other`() throws {
        let nodes = ["\(Self.backend)/port/1": "../../etc", "\(Self.backend)/port/2": "1-1"]
        let seen = try Self.look(nodes)
        #expect(
            seen.controllers.map(\.ports)
                == [[.unreadable(Untrusted("../../etc")), .device(bus("1-1"))]])
        #expect(seen.places(of: bus("1-1")) == [place(2)])
    }

    @Test func `a domain without a name is called by its number`() throws {
        let seen = try Self.look(["/local/domain/7/vm": "/vm/c"])
        #expect(seen.domain(domid(7)) == DomainView(id: domid(7), name: nil, vm: "/vm/c"))
        #expect(seen.domain(domid(7))?.label == "domain 7")
        #expect(seen.domain(domid(7))?.word == "7")
    }
}
