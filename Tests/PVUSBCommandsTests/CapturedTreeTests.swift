import Foundation
import TestSupport
import Testing

struct CapturedTreeTests {
    @Test(arguments: [
        "attach pv1 1-2", "detach 1-2", "detach pv1 0:1", "recover", "recover 1-2",
        "controller add pv1",
    ])
    func `nothing is changed in a copy of sysfs`(line: String) throws {
        let tree = try CapturedHost.sysfs()
        let words = line.split(separator: " ").map(String.init) + ["--sysfs", tree]
        let sandbox = try Sandbox(nil)
        #expect(
            try sandbox.run(Program.pvusb(), words, environment: [:])
                == .bad(
                    8,
                    "pvusb: \(tree) is not a sysfs; in a copy nothing can be changed\n"
                        + "  try: pvusb sandbox new FILE --sysfs \(tree)\n"))
    }

    @Test func `a copy of sysfs can be looked at`() throws {
        let run = try Sandbox(nil).bare("devices", "--sysfs", try CapturedHost.sysfs())
        #expect(run.code == 0)
        #expect(run.errors == "")
        #expect(run.output.split(separator: "\n").count == 19)
        #expect(
            run.output.contains(
                "\n3-2     46f4:0003  QEMU USB Attached SCSI HBA                            "
                    + "host   uas\n"))
    }

    @Test func `a copy of sysfs has no controllers to list`() throws {
        let run = try Sandbox(nil).bare("list", "--sysfs", try CapturedHost.sysfs())
        #expect(
            run
                == .bad(
                    1,
                    "pvusb: there is no xenstored to ask\n"
                        + "  try: run pvusb in domain 0, or on a world file: --sandbox FILE\n"))
    }

    @Test func `a world is made of a copy of sysfs`() throws {
        let (tree, sandbox) = (try CapturedHost.sysfs(), try Sandbox(nil))
        #expect(try sandbox.bare("sandbox", "new", "world.json", "--sysfs", tree).code == 0)
        #expect(try sandbox.pvusb("devices") == sandbox.bare("devices", "--sysfs", tree))
        #expect(
            try sandbox.pvusb("devices", "--json")
                == sandbox.bare("devices", "--json", "--sysfs", tree))
    }

    @Test func `a tree that is not there is named as it was typed`() throws {
        let run = try Sandbox(nil).bare("devices", "--sysfs", "nowhere")
        #expect(
            run
                == .bad(
                    1,
                    "pvusb: nowhere/bus/usb/devices can't be listed (ENOENT)\n"
                        + "  try: load the module usbcore, or name another tree with --sysfs\n"))
    }
}
