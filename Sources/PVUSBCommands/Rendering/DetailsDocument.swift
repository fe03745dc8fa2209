internal import PVUSB

/// The answer of `pvusb show --json`.
struct DetailsDocument: Encodable {
    let schemaVersion = 1
    let kind = "Details"
    let device: Nullable<DeviceDocument>
    let port: Nullable<Port>
    let layers: [LayerDocument]
    let controllers: [InfoDocument]
    let oddities: [OddityDocument]

    struct Port: Encodable {
        let domainId: Int
        let controller: Int
        let number: Int
        let busId: Nullable<String>
    }

    init(_ inventory: Inventory) {
        let seen = inventory.observation
        var shown: BusID?
        var port: Port?
        switch inventory.subject {
        case .device(let device): shown = device
        case .port(let place):
            if case .device(let device) = seen.content(of: place) { shown = device }
            port = Port(
                domainId: Int(place.controller.domain.number),
                controller: Int(place.controller.number.number), number: Int(place.port.number),
                busId: Nullable(shown?.description))
        case .controllers, nil: break
        }
        device = Nullable(shown.map { DeviceDocument(seen.status(of: $0), inventory) })
        self.port = Nullable(port)
        layers = shown.map { seen.layers(of: $0).map { LayerDocument($0) } } ?? []
        controllers = seen.details.map { InfoDocument($0) }
        oddities = seen.oddities.map { OddityDocument($0) }
    }
}

/// A layer as a program reads it.
struct LayerDocument: Encodable {
    let layer: String
    let ok: Bool
    let reason: String
    let message: String
    let remedy: Nullable<String>

    init(_ layer: Layer) {
        self.layer = layer.name.rawValue
        ok = layer.reason == nil
        reason = layer.reason ?? "ok"
        message = layer.message
        remedy = Nullable(layer.remedy)
    }
}

/// The twelve fields of libxl's `libxl_usbctrlinfo`, and the backend's end.
struct InfoDocument: Encodable {
    let type: Nullable<String>
    let devid: Int
    let version: Int
    let ports: Int
    let backend: Nullable<String>
    let backendId: Int
    let frontend: String
    let frontendId: Int
    let state: Nullable<Int>
    let evtch: Nullable<Int>
    let refUrb: Nullable<Int>
    let refConn: Nullable<Int>
    let backendState: Nullable<Int>
    let online: Nullable<Bool>

    init(_ info: ControllerInfo) {
        type = Nullable(info.kind?.rawValue)
        devid = Int(info.id.number.number)
        version = Int(info.version)
        ports = info.portCount
        backend = Nullable(info.backend)
        backendId = Int(info.backendDomain.number)
        frontend = info.frontend
        frontendId = Int(info.id.domain.number)
        state = Nullable(info.frontendState.map { Int($0.forShowing.rawValue) })
        evtch = Nullable(info.eventChannel?.number)
        refUrb = Nullable(info.requestRing?.number)
        refConn = Nullable(info.connectionRing?.number)
        backendState = Nullable(info.backendState.map { Int($0.rawValue) })
        online = Nullable(info.isOnline)
    }
}

extension Untrusted<String> {
    /// The value where it is a number that a ring or a channel can have.
    fileprivate var number: Int? { UInt32(complete: forShowing).map { Int($0) } }
}

/// A value that makes no sense, as a program reads it.
struct OddityDocument: Encodable {
    let path: String
    let value: String
    let message: String

    init(_ oddity: Oddity) {
        path = oddity.path.text
        value = oddity.value.forShowing
        message = oddity.message
    }
}
