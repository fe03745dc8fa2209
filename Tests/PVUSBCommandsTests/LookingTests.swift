import Foundation
import TestSupport
import Testing

struct LookingTests {
    private static let devices = """
        usb1    1d6b:0002  Linux 6.1 xhci-hcd xHCI Host Controller    hub    hub
        1-1     046d:c31c  Logitech USB Keyboard                      host   usbhid
        1-2     046d:c31c  Logitech USB Keyboard                      host   usbhid
        1-3     05e3:0608  Genesys Logic USB2.0 Hub                   hub    hub
        1-3.1   0403:6001  FTDI FT232R USB UART                       host   ftdi_sio
        1-3.2   0781:5567  SanDisk Cruzer Blade                       host   usb-storage
        1-4     0d8c:0014  C-Media Electronics Inc. USB Audio Device  host   snd-usb-audio
        usb2    1d6b:0003  Linux 6.1 xhci-hcd xHCI Host Controller    hub    hub
        2-1     1058:25a2  Western Digital Elements 25A2              host   usb-storage

        """

    private static let header =
        "BUS ID  ID         DEVICE                                     STATE  WHERE\n"

    @Test func `devices is a line a device, without a header in a pipe`() throws {
        #expect(try Sandbox.builtIn().pvusb("devices") == .good(Self.devices))
    }

    @Test func `devices has a header on a terminal, and columns that stand alike`() throws {
        let output = try Terminal.output(of: ["devices"], in: try .builtIn())
        #expect(output == Self.header + Self.devices)
    }

