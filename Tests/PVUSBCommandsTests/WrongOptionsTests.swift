import Testing

struct WrongOptionsTests {
    private func check(_ row: WrongWords) throws {
        let sandbox = try Sandbox.withController()
        let before = try sandbox.world()
        let run = try sandbox.pvusb(row.words)
        #expect(run == .bad(row.code, row.errors))
        #expect(try sandbox.world() == before)
    }

    @Test(arguments: [
        WrongWords(
            "attack pv1 1-1", 2,
            WrongWords.unparsed(
                "Error: 3 unexpected arguments: 'attack', 'pv1', '1-1'", WrongWords.rootUsage,
                of: "pvusb")),
        WrongWords(
            "attack", 2,
            WrongWords.unparsed(
                "Error: Unexpected argument 'attack'", WrongWords.rootUsage, of: "pvusb")),
        WrongWords(
            "devices --frobnicate", 2,
            WrongWords.unparsed(
                "Error: Unknown option '--frobnicate'", "pvusb devices GLOBALS",
                of: "pvusb devices")),
        WrongWords(
            "attach pv1", 2,
            WrongWords.unparsed(
                "Error: Missing expected argument '<device>'\nHelp:  <device>  The device: "
                    + "3-1.2, 046d:c52b, 046d:c52b@SERIAL or 3.7.", WrongWords.attachUsage,
                of: "pvusb attach")),
        WrongWords(
            "devices --exit-code", 2,
            WrongWords.unparsed(
                "Error: --exit-code goes with --dry-run", WrongWords.rootUsage, of: "pvusb")),
        WrongWords(
            "attach pv1 1-1 --exit-code", 2,
            WrongWords.unparsed(
                "Error: --exit-code goes with --dry-run", WrongWords.rootUsage, of: "pvusb")),
    ])
    func `words that can't be parsed are a usage error`(_ row: WrongWords) throws {
        try check(row)
    }

    @Test(arguments: [
        "0",  // no time at all
        "3601",  // more than an hour
        "x",  // not a number
        "1.5",  // not a whole number
        "+5",  // a sign
        "-1",  // a sign
        "",  // an empty word
        "99999999999999999999",  // wraps any integer
    ])
    func `a time-out that is none names the range`(word: String) throws {
        try check(
            WrongWords(
                ["attach", "pv1", "1-1", "--timeout", word], 2,
                WrongWords.unparsed(
                    "Error: The value '\(word)' is invalid for '--timeout <seconds>': '\(word)' "
                        + "is no time-out: it is a number from 1 to 3600\n"
                        + "Help:  --timeout <seconds>  How long each wait may take, 1 to 3600.",
                    WrongWords.rootUsage, of: "pvusb")))
    }

    @Test(arguments: ["08", "1", "3600"])
    func `a time-out is decimal`(word: String) throws {
        let run = try Sandbox.withController().pvusb("attach", "pv1", "1-1", "--timeout", word)
        #expect(run == .good("1-1 in pv1 at 0:1\n"))
    }

    @Test func `a time-out of 08 is eight seconds`() throws {
        let sandbox = try Sandbox.builtIn()
        try sandbox.edit { $0["domains"] = $0["domains"].withoutFrontends }
        _ = try sandbox.pvusb("controller", "add", "pv1")
        let run = try sandbox.pvusb("attach", "pv1", "1-1", "--timeout", "08")
        #expect(run.errors.contains("after 8 s"))
    }

    @Test(arguments: [
        ("--version 4", "'4' is no USB version: it is from 1 to 3"),
        ("--version 0", "'0' is no USB version: it is from 1 to 3"),
        ("--version 257", "'257' is no USB version: it is from 1 to 3"),  // 1, if it wrapped
        ("--version 2.0", "'2.0' is no USB version: it is from 1 to 3"),
        ("--version=-1", "'-1' is no USB version: it is from 1 to 3"),
        ("--version -1", "'-1' is no USB version: it is from 1 to 3"),
        ("--version 3", "'3' is no USB version of kind pv: it is from 1 to 2"),
        ("--kind pv --version 3", "'3' is no USB version of kind pv: it is from 1 to 2"),
        ("--kind qusb --version 3", "'3' is no USB version of kind qusb: it is from 1 to 2"),
        (
            "--kind devicemodel --version 1 --ports 3",
            "'3' is no number of ports of kind devicemodel, version 1: it is 2"
        ),
        (
            "--kind devicemodel --ports 8",
            "'8' is no number of ports of kind devicemodel, version 2: it is 6"
        ),
        (
            "--kind devicemodel --version 3 --ports 16",
            "'16' is no number of ports of kind devicemodel, version 3: it is from 1 to 15"
        ),
        ("--ports 0", "'0' is no number of ports: it is from 1 to 31"),
        ("--ports 32", "'32' is no number of ports: it is from 1 to 31"),
        ("--ports 264", "'264' is no number of ports: it is from 1 to 31"),  // 8, if it wrapped
        ("--ports x", "'x' is no number of ports: it is from 1 to 31"),
        ("--ports -1", "'-1' is no number of ports: it is from 1 to 31"),
        ("--kind foo", "'foo' is no kind: it is auto, pv, qusb or devicemodel"),
        ("--kind PV", "'PV' is no kind: it is auto, pv, qusb or devicemodel"),
    ])
    func `a controller that can't be is a usage error`(options: String, problem: String) throws {
        try check(WrongWords("controller add pv1 \(options)", 2, "pvusb: \(problem)\n"))
    }

    @Test(arguments: [("qusb", "it has no QEMU"), ("devicemodel", "it is no HVM guest")])
    func `a kind that can't work in the guest is refused`(kind: String, reason: String) throws {
        try check(
            WrongWords(
                "controller add pv1 --kind \(kind)", 8,
                "pvusb: a controller of kind \(kind) can't work in pv1: \(reason)\n"
                    + "  try: pvusb controller add pv1\n"))
    }

    @Test(arguments: [
        "attach pv1 --json",  // a word too few
        "attach pv1 1-1 1-2 --json",  // a word too many
        "--json devices --frobnicate",  // an unknown option
        "--json attack pv1 1-1",  // an unknown command
        "recover --timeout 0 --json",  // out of range
        "recover --json --exit-code",  // without --dry-run
    ])
    func `with --json a program can read any usage error`(line: String) throws {
        let run = try Sandbox.withController().pvusb(line.split(separator: " ").map(String.init))
        #expect(run.code == 2)
        #expect(run.output == "")
        let error = try JSONValue(run.errors)
        #expect(try JSONSchema(kind: "Error").problems(of: error) == [])
        #expect(error["code"] == "usage")
        #expect(error["exitCode"] == 2)
    }

    @Test func `a guest without the driver is named, and what to check`() throws {
        let sandbox = try Sandbox.builtIn()
        try sandbox.edit { $0["domains"] = $0["domains"].withoutFrontends }
        _ = try sandbox.pvusb("controller", "add", "pv1")
        let before = try sandbox.world()
        #expect(
            try sandbox.pvusb("attach", "pv1", "1-1", "--timeout", "1")
                == .bad(
                    1,
                    "pvusb: controller 0 of pv1 is waiting, not connected, after 1 s; "
                        + "1-1 is with its host drivers now\n"
                        + "  try: check that usbback is loaded and the guest has the driver "
                        + "xen-hcd\n"))
        #expect(try sandbox.world() == before)
    }
}
