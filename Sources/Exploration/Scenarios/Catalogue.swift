internal import PVUSBCore
internal import Simulation

/// The scenarios that are explored: every command, kind and number of interfaces.
public enum Catalogue {
    /// What a scenario's command finds when it begins.
    enum Beginning {
        /// Nothing but the guests.
        case fresh
        /// Both guests have a controller.
        case controllers
        /// The device is in the first guest.
        case attached
        /// An attach of it was killed on its way.
        case halfAttached
        /// A detach of it was killed on its way.
        case halfDetached
    }

    /// A command on a device in the first guest.
    struct Story {
        let label: String
        let beginning: Beginning
        let commands: [Command]
        var succeeds = true
    }

    static let one = DomainSelector.number(number(1))
    static let two = DomainSelector.number(number(2))
    static let device = DeviceSelector.busID(SmallWorld.device)

    static func stories(_ kind: ControllerKind) -> [Story] {
        let settings = settings(kind) ?? .automatic(kind)
        return [
            Story(
                label: "attach", beginning: .controllers,
                commands: [.attach(one, device, at: nil)]),
            Story(
                label: "attach, controller made", beginning: .fresh,
                commands: [.attach(one, device, at: nil)]),
            Story(label: "detach", beginning: .attached, commands: [.detach(device)]),
            Story(
                label: "detach --no-rebind", beginning: .attached,
                commands: [.detach(device, rebind: false)]),
            Story(label: "recover", beginning: .halfAttached, commands: [.recover([])]),
            Story(
                label: "recover DEVICE", beginning: .halfDetached, commands: [.recover([device])]),
            Story(
                label: "controller add", beginning: .fresh,
                commands: [.addController(one, settings)]),
            Story(
                label: "controller remove", beginning: .attached,
                commands: [.removeController(one, ControllerNumber(0))]),
        ]
    }

    /// The smallest controller of a kind.
    private static func settings(_ kind: ControllerKind) -> ControllerSettings? {
        switch kind {
        case .pv, .qusb: ControllerSettings(kind: kind, version: 2, ports: 2)
        case .deviceModel: ControllerSettings(kind: kind, version: 3, ports: 2)
        }
    }

    private static func number(_ domain: UInt16) -> DomainID {
        guard let id = DomainID(domain) else { preconditionFailure("\(domain) is a domid") }
        return id
    }
}

// MARK: - Scenarios

extension Catalogue {
    /// How far the scenarios go.
    public enum Extent: String, Sendable, CaseIterable {
        /// What every run of the tests explores, in seconds even unoptimised.
        case quick
        /// What a check of a commit explores, in two minutes on two processors.
        case bounded
        /// All of it.
        case full
        /// The kinds that QEMU serves: kills only, with one and two interfaces.
        case kinds
    }

    /// Every scenario of an extent, in an order that never changes.
    public static func scenarios(_ extent: Extent) -> [Scenario] {
        guard extent != .kinds else {
            return [.qusb, .deviceModel].flatMap { singles($0, extent) }
        }
        return singles(.pv, extent) + shaped(.pv, extent) + races(.pv, extent)
    }

    /// The scenario of a name; nil when there is none.
    public static func scenario(named name: String) -> Scenario? {
        bounded.first { $0.name == name }
    }

    private static let bounded = scenarios(.bounded)

    /// One command, with so many interfaces.
    private static func singles(_ kind: ControllerKind, _ extent: Extent) -> [Scenario] {
        counts(kind, extent).flatMap { count in
            stories(kind).filter {
                kind == .pv || $0.beginning != .fresh || $0.label != "attach, controller made"
            }
            .map { scenario($0, kind, count, .plain, extent) }
        }
    }

    private static func counts(_ kind: ControllerKind, _ extent: Extent) -> [Int] {
        extent == .quick || extent == .kinds ? [1, 2] : [1, 2, 3, 4, 8]
    }

    /// Devices whose drivers claim several interfaces at once.
    private static func shaped(_ kind: ControllerKind, _ extent: Extent) -> [Scenario] {
        guard extent != .quick else { return [] }
        let shapes: [SmallWorld.Shape] = [.loose, .led, .mutual]
        return shapes.flatMap { shape in
            stories(kind).filter { ["attach", "detach"].contains($0.label) }
                .map { scenario($0, kind, 2, shape, extent) }
        }
    }

