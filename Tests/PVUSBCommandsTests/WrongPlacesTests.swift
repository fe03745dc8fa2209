import Testing

struct WrongPlacesTests {
    private func check(_ row: WrongWords, on sandbox: Sandbox) throws {
        let before = try sandbox.world()
        let run = try sandbox.pvusb(row.words)
        #expect(run == .bad(row.code, row.errors))
        #expect(try sandbox.world() == before)
    }

    private static func noPlace(_ word: String, _ range: String) -> String {
        "pvusb: '\(word)' is no place (CONTROLLER or CONTROLLER:PORT): \(range)\n"
    }

    private static let controllers = "a controller is a number from 0 to 255"
    private static let ports = "a port is a number from 1 to 31"

    @Test(arguments: [
        ("0:0", ports),  // ports count from 1
        ("0:32", ports),  // the greatest is 31
        ("0:257", ports),  // 1, if it wrapped
        ("0:08x", ports),  // not a number
        ("0:+1", ports),  // a sign
        ("0:-1", ports),  // a sign
        ("0: 1", ports),  // a space
        ("0:", ports),  // an empty word
        ("0:1:2", ports),  // one part too many
        ("257", controllers),  // 1, if it wrapped
        ("256:1", controllers),  // 0, if it wrapped
        ("-1", controllers),  // a sign
        ("-1:1", controllers),  // a sign
        ("", controllers),  // an empty word
        (":1", controllers),  // an empty word
        ("1x", controllers),  // not a number
        ("0x1", controllers),  // hexadecimal
        ("٣", controllers),  // Arabic digits
    ])
    func `a place that is none names the range`(word: String, range: String) throws {
        let sandbox = try Sandbox.withController()
        let row = WrongWords(["attach", "pv1", "1-1", "--at", word], 2, Self.noPlace(word, range))
        try check(row, on: sandbox)
    }

    @Test(arguments: ["attach -1 1-1", "list -1", "detach pv1 -1:1", "detach -1", "recover -1"])
    func `a number with a sign is a usage error everywhere`(line: String) throws {
        let sandbox = try Sandbox.withController()
        let before = try sandbox.world()
        let run = try sandbox.pvusb(line.split(separator: " ").map(String.init))
        #expect(run.code == 2)
        #expect(run.output == "")
        #expect(try sandbox.world() == before)
    }

    @Test(arguments: [
        WrongWords(
            "attach pv1 1-1 --at 9:1", 5,
            "pvusb: pv1 has no controller 9\n  try: pvusb list pv1\n"),
        WrongWords(
            "attach pv1 1-1 --at 9", 5, "pvusb: pv1 has no controller 9\n  try: pvusb list pv1\n"),
        WrongWords(
            "attach pv1 1-1 --at 0:9", 5,
            "pvusb: controller 0 of pv1 has ports 1 to 8, not 9\n  try: pvusb list pv1\n"),
        WrongWords(
            "attach pvh1 1-1 --at 0:1", 5,
            "pvusb: pvh1 has no controller 0\n  try: pvusb list pvh1\n"),
        WrongWords(
            "detach pv1 0:2", 5,
            "pvusb: port 0:2 of pv1 holds no device\n  try: pvusb list pv1\n"),
        WrongWords("detach pv1 0:9", 5, "pvusb: pv1 has no port 0:9\n  try: pvusb list pv1\n"),
        WrongWords("detach pv1 9:1", 5, "pvusb: pv1 has no port 9:1\n  try: pvusb list pv1\n"),
        WrongWords("detach pv1 0", 2, "pvusb: '0' names no port: write CONTROLLER:PORT\n"),
    ])
    func `a place that is not there is not taken for another`(_ row: WrongWords) throws {
        try check(row, on: try .withController())
    }

    @Test(arguments: [
        WrongWords(
            "attach pv1 1-2 --at 0:1", 9,
            "pvusb: port 0:1 of pv1 holds 1-1\n  try: pvusb detach 1-1\n"),
        WrongWords(
            "attach pv1 1-1 --at 0:2", 9, "pvusb: 1-1 is in pv1 at 0:1\n  try: pvusb detach 1-1\n"),
        WrongWords(
            "attach pvh1 1-1", 9, "pvusb: 1-1 is in pv1 at 0:1\n  try: pvusb detach 1-1\n"),
        WrongWords(
            "attach win10 1-1 --at 0:1", 9,
            "pvusb: 1-1 is in pv1 at 0:1\n  try: pvusb detach 1-1\n"),
    ])
    func `what is taken is not taken away`(_ row: WrongWords) throws {
        try check(row, on: try .with("1-1"))
    }

    @Test func `a full controller and one that is too slow are told apart`() throws {
        let sandbox = try Sandbox.builtIn()
        _ = try sandbox.pvusb("controller", "add", "pvh1", "--version", "1", "--ports", "1")
        try check(
            WrongWords(
                "attach pvh1 1-3.2 --at 0", 8,
                "pvusb: 1-3.2 runs at 480 Mbit/s, controller 0 of pvh1 carries at most "
                    + "12 Mbit/s\n  try: pvusb controller add pvh1 --kind pv --version 2\n"),
            on: sandbox)
        _ = try sandbox.pvusb("attach", "pvh1", "1-1")
        try check(
            WrongWords(
                "attach pvh1 1-2 --at 0", 9,
                "pvusb: controller 0 of pvh1 has no free port\n"
                    + "  try: pvusb controller add pvh1\n"), on: sandbox)
    }
}
