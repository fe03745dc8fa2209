import Testing

struct ShowTests {
    private static let stick =
        "0781:5567 SanDisk Cruzer Blade, serial 4C530001230808117371, 480 Mbit/s, address 1.6"

    @Test func `a device that a guest has is shown from end to end`() throws {
        let sandbox = try Sandbox.with("1-3.2")
        let layers = """
            state     assigned  pv1 0:1
            host      ok        \(Self.stick)
            drivers   ok        1-3.2:1.0 usbback
            record    ok        attached at 0:1 of pv1; drivers: 1-3.2:1.0 usb-storage
            notes     ok        1-3.2:1.0 usb-storage
            port      ok        0:1 of pv1
            backend   ok        connected
            frontend  ok        connected

            """
        #expect(try sandbox.pvusb("show", "1-3.2") == .good(layers))
        #expect(try sandbox.pvusb("show", "pv1", "0:1") == .good(layers))
        #expect(try sandbox.pvusb("show", "0781:5567") == .good(layers))
    }

    @Test func `the host's own device has little to show`() throws {
        #expect(
            try Sandbox.builtIn().pvusb("show", "1-3.2")
                == .good(
                    """
                    state    host    usb-storage
                    host     ok      \(Self.stick)
                    drivers  ok      1-3.2:1.0 usb-storage
                    record   ok      none
                    notes    ok      none
                    port     ok      none

                    """))
    }

    @Test func `what is half done says which layer does not fit, and what to type`() throws {
        let sandbox = try StateWorld.detaching.sandbox()
        let run = try sandbox.pvusb("show", "1-3.2")
        #expect(run.output.contains("record    interrupted  detach at 0:1 of pv1; "))
        #expect(run.output.hasSuffix("try: pvusb recover 1-3.2\n"))
    }

    @Test func `a controller is shown with libxl's twelve fields and both ends`() throws {
        let sandbox = try Sandbox.with("1-3.2")
        let fields = """
            controller       0
            domain           pv1
            kind             pv
            usb version      2
            ports            8
            backend          /local/domain/0/backend/vusb/1/0
            backend domain   0
            backend state    connected
            frontend         /local/domain/1/device/vusb/0
            frontend domain  1
            frontend state   connected
            event channel    8
            urb-ring-ref     8
            conn-ring-ref    9
            port 0:1         1-3.2  0781:5567  SanDisk Cruzer Blade

            """
        #expect(try sandbox.pvusb("show", "pv1") == .good(fields))
        #expect(try sandbox.pvusb("show", "pv1", "0") == .good(fields))
        #expect(try sandbox.pvusb("show", "pvh1") == .good(""))
        #expect(try sandbox.pvusb("show", "pv1", "0:2") == .good("port pv1 0:2 is free\n"))
    }

    @Test(arguments: [
        ("show 9-9", 5, "there is no device '9-9'\n  try: pvusb devices\n"),
        ("show nobody", 5, "there is no domain named 'nobody'\n  try: pvusb list\n"),
        ("show pv1 3", 5, "pv1 has no controller 3\n  try: pvusb list pv1\n"),
        ("show pv1 0:9", 5, "pv1 has no port 0:9\n  try: pvusb list pv1\n"),
    ])
    func `what is not there is said to be so`(line: String, code: Int32, error: String) throws {
        let words = line.split(separator: " ").map(String.init)
        #expect(try Sandbox.withController().pvusb(words) == .bad(code, "pvusb: \(error)"))
    }

    @Test func `values that make no sense are warned of, hide nothing and can be removed`() throws {
        let sandbox = try Sandbox.withController()
        try sandbox.edit { world in
            world["store"].write("/local/domain/0/backend/vusb/1/0/port/3", "../../etc")
            world["store"].write("/libxl/1/device/vusb/0/num-ports", "999999")
        }
        let warnings = """
            pvusb: warning: /libxl/1/device/vusb/0/num-ports holds '999999', which is no number \
            from 1 to 31
            pvusb: warning: /local/domain/0/backend/vusb/1/0/port/3 holds '../../etc', which is no \
            device

            """
        let list = try sandbox.pvusb("list")
        #expect(list.errors == warnings)
        #expect(list.output.contains("connected  7 of 8 ports free"))
        #expect(list.output.contains("0:3                          no device: '../../etc'"))
        #expect(try sandbox.pvusb("attach", "pv1", "1-1").output == "1-1 in pv1 at 0:1\n")
        #expect(
            try sandbox.pvusb("show", "pv1", "0:3").output
                == "port pv1 0:3 holds no device: '../../etc'\n")
        #expect(
            try sandbox.pvusb("controller", "remove", "pv1", "0")
                == .bad(
                    9,
                    "pvusb: port 0:3 of pv1 holds something that is no device\n"
                        + "  try: pvusb controller remove pv1 0 --force\n"))
        let forced = try sandbox.pvusb("controller", "remove", "pv1", "0", "--force")
        #expect(forced == .good("1-1 with its host drivers\nno controller 0 in pv1\n"))
        #expect(try sandbox.pvusb("list") == .good(""))
    }
}
