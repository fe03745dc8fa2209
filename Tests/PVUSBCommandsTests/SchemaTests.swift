import Foundation
import Testing

struct SchemaTests {
    private func check(_ text: String, is kind: String) throws {
        #expect(text.hasSuffix("\n"))
        let document = try JSONValue(text)
        #expect(document["kind"] == .text(kind))
        #expect(try JSONSchema(kind: kind).problems(of: document) == [])
    }

    @Test(arguments: StateWorld.all)
    func `what is seen fits its schema in every state`(_ world: StateWorld) throws {
        let sandbox = try world.sandbox()
        try check(try sandbox.pvusb("devices", "--json").output, is: "DeviceList")
        try check(try sandbox.pvusb("list", "--json").output, is: "ControllerList")
        try check(try sandbox.pvusb("list", "pv1", "--tree", "--json").output, is: "ControllerList")
        try check(try sandbox.pvusb("show", world.device, "--json").output, is: "Details")
        try check(try sandbox.pvusb("show", "pv1", "--json").output, is: "Details")
        try check(try sandbox.pvusb("show", "pv1", "0:1", "--json").output, is: "Details")
    }

    @Test(arguments: StateWorld.all)
    func `what would be done fits its schema in every state`(_ world: StateWorld) throws {
        let sandbox = try world.sandbox()
        for words in [["recover"], ["recover", world.device], ["attach", "pv1", world.device]] {
            let run = try sandbox.pvusb(words + ["--dry-run", "--json"])
            try check(
                run.code == 0 ? run.output : run.errors, is: run.code == 0 ? "Plan" : "Error")
            #expect((run.code == 0 ? run.errors : run.output) == "")
        }
    }

    @Test(arguments: StateWorld.all)
    func `what was done fits its schema in every state`(_ world: StateWorld) throws {
        let sandbox = try world.sandbox()
        for words in [["recover", world.device], ["recover"], ["detach", "1-1"]] {
            let run = try sandbox.pvusb(words + ["--json"])
            try check(run.output, is: "Report")
            #expect(run.errors == "")
        }
    }

    @Test func `a world of no device but hubs fits its schema`() throws {
        let sandbox = try Sandbox.builtIn()
        try sandbox.edit { world in
            for device in ["1-1", "1-2", "1-3.1", "1-3.2", "1-4", "2-1"] {
                world["usb"].unplug(device)
            }
        }
        try check(try sandbox.pvusb("devices", "--json").output, is: "DeviceList")
        #expect(
            try sandbox.pvusb("list", "--json")
                == .good(
                    #"{"controllers":[],"kind":"ControllerList","oddities":[],"schemaVersion":1}"#
                        + "\n"))
    }

    @Test func `a controller's plan and report fit their schemas`() throws {
        let sandbox = try Sandbox.builtIn()
        let words = ["controller", "add", "win10", "--json"]
        try check(try sandbox.pvusb(words + ["--dry-run"]).output, is: "Plan")
        try check(try sandbox.pvusb(words).output, is: "Report")
        try check(try sandbox.pvusb("list", "--json").output, is: "ControllerList")
    }

    @Test(arguments: ["Plan", "Report"])
    func `every word that a step can begin with is in the schema`(kind: String) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        func text(_ path: String) throws -> String {
            try String(contentsOf: root.appending(path: path), encoding: .utf8)
        }
        let source = try text("Sources/PVUSBCore/Planning/StepText.swift")
        let words = source.matches(of: /StepText\(\s*(?:action: )?"([a-z]+)"/).map { String($0.1) }
        let schema = try text("docs/schema/\(kind).json")
        #expect(Set(words).count > 15)
        #expect(Set(words).filter { !schema.contains("\"\($0)\"") } == [])
    }

    @Test func `several plans are a line each`() throws {
        let sandbox = try Sandbox.with("1-3.2")
        let run = try sandbox.pvusb("recover", "1-3.2", "1-1", "--dry-run", "--json")
        let lines = run.output.split(separator: "\n")
        #expect(lines.count == 2)
        for line in lines { try check(line + "\n", is: "Plan") }
    }

    @Test func `a device that can't be read is in the list, and fits its schema`() throws {
        let sandbox = try Sandbox.builtIn()
        try sandbox.edit { world in
            world["usb"].device("1-1") { $0["attributes"]["busnum"] = "no number" }
        }
        let run = try sandbox.pvusb("devices", "--json")
        try check(run.output, is: "DeviceList")
        let document = try JSONValue(run.output)
        #expect(document["unreadable"].elements.map { $0["name"] } == ["1-1"])
        #expect(document["devices"].elements.count == 8)
    }

    @Test(arguments: [
        ("attach nobody 1-1", "notFound", 5),
        ("attach pv1 9-9", "notFound", 5),
        ("attach pv1 046d:c31c", "ambiguous", 6),
        ("attach pv1 1-3", "refused", 8),
        ("attach 0 1-1", "refused", 8),
        ("attach pv1 1-1 --at 0:0", "usage", 2),
        ("attach pv1 1-1 --sandbox none.json", "failed", 1),
        ("controller add pv1 --ports 32", "usage", 2),
        ("list 99999", "usage", 2),
    ])
    func `an error fits its schema and names its exit code`(
        line: String, code: String, exitCode: Int32
    ) throws {
        let words = line.split(separator: " ").map(String.init) + ["--json"]
        let run = try Sandbox.withController().pvusb(words)
        #expect(run.code == exitCode)
        // A command that came as far as planning reports that it did nothing.
        if !run.output.isEmpty { try check(run.output, is: "Report") }
        try check(run.errors, is: "Error")
        let error = try JSONValue(run.errors)
        #expect(error["code"] == .text(code))
        #expect(error["exitCode"] == .number(Double(exitCode)))
    }

    @Test func `a failed change is reported whole, with its error`() throws {
        let sandbox = try Sandbox.builtIn()
        try sandbox.edit { $0["domains"] = $0["domains"].withoutFrontends }
        _ = try sandbox.pvusb("controller", "add", "pv1")
        let run = try sandbox.pvusb("attach", "pv1", "1-1", "--timeout", "1", "--json")
        #expect(run.code == 1)
        try check(run.output, is: "Report")
        try check(run.errors, is: "Error")
        let goal = try #require(try JSONValue(run.output)["goals"].elements.first)
        #expect(goal["reached"] == .bool(false))
        #expect(goal["state"] == "host")
        #expect(goal["steps"].elements.map { $0["result"] } == ["failed"])
    }

    @Test(arguments: ["DeviceList", "ControllerList", "Plan", "Report", "Error"])
    func `an empty object fits no schema`(kind: String) throws {
        #expect(try JSONSchema(kind: kind).problems(of: .object([:])).count >= 3)
    }
}
