import Testing

/// Texts that come from devices and guests, and would steer a terminal if they were sent to it.
struct HostileTextTests {
    private static let product = "Stick\u{1b}[2J\u{9b}31m\u{202e}gnp.\u{7}\n9-9 host"
    private static let shown =
        "SanDisk Stick\\u{1b}[2J\\u{9b}31m\\u{202e}gnp.\\u{7}\\u{a}9-9 host"

    private func sandbox() throws -> Sandbox {
        let sandbox = try Sandbox.with("1-3.2")
        try sandbox.edit { world in
            world["usb"].device("1-3.2") { $0["attributes"]["product"] = .text(Self.product) }
        }
        return sandbox
    }

    private func isHarmless(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            switch scalar.value {
            case 0x0a: true
            case 0..<0x20, 0x7f...0x9f, 0x202a...0x202e: false
            default: true
            }
        }
    }

    @Test func `a product's name is shown with its controls as digits`() throws {
        let sandbox = try sandbox()
        let output = try sandbox.pvusb("devices").output
        #expect(isHarmless(output))
        #expect(output.split(separator: "\n").count == 9)
        let list = try sandbox.pvusb("list").output
        #expect(
            list == """
                pv1     0      pv, USB 2  connected  7 of 8 ports free
                pv1     0:1                          1-3.2  0781:5567  \(Self.shown)

                """)
        #expect(try sandbox.pvusb("list", "--tree").output.contains("  \(Self.shown)\n"))
    }

    @Test func `an escape is never cut in two`() throws {
        let name = String(repeating: "x", count: 49) + "\u{1b}[1m more than there is room for"
        let sandbox = try Sandbox.builtIn()
        try sandbox.edit { world in
            world["usb"].device("1-3.2") { $0["attributes"]["product"] = .text(name) }
        }
        let line = try sandbox.pvusb("devices").output.split(separator: "\n")[5]
        #expect(line.contains("\(String(repeating: "x", count: 49))\\u{1b}[…  host"))
    }

    @Test func `the JSON has the name as the device tells it`() throws {
        let text = try sandbox().pvusb("devices", "--json").output
        // A program reads it, but a person may look at it.
        #expect(isHarmless(text.replacing("\u{9b}", with: "").replacing("\u{202e}", with: "")))
        let devices = try JSONValue(text)["devices"].elements
        let stick = try #require(devices.first { $0["busId"] == "1-3.2" })
        #expect(stick["product"] == .text(Self.product))
    }

    @Test func `a domain's name is shown with its controls as digits`() throws {
        let sandbox = try Sandbox.with("1-3.2")
        try sandbox.edit { $0["store"].write("/local/domain/1/name", "evil\u{1b}[2J\nroot") }
        let shown = "evil\\u{1b}[2J\\u{a}root"
        for words in [["devices"], ["list"], ["list", "--tree"], ["attach", "1", "1-3.2"]] {
            let output = try sandbox.pvusb(words).output
            #expect(isHarmless(output))
            #expect(output.contains(shown))
        }
        let run = try sandbox.pvusb("attach", "1", "1-1", "--at", "7:1")
        #expect(
            run
                == .bad(
                    5,
                    "pvusb: \(shown) has no controller 7\n"
                        // A name with spaces in it is no word to type.
                        + "  try: pvusb list 1\n"))
    }

    @Test func `what a port holds that is no device is shown with its controls as digits`() throws {
        let sandbox = try Sandbox.withController()
        try sandbox.edit {
            $0["store"].write("/local/domain/0/backend/vusb/1/0/port/2", "../x\u{1b}[1m")
        }
        #expect(
            try sandbox.pvusb("list", "--quiet") == .good(""))
        let list = try sandbox.pvusb("list")
        #expect(
            list.errors
                == "pvusb: warning: /local/domain/0/backend/vusb/1/0/port/2 holds "
                + "'../x\\u{1b}[1m', which is no device\n")
        #expect(
            ProgramRun(code: list.code, output: list.output, errors: "")
                == .good(
                    """
                    pv1     0      pv, USB 2  connected  7 of 8 ports free
                    pv1     0:2                          no device: '../x\\u{1b}[1m'

                    """))
        #expect(
            try sandbox.pvusb("attach", "pv1", "1-1", "--at", "0:2")
                == .bad(
                    9,
                    "pvusb: port 0:2 of pv1 holds something that is no device\n"
                        + "  try: pvusb list pv1\n"))
    }

    @Test func `the words of the command come back harmless`() throws {
        let run = try Sandbox.builtIn().pvusb("attach", "no\u{1b}[2Jbody", "1-1")
        #expect(
            run
                == .bad(
                    5,
                    "pvusb: there is no domain named 'no\\u{1b}[2Jbody'\n  try: pvusb list\n"))
    }
}