    /// Two commands at once: every order of their effects.
    private static func races(_ kind: ControllerKind, _ extent: Extent) -> [Scenario] {
        guard extent != .quick else { return [] }
        let attach = Command.attach(one, device, at: nil)
        let pairs: [(Beginning, Command, Command)] = [
            (.controllers, attach, .attach(two, device, at: nil)),
            (.controllers, attach, attach),
            (.fresh, attach, .attach(two, device, at: nil)),
            (.attached, .detach(device), .detach(device)),
            (.attached, .detach(device), attach),
            (.attached, .detach(device), .recover([])),
            (.attached, .removeController(one, ControllerNumber(0)), .detach(device)),
            (.controllers, .removeController(one, ControllerNumber(0)), attach),
            (.controllers, attach, .attach(one, .busID(SmallWorld.bystander), at: nil)),
        ]
        return pairs.map { beginning, first, second in
            let story = Story(
                label: "\(beginning): \(first.full) & \(second.full)", beginning: beginning,
                commands: [first, second], succeeds: false)
            return scenario(story, kind, 1, .plain, extent)
        }
    }

    private static func scenario(
        _ story: Story, _ kind: ControllerKind, _ count: Int, _ shape: SmallWorld.Shape,
        _ extent: Extent
    ) -> Scenario {
        let clean = SmallWorld.make(interfaces: count, shape: shape, kind: kind)
        let isRace = story.commands.count > 1
        let suffix = shape == .plain ? "" : " \(shape)"
        var scenario = Scenario(
            name: "\(story.label), \(kind.rawValue), \(count)\(suffix)", kind: kind,
            label: isRace ? "two at once" : story.label,
            world: world(clean, story.beginning, kind), commands: story.commands,
            device: SmallWorld.device,
            plugged: SmallWorld.plugged(
                SmallWorld.device, product: "6001", number: 2, interfaces: count, shape: shape),
            other: SmallWorld.other, budget: budget(count, isRace, extent), clean: clean)
        scenario.succeeds = story.succeeds
        scenario.events = Scenario.allEvents + (kind == .pv ? [] : [.qemuDies])
        scenario.faults = Scenario.allFaults
        let isPlainOne = count == 1 && ["attach", "detach"].contains(story.label)
        guard kind == .pv else { return scenario }
        if isPlainOne || extent == .full { scenario.xl = [.attach, .attachHere, .detach] }
        return scenario
    }

    private static func budget(
        _ count: Int, _ isRace: Bool, _ extent: Extent
    ) -> Scenario.Budget {
        switch extent {
        case .quick, .kinds: Scenario.Budget(crashes: 3, events: 0)
        case .bounded where isRace: Scenario.Budget(crashes: 1, events: 0)
        case .bounded:
            Scenario.Budget(crashes: 3, events: count > 2 ? 0 : 1, together: count == 1 ? 2 : 1)
        case .full where isRace: Scenario.Budget(crashes: 2, events: 1, together: 1)
        case .full:
            Scenario.Budget(crashes: 3, events: count == 1 ? 2 : 1, together: count == 8 ? 1 : 2)
        }
    }

    private static func world(
        _ clean: World, _ beginning: Beginning, _ kind: ControllerKind
    ) -> World {
        var world = clean
        guard beginning != .fresh else { return world }
        if let settings = settings(kind) {
            world.run(.addController(one, settings))
            world.run(.addController(two, settings))
        }
        world.settle()
        guard beginning != .controllers else { return world }
        let attach = Command.attach(one, device, at: nil)
        guard beginning != .halfAttached else { return halfDone(attach, in: world) }
        world.run(attach)
        world.settle()
        return beginning == .attached ? world : halfDone(.detach(device), in: world)
    }

    /// The world after two thirds of a command's effects.
    private static func halfDone(_ command: Command, in world: World) -> World {
        var whole = SimulatedProcess(in: world, process: 1)
        _ = whole.run(Operation(command))
        var part = SimulatedProcess(in: world, process: 1)
        _ = part.run(Operation(command), until: .before(whole.trace.count * 2 / 3))
        return part.world
    }
}
