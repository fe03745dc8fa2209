internal import PVUSBCore
internal import Simulation

extension Event {
    /// Lets the event happen; where it can't, nothing changes.
    func happen(in world: inout World, _ scenario: Scenario) {
        switch self {
        case .unplug: world.unplug(scenario.device)
        case .replug(let usbbackFirst):
            world.plug(
                world.usb.device(scenario.device) ?? scenario.plugged, usbbackFirst: usbbackFirst)
        case .swap(let usbbackFirst): world.plug(scenario.other, usbbackFirst: usbbackFirst)
        case .destroy(let leavingBackend):
            guard world.isAlive(1) else { return }
            world.destroy(1, leavingBackend: leavingBackend)
        case .renew(let leavingBackend):
            guard world.isAlive(1) else { return }
            world.destroy(1, leavingBackend: leavingBackend)
            world.create(
                1, name: "one", type: scenario.kind == .deviceModel ? .hvm : .pv,
                uuid: "1d3f6f0a-0009-4a7e-9c55-00163e5e6c00")
            if scenario.kind != .pv { world.startQEMU(for: 1) }
        case .qemuDies: world.killQEMU(of: 1)
        case .qemuHangs: world.changeQEMU(of: 1) { $0.answers = false }
        case .qemuCannotOpen(let tells):
            world.changeQEMU(of: 1) { $0.opening = tells ? .refuses : .fails }
        case .udev(let takesLast): bind(in: &world, scenario.device, takesLast)
        case .guestCloses: guestWrites("state", "6", in: &world)
        case .guestGarbles: guestWrites("state", "\u{1b}[2Jx", in: &world)
        case .guestDeletes: world.perform([.remove(Self.frontend)], asGuest: 1)
        case .guestRewrites:
            guestWrites("backend", "/local/domain/0/backend/vusb/2/0", in: &world)
        case .newerRecords, .recordRewritten, .recordDropped, .controllerMade, .otherAttached:
            changeStore(of: &world, scenario)
        case .guestFloods:
            for name in ["a", "b", "c"] as [StorePath.Component] {
                guestWrites(name, "flood", in: &world)
            }
        }
    }

    private func changeStore(of world: inout World, _ scenario: Scenario) {
        let record = World.record(of: scenario.device)
        switch self {
        case .newerRecords: world.put([(.root / "libxl" / "pvusb" / "version", "2")])
        case .recordRewritten:
            world.put([(record / "goal", "detach")])
            world.remove([record / "port"])
        case .recordDropped: world.remove([record])
        case .controllerMade:
            let known = (0..<8 as Range<UInt32>).filter {
                world.hasController(PortName(domain: 1, controller: $0, port: 0))
            }
            let first = PortName(domain: 1, controller: 0, port: 0)
            let free: UInt32 = scenario.world.hasController(first) ? 1 : 0
            let number = max(free, known.max().map { $0 + 1 } ?? 0)
            guard world.isAlive(1) else { return bringBack(&world, scenario) }
            guard number < 3 else { return }
            world.perform(world.xlAddController(domain: 1, controller: number, ports: 1))
        case .otherAttached:
            guard world.serves(scenario.kind) else { return }
            world.perform(
                world.xlAttach(SmallWorld.bystander, domain: 1, controller: 0, port: 1))
        default: break
        }
    }

    /// A new domain gets the number and a controller at once, which xl makes of kind `pv` only.
    private func bringBack(_ world: inout World, _ scenario: Scenario) {
        guard scenario.kind == .pv else { return }
        world.create(
            1, name: "one", type: .pv, uuid: "1d3f6f0a-0009-4a7e-9c55-00163e5e6c00")
        world.perform(world.xlAddController(domain: 1, controller: 0, ports: 1))
    }

    private static let frontend =
        StorePath.root / "local" / "domain" / "1" / "device" / "vusb" / "0"

