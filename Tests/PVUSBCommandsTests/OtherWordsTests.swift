import Testing

/// Words beside the usual ones: a command's other name, and combinations that can't be.
struct OtherWordsTests {
    @Test(arguments: [[], ["pv1"], ["win10"], ["--tree"], ["--json"], ["9"]])
    func `controller list is list`(words: [String]) throws {
        let sandbox = try Sandbox.with("1-3.2")
        #expect(
            try sandbox.pvusb(["controller", "list"] + words) == sandbox.pvusb(["list"] + words))
    }

    @Test(arguments: [
        WrongWords(
            "detach pv1 0:1 1-1", 2,
            WrongWords.unparsed(
                "Error: one device, or a domain and a place, not 3 words",
                "pvusb detach <device>\n              pvusb detach <domain> <place>",
                of: "pvusb detach")),
        WrongWords(
            "devices --sysfs /sys", 2,
            WrongWords.unparsed(
                "Error: --sandbox has its own sysfs: --sysfs does not go with it",
                WrongWords.rootUsage, of: "pvusb")),
    ])
    func `words that do not go together are a usage error`(_ row: WrongWords) throws {
        let sandbox = try Sandbox.with("1-3.2")
        let before = try sandbox.world()
        let run = try sandbox.bare(row.words + ["--sandbox", Sandbox.file])
        #expect(run == .bad(row.code, row.errors))
        #expect(try sandbox.world() == before)
    }

    @Test func `a device that can't be read is a line with the reason`() throws {
        let sandbox = try Sandbox.builtIn()
        try sandbox.edit { world in
            world["usb"].device("1-1") { $0["attributes"]["busnum"] = "many" }
        }
        let lines = try sandbox.pvusb("devices").output.split(separator: "\n")
        #expect(lines.count == 9)
        #expect(lines.contains { $0.hasPrefix("1-1 ") && $0.contains(" unreadable  ") })
    }
}
