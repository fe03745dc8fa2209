import Foundation
import HostUSB
import Simulation
import TestSupport
import Testing
import USBModel
import XenStoreServer
import XenStoreWire

struct WorldCodingTests {
    /// A world with something in each of its parts.
    private static func busy() throws -> World {
        var world = World.withController()
        try world.give("1-1", port: 1)
        try world.unbind("1-4:1.1", from: "snd-usb-audio")
        world.guests[1].hasFrontend = false
        world.ask(.write(at("/bytes"), [0x00, 0xff, 0x0a]), .write(at("/text"), text: "a/\"ö\n"))
        return world
    }

    static let worlds: [@Sendable () throws -> World] = [
        { .builtIn() },
        { try busy() },
        { try World(capturing: SystemFiles(sysfs: try CapturedHost.sysfs())) },
    ]

    @Test(arguments: 0..<3)
    func `a world read from its bytes has the same bytes`(index: Int) throws {
        let bytes = try Self.worlds[index]().json()
        #expect(try World(json: bytes).json() == bytes)
    }

    @Test(arguments: 0..<3)
    func `a world read from its bytes is the same world`(index: Int) throws {
        var world = try Self.worlds[index]()
        let copy = try World(json: try world.json())
        world.store.resetGenerations()
        #expect(copy == world)
    }

    @Test func `the document can be read by people`() throws {
        let text = String(decoding: try Self.busy().json(), as: UTF8.self)
        #expect(text.hasPrefix("{\n  \"domains\" : [\n    {\n      \"domid\" : 1,\n"))
        #expect(text.hasSuffix("\n  ]\n}\n"))
        #expect(text.contains("\"/bytes\" : {\n      \"hex\" : \"00ff0a\",\n"))
        #expect(text.contains("\"value\" : \"a/\\\"ö\\n\""))
        #expect(text.contains("\"usbback\" : [\n    \"1-1:1:0:1\"\n  ]"))
    }

