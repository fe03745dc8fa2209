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
        case .bounded: bounded
        case .narrow, .full: ofAllKinds(extent)
        }
    }

    /// The scenario of a name, as far as it goes in `bounded`; nil when there is none.
    public static func scenario(named name: String) -> Scenario? {
        bounded.first { $0.name == name }
    }

    private static let bounded = ofAllKinds(.bounded)

    private static func ofAllKinds(_ extent: Extent) -> [Scenario] {
        ControllerKind.allCases.flatMap { all($0, extent) }
    }

    private static func all(_ kind: ControllerKind, _ extent: Extent) -> [Scenario] {
        singles(kind, extent) + shaped(kind, extent)
            + richerStories(kind).map { story in
                scenario(story, kind, story.count, story.shape, sort(story, kind), extent)
            }
            + races(kind).map { scenario($0, kind, 1, .plain, .race, extent) }
    }

    private static func sort(_ story: Story, _ kind: ControllerKind) -> Sort {
        if story.isRefused { return .refused }
        if story.isOdd { return .richer }
        let isKnown = stories(kind).contains { $0.label == story.label }
        let isFew = isKnown && !story.label.hasPrefix("recover") && !story.isKept
        return isFew ? .richer : .other
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
        /// What changes nothing.
        case refused
        case race
    }

    private static func scenario(
        _ story: Story, _ kind: ControllerKind, _ count: Int, _ shape: SmallWorld.Shape,
        _ sort: Sort, _ extent: Extent
    ) -> Scenario {
        let made = SmallWorld.make(interfaces: count, shape: shape, kind: kind)
        let clean = story.isKept ? SmallWorld.keeping(made) : made
        let begun = world(clean, story.beginning, kind)
        let whole = SmallWorld.plugged(
            SmallWorld.device, product: "6001", number: 2, interfaces: count, shape: shape)
        let suffix = shape == .plain ? "" : " \(shape)"
        let world = story.bend?.bend(begun, kind) ?? begun
        var scenario = Scenario(
            name: "\(story.name), \(kind.rawValue), \(count)\(suffix)", kind: kind,
            label: story.label, world: world,
            commands: story.commands(in: story.before.map { Self.world(clean, $0, kind) } ?? world),
            device: SmallWorld.device, plugged: story.bend?.bend(whole, kind) ?? whole,
            other: SmallWorld.other, budget: budget(kind, count, sort, extent), clean: clean)
        tell(story, &scenario)
        scenario.events = Scenario.events(of: kind)
        if count == 2 { scenario.events.append(.udev(takesLast: true)) }
        if count == 1 { scenario.events += Scenario.storeEvents(beside: story.commands) }
        scenario.faults = Scenario.faults(of: kind)
        let isPlainOne = count == 1 && ["attach", "detach"].contains(story.name)
        if isPlainOne || extent == .full { scenario.xl = [.attach, .attachHere, .detach] }
        return scenario
    }

    /// Tells a scenario what its story is.
    private static func tell(_ story: Story, _ scenario: inout Scenario) {
        scenario.succeeds = story.succeeds
        scenario.isDry = story.isDry
        scenario.isRefused = story.isRefused
        scenario.hasStore = story.hasStore
        scenario.comesHome = story.comesHome
        scenario.keepsConfigurations = ![.malformed, .misshapen, .unkept].contains(story.bend)
        scenario.isUpToDate = story.before == nil
        scenario.isNewer = story.bend == .newerRecords
        scenario.hidden = story.bend?.hidden ?? []
        scenario.isContested = [.contested, .contestedByXL, .bothOrphaned].contains(story.beginning)
        scenario.hasOrphans = [.orphaned, .bothOrphaned].contains(story.beginning)
        scenario.meddlers = story.beginning.meddlers
    }

    private static func budget(
        _ kind: ControllerKind, _ count: Int, _ sort: Sort, _ extent: Extent
    ) -> Scenario.Budget {
        switch (extent, sort) {
        case (.quick, _): Scenario.Budget(crashes: 3, events: 0)
        case (.bounded, .refused), (.kinds, .refused): Scenario.Budget(crashes: 1, events: 0)
        case (.narrow, .race): Scenario.Budget(crashes: 0, events: 0)
        case (.narrow, _): Scenario.Budget(crashes: 1, events: 1, together: 1)
        case (.full, .race): Scenario.Budget(crashes: 2, events: 1, together: 1)
        case (_, .refused): Scenario.Budget(crashes: 1, events: 1, together: 1)
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

extension Catalogue.Story {
    /// The commands; a watch waits until something differs from what is seen in the world.
    fileprivate func commands(in world: World) -> [Command] {
        guard isWatch else { return commands }
        var process = SimulatedProcess(in: world, process: 1)
        let look = Operation(.devices, OperationOptions(hasStore: hasStore))
        guard case .inventory(let inventory)? = process.run(look) else { return commands }
        return [.awaitChange(since: inventory)]
    }
}

extension Catalogue.Beginning {
    /// Who was at work before the command begins, and is to blame for what comes of it.
    fileprivate var meddlers: Meddlers {
        switch self {
        case .xlBegan, .contested, .contestedByXL, .bothOrphaned: .xl
        default: []
        }
    }
}
