import Foundation
import Testing

/// The guided minute, which starts and kills processes of the program for real.
struct DemoTests {
    private let run: ProgramRun
    /// Where the story took place.
    private let directory: String

    init() throws {
        run = try Sandbox(nil).bare("demo")
        let making = try #require(
            run.output.firstMatch(of: /\$ pvusb sandbox new (.*)\/host\.json/))
        directory = String(making.1)
    }

    /// The lines that start like this, in order.
    private func lines(_ start: String) -> [String] {
        run.output.split(separator: "\n").map(String.init).filter { $0.hasPrefix(start) }
    }

    @Test func `it shows these commands, and each works`() {
        #expect(run.code == 0)
        #expect(
            lines("$ ") == [
                "$ pvusb sandbox new \(directory)/host.json",
                "$ pvusb devices",
                "$ pvusb controller add pv1",
                "$ pvusb attach pv1 1-3.2 --verbose",
                "$ pvusb list pv1",
                "$ pvusb detach 1-3.2",
                "$ pvusb attach pv1 1-3.2 & kill -9 $!",
                "$ pvusb devices",
                "$ pvusb recover --verbose",
                "$ pvusb devices",
            ])
    }

    @Test func `the device is the host's, then half-way, then the host's again`() {
        let rows = lines("1-3.2   ").map { $0.split(separator: " ") }
        #expect(rows.map { $0.dropFirst(5).first } == ["host", "attaching", "host"])
        #expect(rows.first == rows.last)
        #expect(lines("1-3.2 with") == Array(repeating: "1-3.2 with its host drivers", count: 2))
    }

    @Test func `it ends with the host as it was, and leaves nothing behind`() {
        #expect(
            run.output.hasSuffix(
                "\n# The host is what it was before the kill: same drivers, same store.\n"))
        #expect(directory.hasPrefix("/tmp/pvusb-demo-"))
        #expect(!FileManager.default.fileExists(atPath: directory))
        #expect(
            run.errors == "\(directory)/host.json: a world with the guests pv1, pvh1 and win10\n")
    }
}