    @Test func `devices shows which guest has a device`() throws {
        let run = try Sandbox.with("1-3.2").pvusb("devices")
        #expect(
            run
                == .good(
                    """
                    usb1    1d6b:0002  Linux 6.1 xhci-hcd xHCI Host Controller    hub       hub
                    1-1     046d:c31c  Logitech USB Keyboard                      host      usbhid
                    1-2     046d:c31c  Logitech USB Keyboard                      host      usbhid
                    1-3     05e3:0608  Genesys Logic USB2.0 Hub                   hub       hub
                    1-3.1   0403:6001  FTDI FT232R USB UART                       host      ftdi_sio
                    1-3.2   0781:5567  SanDisk Cruzer Blade                       assigned  pv1 0:1
                    1-4     0d8c:0014  C-Media Electronics Inc. USB Audio Device  host      \
                    snd-usb-audio
                    usb2    1d6b:0003  Linux 6.1 xhci-hcd xHCI Host Controller    hub       hub
                    2-1     1058:25a2  Western Digital Elements 25A2              host      \
                    usb-storage

                    """))
    }

    private static let list = """
        pv1     0      pv, USB 2  connected  7 of 8 ports free
        pv1     0:1                          1-3.2  0781:5567  SanDisk Cruzer Blade

        """

    @Test func `list is a line a controller and a line an occupied port`() throws {
        let sandbox = try Sandbox.with("1-3.2")
        #expect(try sandbox.pvusb("list") == .good(Self.list))
        #expect(try sandbox.pvusb("list", "pv1") == .good(Self.list))
        #expect(try sandbox.pvusb("list", "1") == .good(Self.list))
        #expect(try sandbox.pvusb("list", "win10") == .good(""))
    }

    @Test func `list has a header on a terminal`() throws {
        let output = try Terminal.output(of: ["list"], in: try .with("1-3.2"))
        #expect(output == "DOMAIN  PLACE  KIND       STATE      HOLDS\n" + Self.list)
    }

    @Test func `list of several domains is in their order`() throws {
        let sandbox = try Sandbox.with("1-3.2")
        _ = try sandbox.pvusb("controller", "add", "win10", "--version", "1", "--ports", "2")
        _ = try sandbox.pvusb("controller", "add", "pv1", "--ports", "31")
        _ = try sandbox.pvusb("attach", "win10", "1-1", "--at", "0:2")
        #expect(
            try sandbox.pvusb("list")
                == .good(
                    """
                    pv1     0      pv, USB 2           connected  7 of 8 ports free
                    pv1     0:1                                   \
                    1-3.2  0781:5567  SanDisk Cruzer Blade
                    pv1     1      pv, USB 2           connected  31 of 31 ports free
                    win10   0      devicemodel, USB 1  emulated   1 of 2 ports free
                    win10   0:2                                   \
                    1-1  046d:c31c  Logitech USB Keyboard

                    """))
    }

    @Test func `a tree shows every port`() throws {
        let sandbox = try Sandbox.with("1-3.2")
        _ = try sandbox.pvusb("controller", "add", "win10", "--version", "1", "--ports", "2")
        #expect(
            try sandbox.pvusb("list", "--tree")
                == .good(
                    """
                    pv1 (domain 1)
                      controller 0: pv, USB 2, connected
                        0:1  1-3.2  0781:5567  SanDisk Cruzer Blade
                        0:2  -
                        0:3  -
                        0:4  -
                        0:5  -
                        0:6  -
                        0:7  -
                        0:8  -
                    win10 (domain 3)
                      controller 0: devicemodel, USB 1, emulated
                        0:1  -
                        0:2  -

                    """))
    }

    @Test func `list shows a port whose device is not settled`() throws {
        let run = try StateWorld.detaching.sandbox().pvusb("list", "pv1")
        #expect(
            run
                == .good(
                    """
                    pv1     0      pv, USB 2  connected  7 of 8 ports free
                    pv1     0:1                          1-3.2  0781:5567  \
                    SanDisk Cruzer Blade  detaching

                    """))
    }

    // MARK: - Options

    @Test func `a world is named before or after the command, or by the environment`() throws {
        let sandbox = try Sandbox.builtIn()
        let expected = try sandbox.pvusb("devices")
        #expect(try sandbox.bare("devices", "--sandbox", Sandbox.file) == expected)
        #expect(try sandbox.bare("--sandbox", Sandbox.file, "devices") == expected)
        #expect(try sandbox.pvusb("devices", "--sandbox", "none.json").code == 1)
    }

    @Test func `an empty PVUSB_SANDBOX is none`() throws {
        let sandbox = try Sandbox.builtIn()
        let run = try sandbox.run(
            Program.pvusb(), ["list", "--sysfs", "nowhere"], environment: ["PVUSB_SANDBOX": ""])
        #expect(run.errors.hasPrefix("pvusb: nowhere/bus/usb/devices can't be listed (ENOENT)\n"))
    }

    @Test func `--quiet prints no data`() throws {
        let sandbox = try Sandbox.with("1-3.2")
        for words in [
            ["devices"], ["list", "--tree"], ["detach", "1-3.2"], ["devices", "--json"],
        ] {
            #expect(try sandbox.pvusb(words + ["--quiet"]) == .good(""))
        }
        #expect(try sandbox.pvusb("attach", "pv1", "9-9", "-q").errors.isEmpty == false)
    }

    @Test(arguments: [["devices"], ["list", "--json"], ["attach", "pv1", "1-1", "--dry-run"]])
    func `data that can't be written is a failure`(words: [String]) throws {
        let sandbox = try Sandbox.withController()
        let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
        let process = try Program.start(
            try Program.pvusb(), words, in: sandbox.directory.path,
            environment: ["PVUSB_SANDBOX": Sandbox.file], output: full,
            errors: FileHandle.nullDevice)
        process.waitUntilExit()
        #expect(process.terminationStatus == 1)
    }

    @Test func `the version is one line`() throws {
        #expect(try Sandbox(nil).bare("--version") == .good("0.1.0\n"))
    }

    @Test(arguments: [
        ["--help"], ["-h"], ["help"], ["attach", "--help"], ["controller", "add", "--help"],
        ["sandbox", "new", "-h"],
    ])
    func `help is an answer`(words: [String]) throws {
        let run = try Sandbox(nil).run(Program.pvusb(), words, environment: [:])
        #expect(run.code == 0)
        #expect(run.errors == "")
        #expect(run.output.hasPrefix("OVERVIEW: "))
        #expect(run.output.contains("\nUSAGE: pvusb "))
    }
}