    /// A guest can't make its directory, only fill it.
    private func guestWrites(
        _ name: StorePath.Component, _ text: String, in world: inout World
    ) {
        guard world.text(Self.frontend) != nil else { return }
        world.perform([.write(Self.frontend / name, text: text)], asGuest: 1)
    }

    private func bind(in world: inout World, _ device: BusID, _ takesLast: Bool) {
        let free = (world.usb.device(device)?.interfaces ?? []).filter {
            $0.driver == nil && !$0.matches.isEmpty
        }
        guard let free = takesLast ? free.last : free.first, let driver = free.matches.first else {
            return
        }
        try? world.write(free.id.description, to: "/sys/bus/usb/drivers/\(driver)/bind")
    }

    /// Who is to blame for what comes of it.
    var meddler: Meddlers {
        switch self {
        case .unplug, .replug, .swap: .plug
        case .destroy, .renew, .qemuDies: .domain
        case .udev: .udev
        case .qemuHangs, .qemuCannotOpen: .qemu
        case .newerRecords: .newer
        case .recordRewritten, .recordDropped, .controllerMade: .xl
        case .otherAttached: [.xl, .other]
        case .guestCloses, .guestGarbles, .guestDeletes, .guestRewrites, .guestFloods: .guest
        }
    }
}

extension World {
    /// The world with a QEMU that answers and opens again: what hangs for ever is not waited for.
    func healed(_ domain: UInt16) -> World {
        var world = self
        world.changeQEMU(of: domain) {
            $0.answers = true
            $0.opening = .opens
        }
        let version = StorePath.root / "libxl" / "pvusb" / "version"
        if text(version) == "2" { world.put([(version, "1")]) }
        return world
    }

    /// Removes nodes as domain 0.
    mutating func remove(_ paths: [StorePath]) {
        let present = paths.filter { text($0) != nil }
        guard !present.isEmpty else { return }
        let connection = connect()
        _ = perform(present.map { StoreRequest.remove($0) }, from: connection)
        bury(0, connection)
    }

    /// The first guest has a controller of a kind that domain 0 serves.
    fileprivate func serves(_ kind: ControllerKind) -> Bool {
        let place = PortName(kind: kind, domain: 1, controller: 0, port: 1)
        let record = StorePath.root / "libxl" / "1" / "device" / "vusb" / "0"
        guard hasController(place), text(record / "type") == kind.rawValue else { return false }
        return kind == .deviceModel || text(record / "backend") == place.directory.parent?.text
    }

    func isAlive(_ domain: UInt16) -> Bool { guests.contains { $0.domain == domain } }
}

extension XLStory {
    /// What xl does for the command in a world; nil when it refuses at once.
    func actions(in world: World, _ scenario: Scenario) -> Playground.XLRest? {
        let device = scenario.device
        switch self {
        case .attach, .attachHere:
            let place = XLController(domain: self == .attach ? 2 : 1, number: 0)
            let port: UInt8 = self == .attach ? 1 : 2
            let name = PortName(
                kind: scenario.kind, domain: place.domain, controller: place.number, port: port)
            guard world.ports(holding: device).isEmpty,
                world.text(name.directory / StorePath.Component(UInt(port))) == ""
            else { return nil }
            let actions = world.xlAttach(
                device, domain: place.domain, controller: place.number, port: port)
            let undo = world.xlUndoAttach(
                device, domain: place.domain, controller: place.number, port: port)
            return actions.isEmpty ? nil : Playground.XLRest(actions: actions[...], undo: undo)
        case .detach:
            guard let port = world.ports(holding: device).first else { return nil }
            let actions = world.xlDetach(
                device, domain: port.domain, controller: port.controller, port: port.port)
            // A bind to a noted driver that is refused loses the notes, too.
            return actions.isEmpty
                ? nil : Playground.XLRest(actions: actions[...], undo: [.removeNotes(device)])
        }
    }
}
