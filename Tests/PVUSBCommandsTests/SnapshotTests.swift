import TestSupport
import Testing

struct SnapshotTests {
    @Test func `a snapshot of a world is the world again, byte for byte`() throws {
        let sandbox = try Sandbox.with("1-3.2")
        let before = try sandbox.world()
        #expect(try sandbox.pvusb("snapshot") == .good(String(decoding: before, as: UTF8.self)))
        #expect(try sandbox.world() == before)
    }

    @Test func `a redacted snapshot tells no serial number, and can be used`() throws {
        let sandbox = try Sandbox.with("1-3.2")
        let run = try sandbox.pvusb("snapshot", "--redact")
        #expect(run.code == 0)
        #expect(!run.output.contains("4C530001230808117371"))
        #expect(run.output.contains(#""serial" : "REDACTED-"#))
        let copy = try Sandbox(Array(run.output.utf8))
        #expect(try copy.pvusb("show", "1-3.2").output.hasPrefix("state     assigned  pv1 0:1\n"))
        #expect(try copy.pvusb("detach", "1-3.2") == .good("1-3.2 with its host drivers\n"))
    }

    @Test func `a copy of sysfs alone is no host that a snapshot can be made of`() throws {
        #expect(
            try Sandbox(nil).bare("snapshot", "--sysfs", try CapturedHost.sysfs())
                == .bad(
                    1,
                    "pvusb: there is no xenstored to read\n"
                        + "  try: run pvusb in domain 0; for the devices alone: pvusb sandbox "
                        + "new FILE --sysfs /sys\n"))
    }
}
