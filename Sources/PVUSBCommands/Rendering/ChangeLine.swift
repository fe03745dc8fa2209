internal import PVUSB

/// A change as a line for people, or as an object for programs.
enum ChangeLine {
    static func render(_ change: Change, _ inventory: Inventory, asJSON: Bool) -> String {
        asJSON
            ? JSONText.render(ChangeDocument(change, inventory))
            : text(change, inventory).escaped + "\n"
    }

    private static func text(_ change: Change, _ inventory: Inventory) -> String {
        switch change {
        case .device(let id, nil): return "device \(id) gone"
        case .device(let id, let status?):
            let place = inventory.place(of: status)
            let words = ["device", "\(id)", status.productText, status.name, status.state.rawValue]
            return (words + [place]).filter { !$0.isEmpty }.joined(separator: " ")
        case .controller(let id, nil):
            return "controller \(inventory.name(of: id.domain)) \(id.number.number) gone"
        case .controller(let id, let view?):
            return "controller \(inventory.name(of: id.domain)) \(id.number.number) "
                + inventory.description(of: view)
        case .port(let place, let content):
            return "port \(inventory.label(place)) \(text(content))"
        }
    }

    private static func text(_ content: PortContent) -> String {
        switch content {
        case .free: "free"
        case .missing: "gone"
        case .device(let id): "\(id)"
        case .unreadable(let text): "no device: '\(text.forShowing)'"
        }
    }
}

/// A line of `pvusb watch --json`.
struct ChangeDocument: Encodable {
    let schemaVersion = 1
    let kind = "Change"
    let subject: String
    let gone: Bool
    let busId: Nullable<String>
    let domainId: Nullable<Int>
    let devid: Nullable<Int>
    let port: Nullable<Int>
    let device: Nullable<DeviceDocument>
    let controller: Nullable<ControllerDocument>

    init(_ change: Change, _ inventory: Inventory) {
        var id: ControllerID?
        var shown: BusID?
        var number: Int?
        var view: ControllerView?
        var status: DeviceStatus?
        switch change {
        case .device(let device, let seen):
            (subject, gone, shown, status) = ("device", seen == nil, device, seen)
        case .controller(let controller, let seen):
            (subject, gone, id, view) = ("controller", seen == nil, controller, seen)
        case .port(let place, let content):
            (subject, gone, id) = ("port", content == .missing, place.controller)
            number = Int(place.port.number)
            if case .device(let device) = content { shown = device }
        }
        busId = Nullable(shown?.description)
        domainId = Nullable(id.map { Int($0.domain.number) })
        devid = Nullable(id.map { Int($0.number.number) })
        port = Nullable(number)
        device = Nullable(status.map { DeviceDocument($0, inventory) })
        controller = Nullable(view.map { ControllerDocument($0, inventory) })
    }
}
