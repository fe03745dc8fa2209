internal import PVUSB

/// Shows what `pvusb show` saw to people.
enum DetailsText {
    static func render(_ inventory: Inventory, withHeader: Bool) -> String {
        switch inventory.subject {
        case .device(let device): render(device, inventory, withHeader)
        case .port(let place): render(place, inventory, withHeader)
        case .controllers, nil:
            inventory.observation.details.map { render($0, inventory) }.joined(separator: "\n")
        }
    }

    private static func render(
        _ device: BusID, _ inventory: Inventory, _ withHeader: Bool
    ) -> String {
        let layers = inventory.observation.layers(of: device)
        var table = Table(header: ["LAYER", "STATUS", "DETAIL"])
        let status = inventory.observation.status(of: device)
        table.rows.append(["state", status.state.rawValue, inventory.place(of: status)])
        table.rows += layers.map { [$0.name.rawValue, $0.reason ?? "ok", $0.message] }
        return table.render(withHeader: withHeader) + remedies(layers, inventory, device)
    }

    /// What to type, unless a living process is at it.
    private static func remedies(
        _ layers: [Layer], _ inventory: Inventory, _ device: BusID
    ) -> String {
        guard inventory.workers[device] == nil else { return "" }
        let remedies = Set(layers.compactMap(\.remedy)).sorted()
        return remedies.map { "try: \($0.escaped)\n" }.joined()
    }

    private static func render(
        _ place: Place, _ inventory: Inventory, _ withHeader: Bool
    ) -> String {
        if case .device(let device) = inventory.observation.content(of: place) {
            return render(device, inventory, withHeader)
        }
        let name = "port \(inventory.label(place))"
        guard case .unreadable(let text) = inventory.observation.content(of: place) else {
            return "\(name.escaped) is free\n"
        }
        return "\(name.escaped) holds no device: '\(text.forShowing.escaped)'\n"
    }

    private static func render(_ info: ControllerInfo, _ inventory: Inventory) -> String {
        let domain = inventory.observation.domain(info.id.domain)?.label
        var table = Table(header: ["FIELD", "VALUE"])
        table.rows = [
            ["controller", "\(info.id.number.number)"],
            ["domain", domain ?? "domain \(info.id.domain), which is gone"],
            ["kind", info.kind?.rawValue ?? "unknown"], ["usb version", "\(info.version)"],
            ["ports", "\(info.portCount)"], ["backend", info.backend ?? "none"],
            ["backend domain", "\(info.backendDomain)"],
            ["backend state", info.backendState?.label ?? "none"],
            ["frontend", info.frontend], ["frontend domain", "\(info.id.domain)"],
            ["frontend state", info.frontendState?.forShowing.label ?? "none"],
            ["event channel", info.eventChannel?.forShowing ?? "none"],
            ["urb-ring-ref", info.requestRing?.forShowing ?? "none"],
            ["conn-ring-ref", info.connectionRing?.forShowing ?? "none"],
        ]
        table.rows += inventory.occupiedPorts(of: info.id).map { ["port \($0.place)", $0.holds] }
        return table.render(withHeader: false)
    }
}

/// Warnings about values that make no sense, a line each, for standard error.
enum OddityText {
    static func render(_ oddities: [Oddity]) -> String {
        oddities.map { "pvusb: warning: \($0.message.escaped)\n" }.joined()
    }
}
