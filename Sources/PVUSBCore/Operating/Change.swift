public import USBModel

/// Something that differs between two looks at a host.
public enum Change: Hashable, Sendable {
    /// A device; nil when it is gone, and nothing holds it.
    case device(BusID, DeviceStatus?)
    /// A controller, its ports apart; nil when it is gone.
    case controller(ControllerID, ControllerView?)
    /// A port and what it holds now.
    case port(Place, PortContent)
}

extension Inventory {
    /// What differs from an earlier look: devices, then controllers and their ports.
    public func changes(since before: Inventory) -> [Change] {
        deviceChanges(before) + controllerChanges(before)
    }

    private func deviceChanges(_ before: Inventory) -> [Change] {
        let old = before.statuses
        let new = statuses
        return Set(old.keys).union(new.keys).sorted().compactMap { id in
            let isSame =
                new[id] == old[id] && (workers[id] == nil) == (before.workers[id] == nil)
            return isSame ? nil : .device(id, new[id])
        }
    }

    private var statuses: [BusID: DeviceStatus] {
        var statuses: [BusID: DeviceStatus] = [:]
        for status in observation.deviceStatuses() { statuses[status.id] = status }
        return statuses
    }

    private func controllerChanges(_ before: Inventory) -> [Change] {
        let ids = Set((observation.controllers + before.observation.controllers).map(\.id))
        return ids.sorted().flatMap { id -> [Change] in
            let old = before.observation.controller(id)
            let new = observation.controller(id)
            let isSame = old?.withoutPorts == new?.withoutPorts
            return (isSame ? [] : [.controller(id, new)]) + portChanges(of: id, old, new)
        }
    }

    private func portChanges(
        of id: ControllerID, _ old: ControllerView?, _ new: ControllerView?
    ) -> [Change] {
        PortNumber.all(UInt8(clamping: new?.ports.count ?? 0)).compactMap { port in
            let content = new?.content(of: port) ?? .missing
            // The ports of a new controller are free unless they say otherwise.
            guard content != old?.content(of: port) ?? .free else { return nil }
            return .port((new ?? old)?.place(port) ?? Place(controller: id, port: port), content)
        }
    }
}

extension ControllerView {
    fileprivate var withoutPorts: ControllerView { with(ports: ports.map { _ in .free }) }
}
