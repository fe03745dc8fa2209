internal import PVUSB

/// Shows what `pvusb list` saw to people.
enum ControllerTable {
    static func render(_ inventory: Inventory, withHeader: Bool) -> String {
        var table = Table(header: ["DOMAIN", "PLACE", "KIND", "STATE", "HOLDS"])
        for controller in inventory.shownControllers {
            let domain =
                inventory.observation.domain(controller.id.domain)?.label
                ?? "domain \(controller.id.domain)"
            let free = controller.ports.count { $0 == .free }
            table.rows.append([
                domain, "\(controller.id.number.number)", controller.kindText,
                controller.stateText, "\(free) of \(controller.ports.count) ports free",
            ])
            table.rows += inventory.ports(of: controller, occupiedOnly: true).map {
                [domain, $0.place, "", "", $0.holds]
            }
        }
        return table.render(withHeader: withHeader)
    }
}

/// Shows what `pvusb list --tree` saw to people.
enum ControllerTree {
    static func render(_ inventory: Inventory) -> String {
        var lines: [String] = []
        var domain: DomainID?
        for controller in inventory.shownControllers {
            let id = controller.id.domain
            if id != domain {
                domain = id
                let view = inventory.observation.domain(id)
                lines.append("\(view?.label ?? "domain \(id)") (domain \(id))")
            }
            lines.append(
                "  controller \(controller.id.number.number): \(controller.kindText), "
                    + controller.stateText)
            lines += inventory.ports(of: controller, occupiedOnly: false).map {
                "    \($0.place)  \($0.holds)"
            }
        }
        return lines.map { "\($0.escaped)\n" }.joined()
    }
}

extension Inventory {
    /// The controllers of the domain asked for, or all.
    var shownControllers: [ControllerView] {
        observation.controllers.filter { domain == nil || $0.id.domain == domain }
    }

    /// What people call a domain.
    func name(of id: DomainID) -> String { observation.domain(id)?.label ?? "domain \(id)" }

    /// A controller in words: what it is, and how it is doing.
    func description(of controller: ControllerView) -> String {
        "\(controller.kindText) \(controller.stateText)"
    }

    /// What the ports of a controller hold, but for the free ones.
    func occupiedPorts(of id: ControllerID) -> [(place: String, holds: String)] {
        observation.controller(id).map { ports(of: $0, occupiedOnly: true) } ?? []
    }

    fileprivate func ports(
        of controller: ControllerView, occupiedOnly: Bool
    ) -> [(place: String, holds: String)] {
        PortNumber.all(UInt8(clamping: controller.ports.count)).compactMap { port in
            let content = controller.content(of: port)
            if occupiedOnly, content == .free { return nil }
            let place = Place(controller: controller.id, port: port, kind: controller.kind ?? .pv)
            return (place.label, describe(content))
        }
    }

    private func describe(_ content: PortContent) -> String {
        switch content {
        case .free: return "-"
        case .missing: return "the port node is missing"
        case .unreadable(let text): return "no device: '\(text.forShowing)'"
        case .device(let id):
            let status = observation.status(of: id)
            let state = status.state == .assigned ? "" : "  \(status.state.rawValue)"
            return "\(id)  \(status.productText)  \(status.name)\(state)"
        }
    }
}

extension ControllerView {
    fileprivate var kindText: String { "\(kind?.rawValue ?? "unknown kind"), USB \(version)" }

    fileprivate var stateText: String {
        let state = kind == .deviceModel ? "emulated" : backendState?.label ?? "no backend"
        return isOrphan ? "left behind" : state + (isOffline ? ", being removed" : "")
    }
}
