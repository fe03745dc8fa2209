public import PVUSBCore
internal import Simulation

/// A kind of controller, the device and the guest by which its states are shown.
public struct StateKind: Sendable {
    /// The kind.
    public let kind: ControllerKind
    let guest: DomainSelector
    let device: BusID

    /// Takes the device with two interfaces of the built-in world, and a guest that fits the kind.
    public init?(_ kind: ControllerKind) {
        guard let device = BusID("1-4"),
            let guest = try? DomainSelector(kind == .deviceModel ? "win10" : "pv1")
        else { return nil }
        (self.kind, self.guest, self.device) = (kind, guest, device)
    }

    var domain: UInt16 { kind == .deviceModel ? 3 : 1 }

    /// The built-in world, in which an attach to the guest makes a controller of the kind.
    var beginning: World {
        var world = World.builtIn()
        guard kind == .qusb else { return world }
        world.startQEMU(for: domain)
        world.usb.drivers.removeAll { $0 == .usbback }
        return world
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
    var events: [Event] { common + (kind == .pv ? othersOfKindPV : othersWithQEMU) }

    private var common: [Event] {
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
            changed("the guest destroyed") { $0.destroy(domain) },
            Event(title: "its controller's removal killed before the last change", world: closed),
        ]
    }

    private var othersOfKindPV: [Event] {
        [
            changed("the guest destroyed, its backend left") {
                $0.destroy(domain, leavingBackend: true)
            },
            changed("a second port given to it by xl") { world in
                let actions = world.xlAttach(device, domain: domain, controller: 0, port: 2)
                world.perform(Array(actions.prefix(1)))
            },
            Event(title: "given away by xl", world: byXL(Int.max)),
            Event(title: "given away by xl, which died half-way", world: byXL(4)),
        ]
    }

    private var othersWithQEMU: [Event] {
        [
            changed("QEMU ended as a toolstack ends it") { $0.stopQEMU(of: domain) },
            changed("QEMU killed") { $0.killQEMU(of: domain) },
        ]
    }

    private func changed(_ title: String, _ change: (inout World) -> Void) -> Event {
        var world = beginning
        world.run(attach)
        change(&world)
        world.settle()
        return Event(title: title, world: world)
    }

    /// The device is back, the controller has closed, its nodes are there.
    private var closed: World {
        var world = beginning
        world.run(attach)
        var left: [World] = []
        var process = SimulatedProcess(in: world, process: 1)
        let removal = Command.removeController(guest, ControllerNumber(0))
        _ = process.run(Operation(removal)) { world, _ in left.append(world) }
        return left.dropLast().last ?? world
    }

    /// xl gets a number of its actions done.
    private func byXL(_ count: Int) -> World {
        var world = beginning
        if let settings = ControllerSettings(kind: kind) {
            world.run(.addController(guest, settings))
        }
        world.settle()
        for action in world.xlAttach(device, domain: domain, controller: 0, port: 1).prefix(count) {
            world.perform([action])
            world.settle()
        }
        return world
    }
}
