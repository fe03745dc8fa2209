internal import PVUSBCore

/// What the page about states tells of one kind.
struct KindSection {
    private let map: StateMap
    private let names: StateNames

    init(of map: StateMap) {
        self.map = map
        names = StateNames(of: map)
    }

    var text: String {
        [
            "## Kind `\(map.kind.kind.rawValue)`\n", drawing, stateTable, endTable, eventTable,
            stepList,
        ].joined(separator: "\n")
    }

    private var drawing: String {
        """
        ### The ways

        An attach that has to make a controller, a detach, an attach to the controller that is there
        now, and a detach that parks, undisturbed; the dotted arrows are where `recover` leads.

        """ + "\n" + StateDiagram(of: map, names).text
    }

    // MARK: - What there is

    private var stateTable: String {
        let rows = names.order.map { [names[$0]] + map.entries[$0].state.cells }
        return """
            ### What there is

            *Record* is what pvusb's record says, *controller* its number and the states of its
            backend and frontend, *port* the one that holds the device, *usbback waits* whether its
            port table lists the device.

            """ + Self.table([""] + MicroState.header(of: map.kind.device), rows)
    }

    // MARK: - What the commands do

    private var endTable: String {
        let rows = names.order.map { place in
            [names[place]] + map.entries[place].ends.map { cell($0, from: place) }
        }
        return """
            ### What each command does

            The state that it ends in, and how many steps that takes; `-` where all is so already;
            the exit code where it refuses. The command that was killed is one of these: typed once
            more, it does what its column says. `recover` is typed with the device's name here;
            without a name it does the same for all devices, but for the parked ones.

            """ + Self.table([""] + map.kind.commands.map { "`\($0.words)`" }, rows)
    }

    private func cell(_ end: StateMap.End, from place: Int) -> String {
        let isThere = end.target == place
        if let error = end.error {
            return "exit \(error.exitCode)" + (isThere ? "" : ", then \(names[end.target])")
        }
        return isThere && end.steps.isEmpty ? "-" : "\(names[end.target]) (\(end.steps.count))"
    }

    // MARK: - Other beginnings

    private var eventTable: String {
        let rows = map.kind.events.map { event -> [String] in
            let map = StateMap(of: map.kind, from: event.world, isWhole: false)
            let ends = map.entries[0].ends.map { Self.word($0, in: map) }
            return [event.title, map.entries[0].state.shown] + ends
        }
        let commands = map.kind.commands.map { "`\($0.words)`" }
        return """
            ### Other beginnings

            States that no attach, detach or `recover` leaves, and the word for the state after each
            command.

            """ + Self.table(["what happened", "`devices` shows"] + commands, rows)
    }

    private static func word(_ end: StateMap.End, in map: StateMap) -> String {
        let state = map.entries[end.target].state
        let word = state.isGone ? "gone, and forgotten" : state.state.rawValue
        guard let error = end.error else { return word }
        return "exit \(error.exitCode)" + (end.target == 0 ? "" : ", then \(word)")
    }

    // MARK: - The steps

    private var stepList: String {
        let lines = names.order.map { "* **\(names[$0])** \(work(in: $0))\n" }
        return """
            ### The steps

            What each command does in each state, its waits apart.

            \(lines.joined())
            """
    }

    /// The commands that have something to do in a state, those that do the same together.
    private func work(in place: Int) -> String {
        let ends = map.entries[place].ends
        let commands = map.kind.commands.indices.filter { !ends[$0].steps.isEmpty }
        let lists = commands.map { ends[$0].steps }.withoutRepetition
        return lists.map { steps in
            let same = commands.filter { ends[$0].steps == steps }
            let words = same.map { "`\(map.kind.commands[$0].words)`" }.joined(separator: ", ")
            return words + ": " + steps.map(\.words).joined(separator: ", ")
        }.joined(separator: "; ")
    }

    private static func table(_ header: [String], _ rows: [[String]]) -> String {
        let lines = [header, header.map { _ in "---" }] + rows
        return "\n" + lines.map { "| \($0.joined(separator: " | ")) |\n" }.joined()
    }
}

extension MicroState {
    fileprivate static func header(of device: BusID) -> [String] {
        [
            "record", "controller", "port", "\(device):1.0", "\(device):1.1", "usbback waits",
            "`devices` shows",
        ]
    }

    fileprivate var cells: [String] {
        let interfaces = drivers.map { $0 ?? "-" }
        return [record ?? "-", Self.list(controllers), Self.list(ports)] + interfaces
            + [isListed ? "yes" : "-", shown]
    }

    /// Whether nothing is left of a device that was unplugged.
    fileprivate var isGone: Bool { !isThere && record == nil && ports.isEmpty }

    /// What `devices` shows of it.
    fileprivate var shown: String {
        remedy.map { "`\(state.rawValue)`: \($0)" } ?? "`\(state.rawValue)`"
    }

    private static func list(_ words: [String]) -> String {
        words.isEmpty ? "-" : words.joined(separator: ", ")
    }
}
