public import PVUSBCore
internal import Simulation

/// A kind of controller, the device and the guest by which its states are shown.
public struct StateKind: Sendable {
    /// The kind.
    public let kind: ControllerKind
    let guest: DomainSelector
    let settings: ControllerSettings
    let device: BusID

    /// Takes the device with two interfaces of the built-in world, and the guest that fits the kind.
    ///
    /// - Returns: nil for a kind whose operations there are none yet.
    public init?(_ kind: ControllerKind) {
        guard kind == .pv, let settings = ControllerSettings(kind: kind),
            let device = BusID("1-4"), let guest = try? DomainSelector("pv1")
        else { return nil }
        (self.kind, self.guest, self.settings, self.device) = (kind, guest, settings, device)
    }

    /// A command as people type it, and as it is run.
    struct Asked {
        let words: String
        let command: Command
    }

    /// The commands that are tried in every state.
    var commands: [Asked] {
        [
            Asked(words: "attach", command: attach),
            Asked(words: "detach", command: .detach(.busID(device))),
            Asked(words: "detach --no-rebind", command: .detach(.busID(device), rebind: false)),
            Asked(words: "recover", command: .recover([.busID(device)])),
        ]
    }

    var attach: Command { .attach(guest, .busID(device), at: nil) }
}

extension StateKind {
    /// What became of a world in which the guest had the device.
    struct Event {
        let title: String
        let world: World
    }

    /// The states that no attach, detach or recovery leaves.
    var events: [Event] {
        [
            changed("unplugged while assigned") { $0.unplug(device) },
            changed("unplugged and plugged in again") { world in
                if let same = world.unplug(device) { world.plug(same) }
            },
            changed("another device in its socket") { world in
                guard var other = world.unplug(device) else { return }
                other.attributes["serial"] = "another"
                world.plug(other)
            },
            changed("the guest destroyed, its backend left") {
                $0.destroy(1, leavingBackend: true)
            },
            changed("the guest destroyed") { $0.destroy(1) },
            changed("a second port given to it") { world in
                guard let first = world.xlAttach(device, domain: 1, controller: 0, port: 2).first
                else { return }
                world.perform([first])
            },
            Event(title: "its controller's removal killed before the last change", world: closed),
            Event(title: "given away by xl", world: byXL(Int.max)),
            Event(title: "given away by xl, which died half-way", world: byXL(4)),
        ]
    }

    private func changed(_ title: String, _ change: (inout World) -> Void) -> Event {
        var world = World.builtIn()
        world.run(attach)
        change(&world)
        world.settle()
        return Event(title: title, world: world)
    }

    /// The device is back, the controller has closed, its nodes are there.
    private var closed: World {
        var world = World.builtIn()
        world.run(attach)
        var left: [World] = []
        var process = SimulatedProcess(in: world, process: 1)
        let removal = Command.removeController(guest, ControllerNumber(0))
        _ = process.run(Operation(removal)) { left.append($0) }
        return left.dropLast().last ?? world
    }

    /// xl gets a number of its actions done.
    private func byXL(_ count: Int) -> World {
        var world = World.builtIn()
        world.run(.addController(guest, settings))
        world.settle()
        for action in world.xlAttach(device, domain: 1, controller: 0, port: 1).prefix(count) {
            world.perform([action])
            world.settle()
        }
        return world
    }
}
