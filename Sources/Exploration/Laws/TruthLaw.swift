internal import PVUSBCore
internal import Simulation

/// What decides what `devices` shows: the world, and who works in it.
struct TruthKey: Hashable {
    let world: Int32
    let locks: UInt64
}

extension Search {
    /// Law 7: `devices` says of each device what the world says.
    func checkTruth(_ node: Node, _ index: Int32) {
        let locks = (node[0]?.locks ?? 0) | (node[1]?.locks ?? 0)
        let key = TruthKey(world: node.world, locks: locks)
        let found = truths[key] ?? lies(in: node.world, locks)
        truths[key] = found
        for lie in found { note(.truth, lie, at: index) }
    }

    func lies(in number: Int32, _ locks: UInt64) -> [String] {
        let run = run(.devices, in: number, locks: locks)
        guard case .inventory(let inventory)? = run.outcome else {
            return ["devices failed: \(run.outcome?.error?.message ?? "no end")"]
        }
        guard run.world == number else { return ["devices changed the world"] }
        let world = play.worlds.world(number)
        return [scenario.device, SmallWorld.bystander].compactMap { device in
            let isWorkedOn = locks & play.bit(of: "device.\(device)") != 0
            return lie(about: device, inventory, world, isWorkedOn)
        } + lies(ofListsIn: number, locks, inventory.observation)
    }

    /// What must be said of a device.
    func truth(of device: BusID, in world: World) -> Expectation {
        guard !play.isHealed else { return Expectation(device, in: world) }
        let isHidden = device == scenario.device && scenario.isUnreadable
        return Expectation(
            device, in: world, isReadable: !isHidden || world.usb.device(device) == nil,
            seesQEMU: !scenario.hidesQEMU)
    }

    private func lie(
        about device: BusID, _ inventory: Inventory, _ world: World, _ isWorkedOn: Bool
    ) -> String? {
        let truth = truth(of: device, in: world)
        let shown = inventory.observation.deviceStatuses().first { $0.id == device }
        guard shown?.state == truth.state else {
            return
                "\(device) is \(truth.state.word), but shown as \(shown?.state.word ?? "nothing")"
        }
        guard let shown else { return nil }
        guard (shown.remedy != nil) == truth.needsRemedy else {
            return "\(device) is \(shown.state.word) with the remedy \(shown.remedy ?? "none")"
        }
        guard (shown.pending != nil) == truth.isPending else {
            return "what was begun with \(device) is \(shown.pending?.rawValue ?? "not shown")"
        }
        if let place = shown.place, !truth.places.contains(PortName(place)) {
            return "\(device) is shown at \(place.label), where it is not"
        }
        if truth.places.isEmpty != (shown.place == nil) { return "the port of \(device) is wrong" }
        let isShown = inventory.workers[device] != nil
        guard isShown == (isWorkedOn && truth.isPending) else {
            return "\(device) is shown as \(isShown ? "" : "not ")worked on"
        }
        return nil
    }
}

extension DeviceState {
    var word: String { rawValue }
}

extension DeviceState? {
    var word: String { self?.rawValue ?? "nothing" }
}

extension PortName {
    init(_ place: Place) {
        self.init(
            kind: place.kind, domain: place.controller.domain.number,
            controller: UInt32(place.controller.number.number), port: place.port.number)
    }
}
