internal import PVUSBCore
internal import Simulation

/// What crashes of attach and detach leave, counted as it was counted for libxl.
public enum CrashTable {
    /// A line of the table: one command, so many interfaces.
    public struct Row: Hashable, Sendable {
        /// The command.
        public let command: String
        /// How many interfaces the device has.
        public let interfaces: Int
        /// The crashes: one after each effect that lasts.
        public internal(set) var crashes = 0
        /// In how many of them `devices` tells the truth.
        public internal(set) var truthful = 0
        /// From how many the same command reaches its goal.
        public internal(set) var repeated = 0
        /// From how many one `recover` brings the device home, or to its guest.
        public internal(set) var recovered = 0
    }

    /// libxl's rows, from a model of libxl of 2026 that does what its code does: crashes, states
    /// that `xl usb-list` shows as they are, those from which the same command reaches its goal,
    /// and those from which one `xl usbdev-detach` cleans up.
    static let libxl: [(command: String, interfaces: Int, counts: [Int])] = [
        ("attach", 1, [4, 1, 1, 4]), ("attach", 2, [7, 1, 1, 7]), ("attach", 4, [13, 1, 1, 13]),
        ("detach", 1, [4, 2, 2, 2]), ("detach", 2, [6, 2, 3, 3]), ("detach", 4, [10, 2, 5, 5]),
    ]

    /// All rows: attach and detach with 1, 2 and 4 interfaces.
    public static var rows: [Row] {
        ["attach", "detach"].flatMap { command in
            [1, 2, 4].map { row(command, $0) }
        }
    }

    private static func row(_ label: String, _ count: Int) -> Row {
        var row = Row(command: label, interfaces: count)
        let name = "\(label), pv, \(count)"
        guard let scenario = Catalogue.scenarios(.bounded).first(where: { $0.name == name }),
            let command = scenario.commands.first
        else { return row }
        var whole = SimulatedProcess(in: scenario.world, process: 1)
        _ = whole.run(Operation(command))
        for (index, effect) in whole.trace.enumerated() where effect.lasts {
            var process = SimulatedProcess(in: scenario.world, process: 1)
            _ = process.run(Operation(command), until: .after(index))
            row.count(process.world, command, Search(scenario))
        }
        return row
    }

    /// The table as text, libxl's figures beside ours.
    public static var text: String {
        let head = "COMMAND  INTERFACES  CRASHES  LIST TRUE  REPEATED  ONE COMMAND"
        return
            ([head]
            + rows.map { row in
                let theirs = libxl.first {
                    $0.command == row.command && $0.interfaces == row.interfaces
                }
                let ours = [row.crashes, row.truthful, row.repeated, row.recovered]
                return line("pvusb", row, ours) + "\n" + line("xl", row, theirs?.counts ?? [])
            }).joined(separator: "\n")
    }

    private static func line(_ who: String, _ row: Row, _ counts: [Int]) -> String {
        "\(who.padded(6)) \(row.command.padded(7)) \(row.interfaces)  "
            + counts.map { "\($0)".padded(10) }.joined()
    }
}

extension CrashTable.Row {
    fileprivate mutating func count(_ world: World, _ command: Command, _ search: Search) {
        let number = search.play.worlds.number(of: world)
        crashes += 1
        if search.lies(in: number, 0).isEmpty { truthful += 1 }
        let again = search.run(command, in: number)
        if again.outcome?.error == nil, search.reaches(command, search.play.settle(again.world)) {
            repeated += 1
        }
        let recovery = search.run(.recover([]), in: number)
        let node = Node(world: search.play.settle(recovery.world))
        if search.flaw(in: node.world, node) == nil { recovered += 1 }
    }
}

extension Effect {
    /// Tells whether the effect changes what a crash leaves.
    fileprivate var lasts: Bool {
        switch self {
        case .store(let batch): batch.contains(.commit)
        case .files(let batch): batch.contains(where: \.changesHost)
        default: false
        }
    }
}
