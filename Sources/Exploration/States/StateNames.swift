internal import PVUSBCore

/// Short names for states: a letter for what `devices` shows, and a number.
struct StateNames {
    private let names: [String]
    /// The places of the states: by letter, then in the order in which they were found.
    let order: [Int]

    /// Names the states of a map.
    init(of map: StateMap) {
        var counts: [Character: Int] = [:]
        names = map.entries.map { entry in
            let letter = entry.state.state.letter
            counts[letter, default: 0] += 1
            return "\(letter)\(counts[letter] ?? 0)"
        }
        order = "HAGDPUCMX".flatMap { letter in
            map.entries.indices.filter { map.entries[$0].state.state.letter == letter }
        }
    }

    /// The name of the state in a place of the map.
    subscript(place: Int) -> String { names[place] }
}

extension DeviceState {
    fileprivate var letter: Character {
        switch self {
        case .host: "H"
        case .attaching: "A"
        case .assigned: "G"
        case .detaching: "D"
        case .parked: "P"
        case .unbound: "U"
        case .captured: "C"
        case .mixed: "M"
        case .assignedAbsent, .assignedUncaptured, .stale, .contested, .hub: "X"
        }
    }
}

extension Step {
    /// The step in few words: one device, one guest and one controller go without saying.
    var words: String {
        let text = text
        let target = text.target.split(separator: " ").last.map(String.init) ?? ""
        let interface = target.split(separator: ":").dropFirst().joined()
        let isController = text.target.hasPrefix("domain")
        let value = text.value.split(separator: " ").last.map(String.init) ?? ""
        return [
            text.action, isController ? "controller \(target)" : interface,
            isController ? "" : value,
        ].filter { !$0.isEmpty }.joined(separator: " ")
    }
}
