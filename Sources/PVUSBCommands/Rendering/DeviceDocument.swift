internal import PVUSB

/// The answer of `pvusb devices --json`.
struct DeviceListDocument: Encodable {
    let schemaVersion = 1
    let kind = "DeviceList"
    let devices: [DeviceDocument]
    let unreadable: [UnreadableDocument]
    let oddities: [OddityDocument]

    init(_ inventory: Inventory) {
        devices = inventory.observation.deviceStatuses().map { DeviceDocument($0, inventory) }
        unreadable = inventory.observation.host.unreadable.map {
            UnreadableDocument(name: $0.name, reason: $0.reason)
        }
        oddities = inventory.observation.oddities.map { OddityDocument($0) }
    }

    struct UnreadableDocument: Encodable {
        let name: String
        let reason: String
    }
}

/// A device as a program reads it.
struct DeviceDocument: Encodable {
    let busId: String
    let bus: Nullable<Int>
    let device: Nullable<Int>
    let vendorId: Nullable<String>
    let productId: Nullable<String>
    let serial: Nullable<String>
    let manufacturer: Nullable<String>
    let product: Nullable<String>
    let speed: Nullable<Double>
    let state: String
    let interfaces: [Interface]
    let assignment: Nullable<Assignment>
    let pending: Nullable<Pending>
    let conditions: [Condition]

    struct Interface: Encodable {
        let id: String
        let `class`: String
        let driver: Nullable<String>
        let hostDriver: Nullable<String>
    }

    struct Assignment: Encodable {
        let domainId: Int
        let domainName: Nullable<String>
        let controller: Int
        let port: Int
        let kind: String
    }

    struct Pending: Encodable {
        let goal: String
        let remedy: Nullable<String>
    }

    struct Condition: Encodable {
        let type: String
        let status: Bool
        let reason: String
        let message: String
        let remedy: Nullable<String>
    }

    init(_ status: DeviceStatus, _ inventory: Inventory) {
        let device = status.device
        let identity = device?.identity ?? status.record?.identity
        let words = identity?.vendorProduct.description.split(separator: ":").map(String.init)
        busId = status.id.description
        bus = Nullable(device.map { Int($0.address.bus) })
        self.device = Nullable(device.map { Int($0.address.device) })
        vendorId = Nullable(words?.first)
        productId = Nullable(words?.last)
        serial = Nullable(identity?.serial)
        manufacturer = Nullable(device?.manufacturer)
        product = Nullable(device?.product)
        speed = Nullable(device?.speed?.megabits)
        state = status.state.rawValue
        interfaces = (device?.interfaces ?? []).map { Interface($0, status.record) }
        assignment = Nullable(status.place.map { Assignment($0, inventory) })
        pending = Nullable(Pending(status, inventory))
        conditions = Condition.all(status, inventory)
    }
}

extension DeviceDocument.Interface {
    fileprivate init(_ interface: HostInterface, _ record: Record?) {
        id = interface.id.description
        `class` = interface.interfaceClass.description
        driver = Nullable(interface.driver?.text)
        let ordinary = interface.driver == .usbback ? nil : interface.driver
        hostDriver = Nullable((record?.driver(of: interface.id) ?? ordinary)?.text)
    }
}

extension DeviceDocument.Assignment {
    fileprivate init(_ place: Place, _ inventory: Inventory) {
        let controller = inventory.observation.controller(place.controller)
        domainId = Int(place.controller.domain.number)
        domainName = Nullable(inventory.observation.domain(place.controller.domain)?.name)
        self.controller = Int(place.controller.number.number)
        port = Int(place.port.number)
        kind = controller?.kind?.rawValue ?? "unknown"
    }
}

extension DeviceDocument.Pending {
    /// What was begun; no remedy while a living process is at it.
    fileprivate init?(_ status: DeviceStatus, _ inventory: Inventory) {
        guard let pending = status.pending else { return nil }
        goal = pending.rawValue
        remedy = Nullable(inventory.workers[status.id] == nil ? status.remedy : nil)
    }
}

extension DeviceDocument.Condition {
    /// Whether the device is where it was meant to be; if not, why, and what helps.
    fileprivate static func all(
        _ status: DeviceStatus, _ inventory: Inventory
    ) -> [DeviceDocument.Condition] {
        let isInProgress = inventory.workers[status.id] != nil
        return status.problems.map { problem in
            DeviceDocument.Condition(
                type: "Settled", status: false,
                reason: isInProgress ? "in-progress" : status.state.rawValue, message: problem,
                remedy: Nullable(isInProgress ? nil : status.remedy))
        }
    }
}
