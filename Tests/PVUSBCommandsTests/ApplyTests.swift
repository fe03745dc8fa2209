import Foundation
import TestSupport
import Testing

/// A guest gets what its xl.cfg says.
struct ApplyTests {
    private func sandbox(_ config: String) throws -> Sandbox {
        let sandbox = try Sandbox.builtIn()
        let file = URL(fileURLWithPath: sandbox.directory.path("guest.cfg"))
        try Data(config.utf8).write(to: file)
        return sandbox
    }

    private static let config = """
        name = "pv1"
        disk = [ 'phy:/dev/vg/pv1,xvda,w' ]
        usbctrl = [ 'type=pv,version=2,ports=4', 'version=1' ]
        usbdev = [ 'hostbus=1,hostaddr=2', 'hostbus=1,hostaddr=5,controller=1,port=3' ]
        """

    private static let apply = ["apply", "pv1", "--config", "guest.cfg"]

    @Test func `its controllers are made, its devices given, and doing it again changes nothing`()
        throws
    {
        let sandbox = try sandbox(Self.config)
        #expect(
            try sandbox.pvusb(Self.apply)
                == .good(
                    """
                    controller 0 in pv1
                    controller 1 in pv1
                    1-1 in pv1 at 0:1
                    1-3.1 in pv1 at 1:3

                    """))
        let before = try sandbox.world()
        #expect(
            try sandbox.pvusb(Self.apply)
                == .good("1-1 in pv1 at 0:1: already so\n1-3.1 in pv1 at 1:3: already so\n"))
        #expect(try sandbox.world() == before)
    }

    @Test func `a dry run reckons with what its earlier plans would have made`() throws {
        let sandbox = try sandbox(Self.config)
        let before = try sandbox.world()
        let run = try sandbox.pvusb(Self.apply + ["--dry-run"])
        #expect(run.code == 0)
        #expect(run.errors == "")
        #expect(run.output.contains("claim   1-1                    domain 1 port 0:1\n"))
        #expect(run.output.contains("claim   1-3.1                  domain 1 port 1:3\n"))
        #expect(run.output.contains("create  domain 1 controller 1  pv usb1 8 ports\n"))
        #expect(try sandbox.world() == before)
    }

    @Test func `one device that can't be given hides no other`() throws {
        let sandbox = try sandbox("usbdev = [ 'hostbus=1,hostaddr=4', 'hostbus=1,hostaddr=2' ]")
        let run = try sandbox.pvusb(Self.apply)
        #expect(run.code == 10)
        #expect(run.output.contains("1-1 in pv1 at 0:1\n"))
        #expect(run.errors.contains("1-3 is a hub; a hub is never given to a guest"))
    }

    @Test(arguments: [
        (
            "usbctrl = [ 'ports=99' ]", Int32(2),
            "pvusb: guest.cfg, line 1: ports=99 is no number from 1 to 31\n"
        ),
        (
            "usbdev = [ 'hostbus=9,hostaddr=9' ]", 5,
            "pvusb: there is no device '9.9'\n  try: pvusb devices\n"
        ),
    ])
    func `a file that makes no sense, or names what is not there, changes nothing`(
        config: String, code: Int32, message: String
    ) throws {
        let sandbox = try sandbox(config)
        let before = try sandbox.world()
        #expect(try sandbox.pvusb(Self.apply) == .bad(code, message))
        #expect(try sandbox.world() == before)
    }

    @Test func `a controller that is another one than wanted is not touched`() throws {
        let sandbox = try sandbox("usbctrl = [ 'ports=4' ]")
        _ = try sandbox.pvusb("controller", "add", "pv1")
        let before = try sandbox.world()
        #expect(
            try sandbox.pvusb(Self.apply)
                == .bad(
                    8,
                    """
                    pvusb: controller 0 of pv1 is pv, USB 2, with 8 ports, which is not what the file wants
                      try: pvusb controller remove pv1 0

                    """))
        #expect(try sandbox.world() == before)
    }

    @Test func `a file that is not there is told`() throws {
        let sandbox = try Sandbox.builtIn()
        #expect(
            try sandbox.pvusb(Self.apply)
                == .bad(5, "pvusb: guest.cfg can't be read (ENOENT)\n"))
    }
}
