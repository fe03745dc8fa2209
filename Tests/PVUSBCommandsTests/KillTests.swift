import Glibc
import Testing

/// A command that is killed, where it starts, and where it leads.
struct KilledCommand: Sendable, CustomTestStringConvertible {
    let words: [String]
    let goal: String
    let start: @Sendable () throws -> Sandbox

    var testDescription: String { words.joined(separator: " ") }

    static let attach = KilledCommand(words: ["attach", "pv1", "1-3.2"], goal: "assigned") {
        try .withController()
    }
    static let detach = KilledCommand(words: ["detach", "1-3.2"], goal: "host") {
        try .with("1-3.2")
    }
    static let recover = KilledCommand(words: ["recover"], goal: "host") {
        try StateWorld.detaching.sandbox()
    }
}

/// Every effect on a world in a file is one rename; the program is killed at each of them.
struct KillTests {
    private static let device = "1-3.2"

    /// strace, where it is installed and may trace.
    private static let strace: String? = {
        guard let path = Program.installed("strace"), let sandbox = try? Sandbox(nil),
            let run = try? sandbox.run(
                path, ["-qq", "-o", "/dev/null", "/bin/true"], environment: [:]),
            run.code == 0
        else { return nil }
        return path
    }()

    @Test(
        .enabled(if: strace != nil, "needs strace"),
        arguments: [KilledCommand.attach, .detach, .recover])
    func `a command that is killed leaves what one command finishes`(
        _ command: KilledCommand
    ) throws {
        var kills = 0
        while true {
            let sandbox = try command.start()
            guard try isKilled(command, at: kills + 1, in: sandbox) else { break }
            kills += 1
            try #require(kills < 100)
            let left = try sandbox.world()
            try checkThatListingTellsTheTruth(sandbox)
            try checkRecovery(of: sandbox)
            try checkRepetition(of: command, in: try Sandbox(left))
        }
        #expect(kills >= 4)
    }

    /// Whether the program was killed when it wanted to rename a file for the n-th time.
    private func isKilled(
        _ command: KilledCommand, at count: Int, in sandbox: Sandbox
    ) throws -> Bool {
        let calls = "?rename,?renameat,?renameat2"
        let words =
            [
                "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(calls)", "-e",
                "inject=\(calls):signal=SIGKILL:when=\(count)", try Program.pvusb(),
            ] + command.words
        let run = try sandbox.run(
            try #require(Self.strace), words, environment: ["PVUSB_SANDBOX": Sandbox.file])
        #expect([0, 128 + SIGKILL].contains(run.code), "\(run.errors)")
        #expect(run.errors == "")
        return run.code != 0
    }

    /// Either the device is settled, or it is shown what to type.
    private func checkThatListingTellsTheTruth(_ sandbox: Sandbox) throws {
        let run = try sandbox.pvusb("devices", "--json")
        #expect(run.code == 0)
        let document = try JSONValue(run.output)
        #expect(try JSONSchema(kind: "DeviceList").problems(of: document) == [])
        let device = try #require(
            document["devices"].elements.first { $0["busId"] == .text(Self.device) })
        if ["host", "assigned"].contains(device["state"].string) {
            #expect(device["pending"] == nil)
            #expect(device["conditions"] == [])
        } else {
            let remedy = JSONValue.text("pvusb recover \(Self.device)")
            #expect(device["pending"]["remedy"] == remedy)
            #expect(device["conditions"].elements.map { $0["remedy"] } == [remedy])
        }
    }

    private func checkRecovery(of sandbox: Sandbox) throws {
        #expect(try sandbox.pvusb("recover").code == 0)
        let state = try #require(try sandbox.state(of: Self.device))
        try #require(["host", "assigned"].contains(state))
        try checkThatListingTellsTheTruth(sandbox)
        #expect(try sandbox.world() == world(in: state))
        #expect(try sandbox.pvusb("recover") == .good("nothing to do\n"))
    }

    private func checkRepetition(of command: KilledCommand, in sandbox: Sandbox) throws {
        #expect(try sandbox.pvusb(command.words).code == 0)
        #expect(try sandbox.state(of: Self.device) == command.goal)
        #expect(try sandbox.world() == world(in: command.goal))
    }

    /// The world that no kill has touched, byte for byte.
    private func world(in state: String) throws -> [UInt8] {
        try (state == "host" ? Sandbox.withController() : .with(Self.device)).world()
    }
}
