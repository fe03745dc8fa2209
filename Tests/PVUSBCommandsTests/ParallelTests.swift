import Testing

struct ParallelTests {
    /// Runs commands on one world at once; their ends in the order of the commands.
    private func run(_ commands: [[String]], in sandbox: Sandbox) throws -> [ProgramRun] {
        let started = try commands.map {
            try sandbox.start(
                Program.pvusb(), $0, environment: ["PVUSB_SANDBOX": Sandbox.file])
        }
        return try started.map { try $0.end() }
    }

    @Test func `each of several attaches says the port that its device is in`() throws {
        let sandbox = try Sandbox.withController()
        let devices = ["1-1", "1-2", "1-3.1", "1-3.2", "1-4"]
        let runs = try run(devices.map { ["attach", "pv1", $0] }, in: sandbox)
        let lines = try sandbox.pvusb("list").output.split(separator: "\n").dropFirst()
        var places: [String: String] = [:]
        for words in lines.map({ $0.split(separator: " ").map(String.init) }) {
            places[words[2]] = words[1]
        }
        #expect(places.keys.sorted() == devices)
        #expect(Set(places.values) == ["0:1", "0:2", "0:3", "0:4", "0:5"])
        for (device, run) in zip(devices, runs) {
            #expect(run == .good("\(device) in pv1 at \(places[device] ?? "no port")\n"))
        }
    }

    @Test func `one device asked for by two guests goes to one of them`() throws {
        let sandbox = try Sandbox.withController()
        _ = try sandbox.pvusb("controller", "add", "win10")
        let domains = ["pv1", "win10"]
        let runs = try run(domains.map { ["attach", $0, "1-3.2"] }, in: sandbox)
        let winner = try #require(runs.firstIndex { $0.code == 0 })
        #expect(runs[winner] == .good("1-3.2 in \(domains[winner]) at 0:1\n"))
        #expect(
            runs[1 - winner]
                == .bad(
                    9,
                    "pvusb: 1-3.2 is in \(domains[winner]) at 0:1\n"
                        + "  try: pvusb detach 1-3.2\n"))
        #expect(try sandbox.state(of: "1-3.2") == "assigned")
    }

    @Test func `of several equal detaches one does it and all are content`() throws {
        let sandbox = try Sandbox.with("1-3.2")
        let runs = try run(Array(repeating: ["detach", "1-3.2"], count: 3), in: sandbox)
        #expect(
            runs.map(\.output).sorted() == [
                "1-3.2 with its host drivers\n",
                "1-3.2 with its host drivers: already so\n",
                "1-3.2 with its host drivers: already so\n",
            ])
        #expect(runs.allSatisfy { $0.code == 0 })
        #expect(try sandbox.world() == Sandbox.withController().world())
    }
}
