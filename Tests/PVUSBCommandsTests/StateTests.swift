import Testing

struct StateTests {
    @Test(arguments: StateWorld.all)
    func `devices tells each state, and what to type next`(_ world: StateWorld) throws {
        let run = try world.sandbox().pvusb("devices")
        let lines = run.output.split(separator: "\n").filter { $0.hasPrefix("\(world.device) ") }
        #expect(lines.count == 1)
        let words = world.line.split(separator: " ")
        let found = lines.first?.split(separator: " ") ?? []
        #expect(Array(found.suffix(words.count)) == words)
        #expect(run.code == 0)
        #expect(run.errors == "")
    }

    @Test(arguments: StateWorld.all)
    func `the JSON names the state, and a remedy where devices does`(
        _ world: StateWorld
    ) throws {
        let run = try world.sandbox().pvusb("devices", "--json")
        let devices = try JSONValue(run.output)["devices"].elements
        let device = try #require(devices.first { $0["busId"] == .text(world.device) })
        #expect(device["state"] == .text(world.state))
        let remedy = "pvusb recover \(world.device)"
        let remedies = device["conditions"].elements.map { $0["remedy"] }
        #expect(remedies == (world.line.hasSuffix(remedy) ? [.text(remedy)] : []))
        let isPending = world.line.contains("interrupted")
        #expect(device["pending"]["remedy"] == (isPending ? .text(remedy) : nil))
    }

    @Test(arguments: StateWorld.all)
    func `looking changes nothing in any state`(_ world: StateWorld) throws {
        let sandbox = try world.sandbox()
        // What the backends do by themselves is done by the first command.
        _ = try sandbox.pvusb("devices")
        let before = try sandbox.world()
        for words in [
            ["devices"], ["list"], ["list", "pv1", "--tree"], ["devices", "--json"],
            ["recover", "--dry-run"], ["detach", world.device, "--dry-run"],
            ["attach", "pv1", world.device, "--dry-run"],
        ] {
            _ = try sandbox.pvusb(words)
        }
        #expect(try sandbox.world() == before)
    }

    /// The last line of `recover DEVICE`, and the state in which the device is then.
    @Test(arguments: [
        (StateWorld.host, "1-4 with its host drivers: already so", "host"),
        (.unbound, "1-4 with its host drivers", "host"),
        (.captured, "1-4 with its host drivers", "host"),
        (.mixed, "1-4 with its host drivers", "host"),
        (.assigned, "1-3.2 in pv1 at 0:1: already so", "assigned"),
        (.foreign, "1-3.2 in pv1 at 0:1: already so", "assigned"),
        (.uncaptured, "1-3.2 with its host drivers", "host"),
        (.replaced, "1-3.2 with its host drivers", "host"),
        (.cleared, "1-3.2 with its host drivers", "host"),
        (.attaching, "1-3.2 in pv1 at 0:1", "assigned"),
        (.detaching, "1-3.2 with its host drivers", "host"),
        (.parked, "1-3.2 with its host drivers", "host"),
    ])
    func `recover ends each state and says where the device is`(
        _ world: StateWorld, line: String, state: String
    ) throws {
        let sandbox = try world.sandbox()
        let run = try sandbox.pvusb("recover", world.device)
        #expect(run == .good("\(line)\n"))
        #expect(try sandbox.state(of: world.device) == state)
        #expect(try sandbox.pvusb("recover", "--dry-run") == .good("nothing to do\n"))
    }

    /// Whatever is said of the device, it is not with its host drivers.
    @Test(arguments: [
        (StateWorld.contested, ["recover", "1-3.2"]),  // the other port has it
        (.absent, ["recover", "1-3.2"]),  // it is not plugged in
        (.absent, ["detach", "1-3.2"]),
        (.unbound, ["detach", "1-4"]),  // it has no driver
        (.assigned, ["recover", "1-3.2"]),  // the guest has it
    ])
    func `a device is not said to be where it is not`(
        _ world: StateWorld, words: [String]
    ) throws {
        let run = try world.sandbox().pvusb(words)
        #expect(!run.output.contains("with its host drivers"))
        #expect(!run.output.isEmpty)
    }

    @Test(arguments: [
        (StateWorld.captured, "usbback has 1-4, but no port does"),
        (.mixed, "some interfaces of 1-4 are with usbback, others are not"),
        (.contested, "2 ports hold 1-3.2"),
        (.detaching, "a detach of 1-3.2 was begun and not finished"),
    ])
    func `an attach does not step over what is half done`(
        _ world: StateWorld, problem: String
    ) throws {
        let sandbox = try world.sandbox()
        _ = try sandbox.pvusb("devices")
        let before = try sandbox.world()
        #expect(
            try sandbox.pvusb("attach", "pv1", world.device)
                == .bad(12, "pvusb: \(problem)\n  try: pvusb recover \(world.device)\n"))
        #expect(try sandbox.world() == before)
    }

    @Test func `a record of a newer pvusb is only read`() throws {
        let sandbox = try Sandbox.with("1-3.2")
        try sandbox.edit { $0["store"].write("/libxl/pvusb/version", "2") }
        #expect(try sandbox.pvusb("devices").code == 0)
        let before = try sandbox.world()
        for words in [["detach", "1-3.2"], ["attach", "pv1", "1-1"]] {
            let run = try sandbox.pvusb(words)
            #expect(run.code != 0)
            #expect(run.errors.contains("newer pvusb; they are only read"))
            #expect(run.errors.hasSuffix("\n  try: use the newer pvusb\n"))
            #expect(try sandbox.world() == before)
        }
    }
}

extension Sandbox {
    /// The state that `devices --json` tells of a device.
    func state(of device: String) throws -> String? {
        let devices = try JSONValue(try pvusb("devices", "--json").output)["devices"].elements
        return devices.first { $0["busId"] == .text(device) }?["state"].string
    }
}
