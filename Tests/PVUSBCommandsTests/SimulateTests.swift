import Testing

/// A simulated USB side beside a xenstored; what works is shown by scripts/ci.d/50-real-cycle.sh.
struct SimulateTests {
    private static let remedy =
        "  try: set XENSTORED_PATH to the socket of one, as scripts/real-xenstored does\n"

    /// Runs the program with a world file there, and a path for the xenstored.
    private func run(_ line: String, store: String?) throws -> ProgramRun {
        let sandbox = try Sandbox.builtIn()
        let before = try sandbox.world()
        let run = try sandbox.run(
            Program.pvusb(), line.split(separator: " ").map(String.init),
            environment: store.map { ["XENSTORED_PATH": $0] } ?? [:])
        #expect(try sandbox.world() == before)
        return run
    }

    static let lines = [
        "simulate world.json", "simulate world.json --dry-run", "devices --usb world.json",
        "attach pv1 1-1 --usb world.json",
    ]

    @Test(arguments: lines, [nil, ""])
    func `without a xenstored of its own nothing is played`(line: String, store: String?) throws {
        #expect(
            try run(line, store: store)
                == .bad(
                    8,
                    "pvusb: XENSTORED_PATH names no xenstored; a simulated USB side needs a "
                        + "xenstored of its own\n" + Self.remedy))
    }

    @Test(arguments: lines, ["/run/xenstored/socket", "/dev/xen/xenbus"])
    func `the host's own xenstored is refused`(line: String, store: String) throws {
        #expect(
            try run(line, store: store)
                == .bad(
                    8,
                    "pvusb: \(store) is the xenstored of this host, whose guests are real; "
                        + "a simulated USB side needs a xenstored of its own\n" + Self.remedy))
    }

    @Test(arguments: lines)
    func `a path where no xenstored is can't be used`(line: String) throws {
        #expect(
            try run(line, store: "/nowhere/socket")
                == .bad(1, "pvusb: there is no xenstored at /nowhere/socket\n"))
    }

    @Test func `the locks are where PVUSB_RUNDIR says`() throws {
        let sandbox = try Sandbox.builtIn()
        let run = try sandbox.run(
            Program.pvusb(), ["devices", "--usb", "world.json"],
            environment: ["XENSTORED_PATH": "/dev/null", "PVUSB_RUNDIR": "/dev/null/locks"])
        #expect(
            run
                == .bad(
                    1,
                    "pvusb: the world file world.json can't be used: the lock directory "
                        + "/dev/null/locks cannot be used: ENOTDIR\n"))
    }

    @Test(arguments: [
        "devices --usb world.json --sandbox world.json", "devices --usb world.json --sysfs /sys",
        "simulate world.json --sandbox world.json", "simulate world.json --usb world.json",
        "--sysfs /sys simulate world.json", "simulate",
    ])
    func `two worlds at once are a usage error, and so is none`(line: String) throws {
        let run = try run(line, store: nil)
        #expect(run.code == 2)
        #expect(run.output == "")
    }

    @Test func `an empty word is no world file`() throws {
        let sandbox = try Sandbox(nil)
        #expect(try sandbox.bare("devices", "--usb", "").code == 2)
        #expect(try sandbox.bare("simulate", "").code == 2)
    }
}
