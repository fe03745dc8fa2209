import Foundation
import TestSupport
import Testing

struct WorldFileTests {
    private static func unusable(_ reason: String, _ remedy: String = "") -> String {
        "pvusb: the world file world.json can't be used: \(reason)\n\(remedy)"
    }

    private static let makeNew = "  try: make a new one: pvusb sandbox new FILE\n"

    @Test(arguments: [
        ("", unusable("it is empty", makeNew)),
        (#"{"kind":"World","#, unusable("it is no whole JSON document (16 bytes)", makeNew)),
        ("no JSON at all", unusable("it is no whole JSON document (14 bytes)", makeNew)),
        ("{}", unusable(#"it is JSON, but no world: its "kind" is not "World""#)),
        (
            #"{"kind":"DeviceList","schemaVersion":1}"#,
            unusable(#"it is JSON, but no world: its "kind" is not "World""#)
        ),
        (
            #"{"kind":"World","schemaVersion":2}"#,
            unusable(
                "its schemaVersion is 2, this pvusb reads 1", "  try: use a newer pvusb\n")
        ),
        (
            #"{"kind":"World","schemaVersion":1}"#,
            unusable("a part is missing or of the wrong type: domains")
        ),
    ])
    func `a file that is no world is refused and kept`(text: String, errors: String) throws {
        let sandbox = try Sandbox(Array(text.utf8))
        for words in [["devices"], ["list"], ["attach", "pv1", "1-1"], ["recover"]] {
            #expect(try sandbox.pvusb(words) == .bad(1, errors))
        }
        #expect(try sandbox.world() == Array(text.utf8))
    }

    @Test(arguments: [1, 2, 100, 10_000])
    func `a world that was cut off is refused and kept`(missing: Int) throws {
        let sandbox = try Sandbox.withController()
        // The final newline may be missing.
        let cut = Array(try sandbox.world().dropLast(missing + 1))
        try sandbox.write(cut)
        let reason = "it is no whole JSON document (\(cut.count) bytes)"
        #expect(try sandbox.pvusb("devices") == .bad(1, Self.unusable(reason, Self.makeNew)))
        #expect(try sandbox.pvusb("recover") == .bad(1, Self.unusable(reason, Self.makeNew)))
        #expect(try sandbox.world() == cut)
    }

    @Test func `a world of a version that never was is refused`() throws {
        let sandbox = try Sandbox.builtIn()
        try sandbox.edit { $0["schemaVersion"] = 0 }
        #expect(
            try sandbox.pvusb("devices")
                == .bad(1, Self.unusable("its schemaVersion is 0, this pvusb reads 1")))
    }

    @Test func `a world file that is not there is not made`() throws {
        let sandbox = try Sandbox(nil)
        let errors = Self.unusable(
            "it does not exist", "  try: make it: pvusb sandbox new FILE\n")
        #expect(try sandbox.pvusb("devices") == .bad(1, errors))
        #expect(try sandbox.pvusb("attach", "pv1", "1-1") == .bad(1, errors))
        #expect(try files(of: sandbox) == [])
    }

    @Test func `an empty word is no world file`() throws {
        let sandbox = try Sandbox(nil)
        #expect(try sandbox.bare("devices", "--sandbox", "").code == 2)
        #expect(try sandbox.bare("sandbox", "new", "").code == 2)
        #expect(try files(of: sandbox) == [])
    }

    // MARK: - sandbox new

    @Test func `a new world is the built-in one`() throws {
        let sandbox = try Sandbox(nil)
        let run = try sandbox.bare("sandbox", "new", "world.json")
        #expect(run == .bad(0, "world.json: a world with the guests pv1, pvh1 and win10\n"))
        #expect(try sandbox.world() == Sandbox.builtIn().world())
        #expect(try sandbox.bare("sandbox", "new", "quiet.json", "--quiet") == .good(""))
    }

    @Test func `an existing file is never written over`() throws {
        let sandbox = try Sandbox(Array("precious".utf8))
        #expect(
            try sandbox.bare("sandbox", "new", "world.json")
                == .bad(
                    1,
                    Self.unusable(
                        "it exists already", "  try: name another file, or remove it\n")))
        #expect(try sandbox.world() == Array("precious".utf8))
    }

    @Test func `a dry run makes no world`() throws {
        let sandbox = try Sandbox(nil)
        let run = try sandbox.bare("sandbox", "new", "world.json", "--dry-run", "--exit-code")
        #expect(run.code == 11)
        #expect(try files(of: sandbox) == [])
    }

    @Test func `a folder that is missing is said to be missing`() throws {
        let run = try Sandbox(nil).bare("sandbox", "new", "nowhere/world.json")
        #expect(
            run
                == .bad(
                    1,
                    "pvusb: the world file nowhere/world.json can't be used: "
                        + "its folder does not exist\n"))
    }

    @Test func `a tree without USB devices is named, and not the world`() throws {
        let run = try Sandbox(nil).bare("sandbox", "new", "world.json", "--sysfs", "nowhere")
        #expect(
            run
                == .bad(
                    1,
                    "pvusb: nowhere/bus/usb/devices can't be listed (ENOENT)\n"
                        + "  try: name the tree's sys folder with --sysfs\n"))
    }

    private func files(of sandbox: Sandbox) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: sandbox.directory.path).sorted()
    }
}
