import Testing

/// The check-up of a host.
struct DoctorTests {
    @Test func `a sound host has a line for each thing that was checked`() throws {
        let sandbox = try Sandbox.builtIn()
        #expect(
            try sandbox.pvusb("doctor")
                == .good(
                    """
                    good    devices      9 are plugged in
                    good    xenstore     it answers, and has 3 guests
                    good    usbback      it is loaded
                    good    guest pv1    pv works; not qusb: it has no QEMU; not devicemodel: it is no HVM guest
                    good    guest pvh1   pv works; not qusb: it has no QEMU; not devicemodel: it is no HVM guest
                    good    guest win10  devicemodel, pv, qusb works

                    """))
    }

    @Test func `what is half done is told with the command that ends it, exit code 12`() throws {
        let sandbox = try StateWorld.detaching.sandbox()
        let run = try sandbox.pvusb("doctor")
        #expect(run.code == 12)
        #expect(run.errors == "")
        #expect(
            run.output.contains(
                "unfinished  device 1-3.2  a detach of 1-3.2 was begun and not finished; "
                    + "try: pvusb recover 1-3.2\n"))
        let document = try JSONValue(try sandbox.pvusb("doctor", "--json").output)
        #expect(try JSONSchema(kind: "Checkup").problems(of: document) == [])
        #expect(document["checks"].elements.last?["remedy"] == .text("pvusb recover 1-3.2"))
    }

    @Test func `a host without usbback says which kinds are left, exit code 1`() throws {
        let sandbox = try Sandbox.builtIn()
        try sandbox.edit { world in
            let drivers = world["usb"]["drivers"].elements.filter { $0 != .text("usbback") }
            world["usb"]["drivers"] = .list(drivers)
        }
        let run = try sandbox.pvusb("doctor")
        #expect(run.code == 1)
        #expect(
            run.output.contains(
                "bad     usbback      it is not loaded: no controller of kind pv can work; "
                    + "try: load usbback, or use the kinds qusb and devicemodel\n"))
        #expect(
            run.output.contains(
                "bad     guest pv1    no kind works; not pv: usbback is not loaded on this host; "
                    + "not qusb: it has no QEMU; not devicemodel: it is no HVM guest\n"))
    }

    @Test func `a controller that was asked to go is half done`() throws {
        let sandbox = try Sandbox.withController()
        try sandbox.edit { (world: inout JSONValue) in
            world["store"].write("/local/domain/0/backend/vusb/1/0/online", "0")
        }
        let run = try sandbox.pvusb("doctor")
        #expect(run.code == 12)
        #expect(
            run.output.contains(
                "unfinished  controller 0 of domain 1  it was asked to go, and is still there; "
                    + "try: pvusb recover\n"))
    }
}
