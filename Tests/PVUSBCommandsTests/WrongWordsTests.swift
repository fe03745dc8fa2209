import Testing

/// Each row is tried on the built-in world with a controller in `pv1`.
struct WrongWordsTests {
    private func check(_ row: WrongWords) throws {
        let sandbox = try Sandbox.withController()
        let before = try sandbox.world()
        let run = try sandbox.pvusb(row.words)
        #expect(run == .bad(row.code, row.errors))
        #expect(try sandbox.world() == before)
    }

    @Test(arguments: [
        WrongWords(
            "attach nobody 1-1", 5,
            "pvusb: there is no domain named 'nobody'\n  try: pvusb list\n"),
        WrongWords(
            "attach pv2 1-1", 5,
            "pvusb: there is no domain named 'pv2' (near: pv1, pvh1)\n  try: pvusb list\n"),
        WrongWords("attach 77 1-1", 5, "pvusb: there is no domain 77\n  try: pvusb list\n"),
        WrongWords("list 77", 5, "pvusb: there is no domain 77\n  try: pvusb list\n"),
        WrongWords(
            "list win11", 5,
            "pvusb: there is no domain named 'win11' (near: win10)\n  try: pvusb list\n"),
        WrongWords("controller add 4", 5, "pvusb: there is no domain 4\n  try: pvusb list\n"),
        WrongWords("detach 4 0:1", 5, "pvusb: there is no domain 4\n  try: pvusb list\n"),
        WrongWords(
            "attach 32752 1-1", 2,
            "pvusb: '32752' is no domain: a domain's number is from 0 to 32751\n"),
        WrongWords(
            "attach 65537 1-1", 2,  // 1, if it wrapped
            "pvusb: '65537' is no domain: a domain's number is from 0 to 32751\n"),
        WrongWords(
            ["attach", "", "1-1"], 2,
            "pvusb: an empty word is no domain: write a name or a number from 0 to 32751\n"),
    ])
    func `a domain that is not there is not taken for another`(_ row: WrongWords) throws {
        try check(row)
    }

    private static let hostIsNoTarget =
        "pvusb: domain 0 is the host itself; a device or controller goes to a guest\n"

    @Test(arguments: [
        WrongWords("attach 0 1-1", 8, hostIsNoTarget),
        WrongWords("attach 00 1-1", 8, hostIsNoTarget),
        WrongWords("attach Domain-0 1-1", 8, hostIsNoTarget),
        WrongWords("attach Domain-0 1-1 --dry-run", 8, hostIsNoTarget),
        WrongWords("controller add 0", 8, hostIsNoTarget),
        WrongWords("controller add Domain-0", 8, hostIsNoTarget),
    ])
    func `domain 0 is no guest`(_ row: WrongWords) throws {
        try check(row)
    }

    private static func noDevice(_ word: String, _ near: String = "") -> String {
        "pvusb: there is no device '\(word)'\(near)\n  try: pvusb devices\n"
    }

    @Test(arguments: [
        WrongWords("attach pv1 9-9", 5, noDevice("9-9")),
        WrongWords("attach pv1 1-5", 5, noDevice("1-5", " (near: 1-1, 1-2, 1-3)")),
        WrongWords("detach 1-3.3", 5, noDevice("1-3.3", " (near: 1-3.1, 1-3.2, 1-3)")),
        WrongWords("recover 1-5", 5, noDevice("1-5", " (near: 1-1, 1-2, 1-3)")),
        WrongWords("recover 1-1 7-7", 5, noDevice("7-7")),
        WrongWords("attach pv1 046d:c31d", 5, noDevice("046d:c31d", " (near: 046d:c31c)")),
        WrongWords("attach pv1 dead:beef", 5, noDevice("dead:beef")),
        WrongWords(
            "attach pv1 0781:5567@NO", 5, noDevice("0781:5567@NO", " (near: 0781:5567)")),
        WrongWords("attach pv1 046d:c31c@1", 5, noDevice("046d:c31c@1", " (near: 046d:c31c)")),
        WrongWords("attach pv1 1.77", 5, noDevice("1.77", " (near: 1.7, 1.1, 1.2)")),
        WrongWords("attach pv1 3.200", 5, noDevice("3.200")),
    ])
    func `a device that is not there is not taken for another`(_ row: WrongWords) throws {
        try check(row)
    }

    private static func notADevice(_ word: String) -> String {
        "pvusb: '\(word)' is no device: write a bus id (3-1.2), vendor:product (046d:c52b), "
            + "vendor:product@serial, or bus.device from 1.1 to 255.255 (3.7)\n"
            + "  try: pvusb devices\n"
    }

    @Test(arguments: [
        "keyboard",  // a name
        "",  // nothing
        "1-",  // no port
        "01-1",  // a leading zero is not how the kernel names a bus
        "1-256",  // no such port
        "0.7",  // no bus 0
        "1.0",  // no device 0
        "1.256",  // 0, if it wrapped
        "1.08x",  // not a number
        "1.-7",  // a sign
        "46d:c31c",  // three digits
        "046d:c31c@",  // an empty serial
        "046d:c31c:1",  // one part too many
        "1-1:1.0",  // an interface
        "../1-1",  // a path
    ])
    func `a word that can't be a device is a usage error`(word: String) throws {
        try check(WrongWords(["attach", "pv1", word], 2, Self.notADevice(word)))
        try check(WrongWords(["detach", word], 2, Self.notADevice(word)))
        try check(WrongWords(["recover", word], 2, Self.notADevice(word)))
    }

    /// Each candidate stands once; one that a serial tells apart is shown with it.
    @Test(arguments: ["attach pv1 046d:c31c", "detach 046d:c31c", "recover 046d:c31c"])
    func `two devices alike are told apart by their bus ids`(line: String) throws {
        try check(
            WrongWords(
                line, 6,
                "pvusb: '046d:c31c' matches 2 devices: 1-1, 1-2\n  try: name one of them\n"))
    }

    @Test func `two devices alike are told apart by their serials`() throws {
        let sandbox = try Sandbox.withController()
        try sandbox.edit {
            $0["usb"].device("1-1") { $0["attributes"]["serial"] = "A" }
            $0["usb"].device("1-2") { $0["attributes"]["serial"] = "B" }
        }
        #expect(
            try sandbox.pvusb("attach", "pv1", "046d:c31c")
                == .bad(
                    6,
                    "pvusb: '046d:c31c' matches 2 devices: 1-1 (046d:c31c@A), "
                        + "1-2 (046d:c31c@B)\n  try: name one of them\n"))
    }

    @Test(arguments: [
        WrongWords(
            "attach pv1 1-3", 8, "pvusb: 1-3 is a hub; a hub is never given to a guest\n"),
        WrongWords(
            "attach pv1 usb1", 8, "pvusb: usb1 is a hub; a hub is never given to a guest\n"),
        WrongWords("detach 1-3", 8, "pvusb: 1-3 is a hub; no guest ever has one\n"),
        WrongWords(
            "attach pv1 2-1", 8,
            "pvusb: 2-1 runs at 5000 Mbit/s, a controller of kind pv carries at most 480 Mbit/s\n"
                + "  try: plug it into a USB 2 port or behind a USB 2 hub\n"),
        WrongWords(
            "attach pv1 2-1 --dry-run --exit-code", 8,
            "pvusb: 2-1 runs at 5000 Mbit/s, a controller of kind pv carries at most 480 Mbit/s\n"
                + "  try: plug it into a USB 2 port or behind a USB 2 hub\n"),
    ])
    func `a device that no controller carries is refused`(_ row: WrongWords) throws {
        try check(row)
    }
}
