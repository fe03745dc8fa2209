internal import PVUSBCore

/// The states of a device, drawn.
///
/// Drawn are the ways of an attach, a detach and a parking that nobody disturbs, and where
/// `recover` leads from everything on them.
struct StateDiagram {
    private let map: StateMap
    private let names: StateNames

    init(of map: StateMap, _ names: StateNames) {
        self.map = map
        self.names = names
    }

    /// The drawing, as a block of mermaid.
    var text: String {
        let ways = ways
        let changes = ways.flatMap { arrows(of: $0) }.withoutRepetition
        let places = ways.flatMap { way in map.entries[way.from].ends[way.command].path }
            .withoutRepetition
        let recoveries = places.compactMap { recovery(from: $0) }
        let nodes = places.map { node($0) }
        let lines = ["flowchart TD"] + (nodes + changes + recoveries).map { "    \($0)" }
        return "```mermaid\n" + lines.joined(separator: "\n") + "\n```\n"
    }

    /// A command from a state.
    private struct Way {
        let from: Int
        let command: Int
    }

    /// The first state is the host's, without a controller.
    private var ways: [Way] {
        let guest = target(of: Way(from: 0, command: 0))
        let home = target(of: Way(from: guest, command: 1))
        return [
            Way(from: 0, command: 0), Way(from: guest, command: 1), Way(from: home, command: 0),
            Way(from: guest, command: 2),
        ]
    }

    private func target(of way: Way) -> Int {
        map.entries[way.from].ends[way.command].target
    }

    private func node(_ place: Int) -> String {
        let state = map.entries[place].state
        let drivers = state.drivers.map { $0 ?? "-" }.joined(separator: ", ")
        let lines = [
            "<b>\(names[place])</b> \(state.state.rawValue)", state.record.map { "record \($0)" },
            state.ports.isEmpty ? nil : "port " + state.ports.joined(separator: ", "), drivers,
        ]
        return "\(names[place])[\"\(lines.compactMap(\.self).joined(separator: "<br/>"))\"]"
    }

    /// The changes of a way, each with the steps that hold from then on.
    private func arrows(of way: Way) -> [String] {
        let end = map.entries[way.from].ends[way.command]
        let steps = end.steps
        return zip(end.path, end.path.dropFirst()).filter { $0 != $1 }.map { from, to in
            let (before, after) = (map.entries[from].world.seen, map.entries[to].world.seen)
            let done = steps.filter { !$0.holds(in: before) && $0.holds(in: after) }
            let label = done.map(\.words).joined(separator: "<br/>")
            return "\(names[from]) -->|\"\(label)\"| \(names[to])"
        }
    }

    private func recovery(from place: Int) -> String? {
        let state = map.entries[place].state
        guard state.remedy != nil,
            let index = map.kind.commands.firstIndex(where: { $0.words == "recover" })
        else { return nil }
        return "\(names[place]) -.->|recover| \(names[map.entries[place].ends[index].target])"
    }
}

extension Array where Element: Hashable {
    /// The elements, each where it comes first.
    var withoutRepetition: [Element] {
        var known: Set<Element> = []
        return filter { known.insert($0).inserted }
    }
}
