internal import PVUSBCore
internal import Simulation

/// The scenarios that are explored: every command, kind and number of interfaces.
public enum Catalogue {
    /// How far the scenarios go.
    public enum Extent: String, Sendable, CaseIterable {
        /// What every run of the tests explores, in seconds even unoptimised.
        case quick
        /// Every scenario with one and two interfaces, and in each one kill or one event.
        case narrow
        /// What a check of a commit explores, in two minutes on two processors.
        case bounded
        /// All of it.
        case full
        /// The kinds that QEMU serves, as far as the one that usbback serves in `bounded`.
        case kinds
    }

    /// Every scenario of an extent, in an order that never changes.
    public static func scenarios(_ extent: Extent) -> [Scenario] {
        switch extent {
        case .quick: singles(.pv, extent)
        case .kinds: [.qusb, .deviceModel].flatMap { all($0, extent) }
        case .narrow, .bounded, .full: ControllerKind.allCases.flatMap { all($0, extent) }
        }
    }

    /// The scenario of a name, as far as it goes in `bounded`; nil when there is none.
    public static func scenario(named name: String) -> Scenario? {
        bounded.first { $0.name == name }
    }

    private static let bounded = scenarios(.bounded)

    private static func all(_ kind: ControllerKind, _ extent: Extent) -> [Scenario] {
        singles(kind, extent) + shaped(kind, extent)
            + richerStories(kind).map { story in
                let isKnown = stories(kind).contains { $0.label == story.label }
                let isFew = isKnown && !story.label.hasPrefix("recover") && !story.isKept
                return scenario(story, kind, 1, .plain, isFew ? .richer : .other, extent)
            }
            + races(kind).map { scenario($0, kind, 1, .plain, .race, extent) }
    }

    /// One command, with so many interfaces.
    private static func singles(_ kind: ControllerKind, _ extent: Extent) -> [Scenario] {
        counts(kind, extent).flatMap { count in
            stories(kind).map { scenario($0, kind, count, .plain, .single, extent) }
        }
    }

    /// What QEMU serves it takes and gives back whole, however many interfaces there are.
    private static func counts(_ kind: ControllerKind, _ extent: Extent) -> [Int] {
        [.quick, .narrow].contains(extent) || kind != .pv ? [1, 2] : [1, 2, 3, 4, 8]
    }

    /// Devices whose drivers claim several interfaces at once.
    private static func shaped(_ kind: ControllerKind, _ extent: Extent) -> [Scenario] {
        let shapes: [SmallWorld.Shape] = [.loose, .led, .mutual]
        return shapes.flatMap { shape in
            stories(kind).filter { ["attach", "detach"].contains($0.name) }
                .map { scenario($0, kind, 2, shape, .single, extent) }
        }
    }
}

// MARK: - Scenarios

extension Catalogue {
    /// What kind of story it is, for what may happen in it.
    private enum Sort {
        case single
        /// One of the same commands, from elsewhere.
        case richer
        /// A command that is in no other scenario, and what was left half done.
        case other
        case race
    }

    private static func scenario(
        _ story: Story, _ kind: ControllerKind, _ count: Int, _ shape: SmallWorld.Shape,
        _ sort: Sort, _ extent: Extent
    ) -> Scenario {
        let made = SmallWorld.make(interfaces: count, shape: shape, kind: kind)
        let clean = story.isKept ? SmallWorld.keeping(made) : made
        let suffix = shape == .plain ? "" : " \(shape)"
        var scenario = Scenario(
            name: "\(story.name), \(kind.rawValue), \(count)\(suffix)", kind: kind,
            label: story.label, world: world(clean, story.beginning, kind),
            commands: story.commands, device: SmallWorld.device,
            plugged: SmallWorld.plugged(
                SmallWorld.device, product: "6001", number: 2, interfaces: count, shape: shape),
            other: SmallWorld.other, budget: budget(kind, count, sort, extent), clean: clean)
        scenario.succeeds = story.succeeds
        scenario.isDry = story.isDry
        scenario.isContested = story.beginning == .contested
        scenario.hasOrphans = story.beginning == .orphaned
        scenario.meddlers = story.beginning.meddlers
        scenario.events = Scenario.events(of: kind)
        scenario.faults = Scenario.faults(of: kind)
        let isPlainOne = count == 1 && ["attach", "detach"].contains(story.name)
        if isPlainOne || extent == .full { scenario.xl = [.attach, .attachHere, .detach] }
        return scenario
    }

    private static func budget(
        _ kind: ControllerKind, _ count: Int, _ sort: Sort, _ extent: Extent
    ) -> Scenario.Budget {
        switch (extent, sort) {
        case (.quick, _): Scenario.Budget(crashes: 3, events: 0)
        case (.narrow, .race): Scenario.Budget(crashes: 0, events: 0)
        case (.narrow, _): Scenario.Budget(crashes: 1, events: 1, together: 1)
        case (.full, .race): Scenario.Budget(crashes: 2, events: 1, together: 1)
        case (.full, .richer), (.full, .other): Scenario.Budget(crashes: 3, events: 1)
        case (.full, .single):
            Scenario.Budget(crashes: 3, events: count == 1 ? 2 : 1, together: count == 8 ? 1 : 2)
        case (_, .race): Scenario.Budget(crashes: 1, events: 0)
        case (_, .richer): Scenario.Budget(crashes: 2, events: 0)
        case (_, .other): Scenario.Budget(crashes: 2, events: 1, together: 1)
        case (_, .single) where kind != .pv:
            Scenario.Budget(crashes: 2, events: count == 1 ? 1 : 0, together: 1)
        case (_, .single):
            Scenario.Budget(crashes: 3, events: count > 2 ? 0 : 1, together: count == 1 ? 2 : 1)
        }
    }
}

extension Catalogue.Beginning {
    /// Who was at work before the command begins, and is to blame for what comes of it.
    fileprivate var meddlers: Meddlers {
        switch self {
        case .xlBegan, .contested: .xl
        default: []
        }
    }
}