    @Test func `the document holds no history and no locks`() throws {
        let text = try Self.busy().json()
        let object = try JSONSerialization.jsonObject(with: Data(text)) as? [String: Any]
        #expect(
            object?.keys.sorted()
                == ["domains", "kind", "qemus", "schemaVersion", "store", "usb", "usbback"])
        #expect(object?["schemaVersion"] as? Int == 1)
        #expect(object?["kind"] as? String == "World")
    }

    @Test func `a world that is back where it was has the same bytes`() throws {
        var world = World.builtIn()
        let before = try world.json()
        try world.unbind("1-1:1.0", from: "usbhid")
        world.ask(.write(at("/new"), text: "1"))
        #expect(try world.json() != before)
        try world.bind("1-1:1.0", to: "usbhid")
        world.ask(.remove(at("/new")))
        #expect(try world.json() == before)
    }

    @Test func `siblings are in the document where there are any`() throws {
        let text = String(decoding: try World.with(SiblingTests.acm).json(), as: UTF8.self)
        let siblings = text.split(separator: "\"siblings\" : [").dropFirst()
        #expect(siblings.count == 2)
        #expect(siblings.first?.contains("\"1-4:1.1\"\n            ]\n          }") == true)
        #expect(text.split(separator: "siblingTie").count == 2)
        #expect(text.contains("\"siblingTie\" : \"mutual\",\n"))
    }

    @Test func `a document from before there were siblings is read as it was meant`() throws {
        var world = World.builtIn()
        world.change("1-4") { device in
            device.interfaces[0].siblings = []
            device.interfaces[1].matches = device.interfaces[0].matches
        }
        let text = String(decoding: try world.json(), as: UTF8.self)
        #expect(!text.contains("sibling"))
        var copy = try World(json: Array(text.utf8))
        try copy.unbind("1-4:1.1", from: "snd-usb-audio")
        try copy.bind("1-4:1.1", to: "snd-usb-audio")
        #expect(copy.usb == world.usb)
    }

    @Test func `a guest's manners are in the document where they are bad`() throws {
        var world = World.builtIn()
        world.guests[0].frontend = .neverCloses
        world.guests[1].frontend = .connectsTwice
        world.guests[2].frontend = .none
        let bytes = try world.json()
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        let frontends = lines.filter { $0.lowercased().contains("frontend") }
            .map { $0.trimmingPrefix { $0 == " " } }
        #expect(
            frontends == [
                "\"frontend\" : \"neverCloses\",", "\"hasFrontend\" : true",
                "\"frontend\" : \"connectsTwice\",", "\"hasFrontend\" : true",
                "\"hasFrontend\" : false",
            ])
        #expect(try World(json: bytes).guests == world.guests)
    }

    // MARK: - What is no world

    @Test func `no bytes are an empty file`() {
        let failure = WorldFailure("it is empty", remedy: "make a new one: pvusb sandbox new FILE")
        #expect(throws: failure) { try World(json: []) }
    }

    @Test func `a document that is cut off anywhere is not whole`() throws {
        let bytes = try World.builtIn().json()
        // Without the closing brace; only the newline after it may be missing.
        let last = bytes.count - 2
        for length in Set(1..<200).union(stride(from: 200, to: last, by: 311)).union([last]) {
            let failure = WorldFailure(
                "it is no whole JSON document (\(length) bytes)",
                remedy: "make a new one: pvusb sandbox new FILE")
            #expect(throws: failure) { try World(json: Array(bytes.prefix(length))) }
        }
        #expect(try World(json: Array(bytes.dropLast())).json() == bytes)
    }

    @Test(arguments: [
        "{}", "[]", "3", "null", "\"World\"",  // JSON, but not a document of ours
        "{\"schemaVersion\": 1}",  // no kind
        "{\"kind\": \"World\"}",  // no version
        "{\"kind\": \"Report\", \"schemaVersion\": 1}",  // another kind
        "{\"kind\": 1, \"schemaVersion\": 1}",  // not a text
        "{\"kind\": \"World\", \"schemaVersion\": \"1\"}",  // not a number
    ])
    func `other JSON is no world`(text: String) {
        let failure = WorldFailure("it is JSON, but no world: its \"kind\" is not \"World\"")
        #expect(throws: failure) { try World(json: Array(text.utf8)) }
    }

    @Test(arguments: ["hello", "{", "{]", "\u{0}\u{0}", "{\"kind\": World}"])
    func `what is no JSON is not whole`(text: String) {
        let failure = WorldFailure(
            "it is no whole JSON document (\(text.utf8.count) bytes)",
            remedy: "make a new one: pvusb sandbox new FILE")
        #expect(throws: failure) { try World(json: Array(text.utf8)) }
    }

    @Test func `a newer document wants a newer pvusb`() {
        let text = "{\"kind\": \"World\", \"schemaVersion\": 2, \"future\": true}"
        let failure = WorldFailure(
            "its schemaVersion is 2, this pvusb reads 1", remedy: "use a newer pvusb")
        #expect(throws: failure) { try World(json: Array(text.utf8)) }
    }

    /// A word of the built-in world's document, what takes its place, and the message.
    static let mistakes: [(word: String, other: String, message: String)] = [
        ("\"1-1\"", "\"1-0\"", "'1-0' at usb.devices.busId makes no sense"),  // ports are from 1
        ("\"1-1\"", "\"x\"", "'x' at usb.devices.busId makes no sense"),
        ("\"1-1:1.0\"", "\"1-1:1\"", "'1-1:1' at usb.devices.interfaces.id makes no sense"),
        (
            "\"driver\" : \"hub\"", "\"driver\" : \"a/b\"",
            "'a/b' at usb.devices.interfaces.driver makes no sense"
        ),
        (
            "\"matches\" : [\n              \"hub\"", "\"matches\" : [\n              \"..\"",
            "'..' at usb.devices.interfaces.matches makes no sense"
        ),
        ("\"descriptors\" : \"", "\"descriptors\" : \"0", ""),  // an odd number of digits
        ("\"descriptors\" : \"12", "\"descriptors\" : \"1g", ""),  // no hex digit
        (
            "\"1-4:1.1\"\n", "\"1-3:1.1\"\n",
            "'1-3:1.1' at usb.devices.interfaces.siblings makes no sense"
        ),  // of another device
        (
            "\"1-4:1.1\"\n", "\"1-4:1.0\"\n",
            "'1-4:1.0' at usb.devices.interfaces.siblings makes no sense"
        ),  // itself
        (
            "\"siblings\" : [", "\"siblingTie\" : \"close\", \"siblings\" : [",
            "'close' at usb.devices.interfaces.siblingTie makes no sense"
        ),
        (
            "\"drivers\" : [\n      \"ftdi_sio\"", "\"drivers\" : [\n      \"\"",
            "'' at usb.drivers makes no sense"
        ),
        (
            "\"usbback\" : [\n\n  ]", "\"usbback\" : [\"1-1:1:0\"]",
            "'1-1:1:0' at usbback makes no sense"
        ),
        (
            "\"usbback\" : [\n\n  ]", "\"usbback\" : [\"1-1:1:0:32\"]",
            "'1-1:1:0:32' at usbback makes no sense"
        ),  // 31 ports
        ("\"/libxl/1/type\"", "\"libxl/1/type\"", "'libxl/1/type' at store makes no sense"),
        ("\"/libxl/1/type\"", "\"/libxl/1/typ.\"", "'/libxl/1/typ.' at store makes no sense"),
        ("\"/libxl/1/type\"", "\"/libxl//type\"", "'/libxl//type' at store makes no sense"),
        (
            "\"/libxl/1/type\"", "\"/libxl/9/type\"",
            "its store is not whole: the parent of '/libxl/9/type' is missing"
        ),  // an orphan
        (
            "    \"/\" : {", "    \"/aa\" : {", "its store is not whole: there is no '/'"
        ),
        (
            "\"/\" : {\n      \"permissions\" : [\n        \"n0\"",
            "\"/\" : {\n      \"permissions\" : [\n        \"x0\"",
            "'x0' at store./.permissions makes no sense"
        ),
        (
            "\"/\" : {\n      \"permissions\" : [\n        \"n0\"\n      ]",
            "\"/\" : {\n      \"permissions\" : []",
            "its store is not whole: '/' has no permissions"
        ),
        (
            "\"value\" : \"pvh\"", "\"hex\" : \"0\"", "'0' at store./libxl/2/type makes no sense"
        ),
        (
            "\"domid\" : 1,", "\"domid\" : 70000,",
            "a part is missing or of the wrong type: a number is out of range"
        ),  // more than 16 bits
        (
            "\"domid\" : 1,", "\"domid\" : \"1\",",
            "a part is missing or of the wrong type: domains.0.domid"
        ),
        (
            "\"domid\" : 1,", "\"domid\" : 1, \"frontend\" : \"rude\",",
            "'rude' at domains.frontend makes no sense"
        ),
        (
            "\"domid\" : 1,", "\"domid\" : 1, \"frontend\" : \"none\",",
            "'none' at domains.frontend makes no sense"
        ),  // it has one
        ("\"domid\" : 1,", "", "a part is missing or of the wrong type: domains.0.domid"),
        ("\"usbback\" :", "\"usbfront\" :", "a part is missing or of the wrong type: usbback"),
        ("\"store\"", "\"shop\"", "a part is missing or of the wrong type: store"),
        (
            "\"busId\" : \"1-1\"", "\"busId\" : null",
            "a part is missing or of the wrong type: usb.devices.1.busId"
        ),
    ]

    @Test(arguments: mistakes)
    func `a mistake is named with its place`(
        word: String, other: String, message: String
    ) throws {
        let text = String(decoding: try World.builtIn().json(), as: UTF8.self)
        let place = try #require(text.range(of: word))
        let changed = text.replacingCharacters(in: place, with: other)
        let failure = #expect(throws: WorldFailure.self) {
            try World(json: Array(changed.utf8))
        }
        if message.isEmpty {
            let digits = try #require(failure?.message.split(separator: "'").first)
            #expect(failure?.message == "'\(digits)' at usb.devices.descriptors makes no sense")
        } else {
            #expect(failure == WorldFailure(message))
        }
    }
}
