import Foundation
import Simulation
import Testing
import USBModel

/// A row of the list that a real kernel is held to as well, lab/kernel-rules.tsv.
struct ConformanceRule: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let given: [String]
    let action: String
    /// The errno's name, or `ok`.
    let answer: String
    /// The interfaces that change, and who has them then.
    let changes: Set<String>

    /// The rules of the list, in its order.
    static func all() throws -> [ConformanceRule] {
        try String(contentsOf: root.appendingPathComponent("lab/kernel-rules.tsv"), encoding: .utf8)
            .split(separator: "\n").filter { !$0.hasPrefix("#") }.map(ConformanceRule.init)
    }

    /// The lab's devices, as `pvusb snapshot` saw them on its kernel.
    static func world() throws -> World {
        let file = root.appendingPathComponent("Tests/Fixtures/lab-world.json")
        var world = World.withController()
        world.usb = try World(json: Array(Data(contentsOf: file))).usb
        return world
    }

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    init(line: Substring) throws {
        let cells = line.components(separatedBy: "\t")
        try #require(cells.count == 5, "\(line)")
        testDescription = cells[0]
        given = cells[1] == "-" ? [] : cells[1].components(separatedBy: "; ")
        action = cells[2]
        answer = cells[3]
        changes = cells[4] == "-" ? [] : Set(cells[4].components(separatedBy: " "))
    }

    func check() throws {
        var world = try Self.world()
        for step in given { #expect(try world.act(step) == "ok", "\(step)") }
        let before = world.links
        #expect(try world.act(action) == answer)
        let after = world.links
        let names = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }
        #expect(Set(names.map { "\($0)=\(after[$0] ?? "gone")" }) == changes)
    }
}

struct ConformanceTests {
    @Test(arguments: try ConformanceRule.all())
    func `the simulated host does what a real kernel does`(_ rule: ConformanceRule) throws {
        try rule.check()
    }

    @Test func `no two rules have the same name`() throws {
        let names = try ConformanceRule.all().map(\.testDescription)
        #expect(names.count > 70)
        #expect(Set(names).count == names.count)
    }
}

extension World {
    /// Does what a row's words stand for.
    ///
    /// - Returns: the errno's name, or `ok`.
    fileprivate mutating func act(_ step: String) throws -> String {
        let words = step.split(separator: " ", omittingEmptySubsequences: false).map(unescaped)
        let last = try #require(words.last)
        switch (words[0], words.count) {
        case ("bind", 3), ("unbind", 3): return answer(last, "drivers/\(words[1])/\(words[0])")
        case ("probe", 2): return answer(last, "drivers_probe")
        case ("write", 3): return answer(last, words[1])
        case ("port", 2...3): name(words.count == 3 ? last : "", inPort: words[1])
        case ("use", 2): break
        case ("unload", 2): unload(last)
        case ("unplug", 2): unplug(try #require(BusID(last)))
        case ("plug", 2): try plugAgain(last)
        default: Issue.record("no such action: \(step)")
        }
        return "ok"
    }

    private mutating func answer(_ text: String, _ file: String) -> String {
        do throws(FileErrno) {
            try write(text, to: "/sys/bus/usb/\(file)")
            return "ok"
        } catch {
            return Self.names[error] ?? "\(error)"
        }
    }

    private static let names: [FileErrno: String] = [
        .noDevice: "ENODEV", .busy: "EBUSY", .noEntry: "ENOENT", .accessDenied: "EACCES",
    ]

    private mutating func name(_ device: String, inPort port: String) {
        set("\(TestController().backend)/port/\(port)", device)
        settle()
    }

    private mutating func plugAgain(_ device: String) throws {
        let id = try #require(BusID(device))
        let home = try ConformanceRule.world().usb
        plug(try #require(home.device(id)), usbbackFirst: true)
    }
}

/// A word of the list, whose escapes are those of printf.
private func unescaped(_ word: Substring) -> String {
    let escapes = [#"\n"#: "\n", #"\r"#: "\r", #"\x20"#: " "]
    return escapes.reduce(String(word)) { text, escape in
        text.replacingOccurrences(of: escape.key, with: escape.value)
    }
}
