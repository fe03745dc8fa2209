import Foundation
import Testing

struct WatchTests {
    private func watch(_ sandbox: Sandbox, _ words: String...) throws -> StartedProgram {
        let started = try sandbox.start(
            Program.pvusb(), ["watch"] + words, environment: ["PVUSB_SANDBOX": Sandbox.file])
        try started.wait(forError: "watching; interrupt to end\n")
        return started
    }

    /// Runs a command and waits until the watch has told of the last that it does.
    private func act(
        _ words: [String], on sandbox: Sandbox, until line: String, _ watch: StartedProgram
    ) throws {
        #expect(try sandbox.pvusb(words).code == 0)
        try watch.wait(forOutput: line)
    }

    @Test func `every change is told until it is interrupted, which is its end`() throws {
        let sandbox = try Sandbox.withController()
        let watch = try watch(sandbox)
        let device = "device 1-3.2 0781:5567 SanDisk Cruzer Blade"
        try act(
            ["attach", "pv1", "1-3.2"], on: sandbox,
            until: "\(device) assigned pv1 0:1\n", watch)
        try act(["detach", "1-3.2"], on: sandbox, until: "\(device) host usb-storage\n", watch)
        try act(
            ["controller", "remove", "pv1", "0"], on: sandbox, until: "controller pv1 0 gone\n",
            watch)
        kill(watch.process.processIdentifier, SIGINT)
        let run = try watch.end()
        #expect(run.code == 0)
        #expect(run.errors == "watching; interrupt to end\n")
        #expect(run.output.contains("port pv1 0:1 1-3.2\n"))
        #expect(run.output.contains("port pv1 0:1 free\n"))
    }

    @Test func `with --json each line is an object that fits its schema`() throws {
        let sandbox = try Sandbox.builtIn()
        let watch = try watch(sandbox, "--json")
        let end = #""kind":"Change","port":1,"schemaVersion":1,"subject":"port"}"#
        try act(["attach", "pv1", "1-3.2"], on: sandbox, until: end, watch)
        #expect(try sandbox.pvusb("controller", "remove", "pv1", "0").code == 0)
        try watch.wait(forOutput: #""gone":true"#)
        kill(watch.process.processIdentifier, SIGTERM)
        let lines = try watch.end().output.split(separator: "\n")
        #expect(lines.count >= 4)
        for line in lines {
            #expect(try JSONSchema(kind: "Change").problems(of: try JSONValue(String(line))) == [])
        }
    }

    @Test func `a reader who goes ends it`() throws {
        let sandbox = try Sandbox.builtIn()
        let run = try sandbox.start(
            "/bin/sh",
            ["-c", "\"$0\" watch --sandbox \"$1\" | head -n 1", try Program.pvusb(), Sandbox.file],
            environment: [:])
        try run.wait(forError: "watching; interrupt to end\n")
        var attempts = 0
        while run.process.isRunning, attempts < 100 {
            let word = attempts % 2 == 0 ? "add" : "remove"
            let rest = attempts % 2 == 0 ? [] : ["0"]
            _ = try sandbox.pvusb(["controller", word, "pv1"] + rest)
            attempts += 1
        }
        let end = try run.end()
        #expect(end.code == 0)
        #expect(end.output.hasPrefix("controller pv1 0 "))
    }

    @Test func `what can't be looked at is an error at once`() throws {
        let run = try Sandbox(nil).bare("watch", "--sandbox", "none.json")
        #expect(run.code == 1)
        #expect(run.errors.hasPrefix("pvusb: the world file none.json can't be used: "))
    }
}
