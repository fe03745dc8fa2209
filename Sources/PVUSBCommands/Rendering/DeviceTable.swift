internal import PVUSB

/// Shows what `pvusb devices` saw to people.
enum DeviceTable {
    /// The longest name shown on a terminal.
    static let nameMax = 60

    static func render(_ inventory: Inventory, withHeader: Bool) -> String {
        var table = Table(header: ["BUS ID", "ID", "DEVICE", "STATE", "WHERE"])
        for status in inventory.observation.deviceStatuses() {
            table.rows.append([
                status.id.description, status.productText, status.name.cut(to: nameMax),
                status.state.rawValue, inventory.place(of: status),
            ])
        }
        for device in inventory.observation.host.unreadable {
            table.rows.append([device.name, "", "", "unreadable", device.reason])
        }
        return table.render(withHeader: withHeader)
    }
}

extension DeviceStatus {
    /// Vendor and product, of the device itself or as recorded.
    var productText: String {
        (device?.vendorProduct ?? record?.identity?.vendorProduct)?.description ?? ""
    }

    /// What the device calls itself.
    var name: String { device?.name ?? "(unplugged)" }
}

extension Inventory {
    /// Where a device is: its drivers, its port, or what to type next.
    func place(of status: DeviceStatus) -> String {
        if let worker = workers[status.id] {
            let process = worker.process.map { " (process \($0))" } ?? ""
            return "in progress\(process)"
        }
        switch status.state {
        case .host, .hub, .unbound, .parked: return status.drivers.joined(separator: ",")
        case .assigned: return status.place.map(label) ?? ""
        case .attaching, .detaching: return "interrupted: \(status.remedy ?? "")"
        default: return status.remedy ?? ""
        }
    }

    /// A place with its domain's name, `win10 0:1`.
    func label(_ place: Place) -> String {
        let domain = observation.domain(place.controller.domain)?.label
        return "\(domain ?? "domain \(place.controller.domain)") \(place.label)"
    }
}

extension DeviceStatus {
    /// The drivers of the interfaces, each once, in the interfaces' order.
    fileprivate var drivers: [String] {
        var names: [String] = []
        for driver in (device?.interfaces ?? []).compactMap(\.driver?.text)
        where !names.contains(driver) {
            names.append(driver)
        }
        return names
    }
}
