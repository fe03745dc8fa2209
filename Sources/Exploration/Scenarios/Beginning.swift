internal import PVUSBCore
internal import Simulation

extension Catalogue {
    /// What a scenario's command finds when it begins.
    enum Beginning {
        /// Nothing but the guests; of kind `qusb` usbback is not loaded, so that QEMU is taken.
        case fresh
        /// Nothing but guests whose drivers answer nobody.
        case deaf
        /// Both guests have a controller.
        case controllers
        /// The first guest's only port holds the other device.
        case full
        /// The device has lost its drivers, and nobody has it.
        case unbound
        /// The device is in the first guest.
        case attached
        /// Both devices are.
        case bothAttached
        /// An attach of it was killed on its way.
        case halfAttached
        /// An attach was killed when it had made a controller.
        case halfMade
        /// A detach of it was killed on its way.
        case halfDetached
        /// It is home, and whoever took it back was killed before that was told.
        case almostDetached
        /// The removal of its controller was killed on its way.
        case halfRemoved
        /// It was taken back and left without drivers.
        case parked
        /// It was pulled while the guest had it.
        case absent
        /// It was pulled and plugged in again.
        case replugged
        /// Another device came to its socket.
        case exchanged
        /// The guest is gone that had it.
        case destroyed
        /// The same, and its backend is left.
        case orphaned
        /// Both guests are gone, each with the device in what is left of a backend.
        case bothOrphaned
        /// The guest's QEMU was killed.
        case unserved
        /// xl gave it to the first guest.
        case xlAttached
        /// xl died while it did so.
        case xlBegan
        /// We gave it to the first guest, then xl took it and gave it to the second.
        case xlMoved
        /// We gave it to the first guest, and xl wrote it into a port of the second.
        case contested
        /// xl gave it to the first guest, and wrote it into a port of the second.
        case contestedByXL
    }

    static func world(
        _ clean: World, _ beginning: Beginning, _ kind: ControllerKind
    ) -> World {
        switch beginning {
        case .fresh:
            var world = clean
            if kind == .qusb { world.usb.drivers.removeAll { $0 == .usbback } }
            return world
        case .deaf:
            var world = clean
            world.guests = world.guests.map { World.Guest(domain: $0.domain, hasFrontend: false) }
            return world
        case .controllers: return controllers(clean, kind, ports: 2)
        case .full:
            var world = controllers(clean, kind, ports: 1)
            world.run(.attach(one, .busID(SmallWorld.bystander), at: nil))
            return world.settled
        case .unbound:
            var world = controllers(clean, kind, ports: 2)
            for interface in world.usb.device(SmallWorld.device)?.interfaces ?? [] {
                try? world.write("\(interface.id)", to: "/sys/bus/usb/drivers/home/unbind")
            }
            return world
        case .halfAttached:
            return halfDone(attach, in: controllers(clean, kind, ports: 2), 2, of: 3)
        case .halfMade: return halfDone(attach, in: world(clean, .fresh, kind), 1, of: 3)
        case .xlAttached: return byXL(in: controllers(clean, kind, ports: 2), .max)
        case .contestedByXL:
            var world = byXL(in: controllers(clean, kind, ports: 2), .max)
            contest(&world)
            return world.settled
        case .xlBegan: return byXL(in: controllers(clean, kind, ports: 2), kind == .pv ? 3 : 1)
        default:
            var world = controllers(clean, kind, ports: 2)
            world.run(attach)
            if beginning == .bothAttached {
                world.run(.attach(one, .busID(SmallWorld.bystander), at: nil))
            }
            return after(beginning, world.settled)
        }
    }

    /// What became of a world in which the device was attached.
    private static func after(_ beginning: Beginning, _ attached: World) -> World {
        let device = SmallWorld.device
        var world = attached
        switch beginning {
        case .halfDetached: return halfDone(.detach(Self.device), in: world, 2, of: 3)
        case .almostDetached: return almostDone(.detach(Self.device), in: world)
        case .halfRemoved: return halfDone(remove(), in: world, 6, of: 7)
        case .parked: world.run(.detach(Self.device, rebind: false))
        case .absent: world.unplug(device)
        case .replugged:
            if let same = world.unplug(device) { world.plug(same) }
        case .exchanged: world.plug(SmallWorld.other)
        case .destroyed: world.destroy(1)
        case .orphaned: world.destroy(1, leavingBackend: true)
        case .unserved: world.killQEMU(of: 1)
        case .xlMoved:
            let place = world.ports(holding: device).first
            let port = place?.port ?? 1
            let leave = world.xlDetach(device, domain: 1, controller: 0, port: port)
            perform(leave, in: &world)
            perform(world.xlAttach(device, domain: 2, controller: 0, port: 1), in: &world)
        case .contested: contest(&world)
        case .bothOrphaned:
            contest(&world)
            for domain: UInt16 in [1, 2] { world.destroy(domain, leavingBackend: true) }
        default: break
        }
        return world.settled
    }

    private static func contest(_ world: inout World) {
        world.perform(
            Array(
                world.xlAttach(SmallWorld.device, domain: 2, controller: 0, port: 1).prefix(1)))
    }

    private static func perform(_ actions: [XLAction], in world: inout World) {
        for action in actions {
            world.perform([action])
            world.settle()
        }
    }

    private static func byXL(in world: World, _ count: Int) -> World {
        var world = world
        let actions = world.xlAttach(SmallWorld.device, domain: 1, controller: 0, port: 1)
        perform(Array(actions.prefix(count)), in: &world)
        return world
    }

    private static func controllers(
        _ clean: World, _ kind: ControllerKind, ports: UInt8
    ) -> World {
        var world = clean
        if let settings = settings(kind, ports: ports) {
            world.run(.addController(one, settings))
            world.run(.addController(two, settings))
        }
        return world.settled
    }

    /// The world after all of a command's effects but the last that changes anything.
    private static func almostDone(_ command: Command, in world: World) -> World {
        var complete = SimulatedProcess(in: world, process: 1)
        _ = complete.run(Operation(command))
        var process = SimulatedProcess(in: world, process: 1)
        let last = complete.trace.lastIndex { $0.changesWorld } ?? 0
        _ = process.run(Operation(command), until: .before(last))
        return process.world
    }

    /// The world after a part of a command's effects.
    private static func halfDone(
        _ command: Command, in world: World, _ part: Int, of whole: Int
    ) -> World {
        var complete = SimulatedProcess(in: world, process: 1)
        _ = complete.run(Operation(command))
        var process = SimulatedProcess(in: world, process: 1)
        _ = process.run(
            Operation(command), until: .before(complete.trace.count * part / whole))
        return process.world
    }
}

extension World {
    fileprivate var settled: World {
        var world = self
        world.settle()
        return world
    }
}
