internal import XenStoreWire

/// All that the store says of a controller, as libxl's `libxl_usbctrlinfo` has it.
///
/// What its guest may have written is for showing only.
public struct ControllerInfo: Hashable, Sendable {
    /// The controller; its domain is libxl's `frontend_id`, its number libxl's `devid`.
    public let id: ControllerID
    /// How it is implemented, libxl's `type`.
    public let kind: ControllerKind?
    /// The USB version, libxl's `version`.
    public let version: UInt8
    /// How many ports it has, libxl's `ports`.
    public let portCount: Int
    /// The backend's path, libxl's `backend`; nil where QEMU emulates the controller.
    public let backend: String?
    /// The domain of the backend, libxl's `backend_id`.
    public let backendDomain: DomainID
    /// The frontend's path, libxl's `frontend`.
    public let frontend: String
    /// The guest's end of the handshake, libxl's `state`.
    public let frontendState: Untrusted<XenbusState>?
    /// The event channel that the guest offers, libxl's `evtch`.
    public let eventChannel: Untrusted<String>?
    /// The guest's page for requests, libxl's `ref_urb`.
    public let requestRing: Untrusted<String>?
    /// The guest's page for connects and disconnects, libxl's `ref_conn`; libxl itself shows the
    /// other page's number here (libxl_usb.c, `libxl_device_usbctrl_getinfo`).
    public let connectionRing: Untrusted<String>?
    /// The backend's end of the handshake.
    public let backendState: XenbusState?
    /// Whether the backend shall stay; nil when it does not say.
    public let isOnline: Bool?
}

/// The names of the nodes that only a look at the details reads.
enum DetailKey {
    static let frontend: [StorePath.Component] = [
        "event-channel", "urb-ring-ref", "conn-ring-ref",
    ]
}

extension StoreQuestions {
    /// What a look at a controller's details reads.
    func details(of id: ControllerID) -> [StoreRequest] {
        let ends = DetailKey.frontend.map { StoreLayout.frontend(of: id) / $0 }
        let backends = [ControllerKind.pv, .qusb].compactMap {
            StoreLayout.ports(of: id, $0).parent
        }
        return (ends + backends.map { $0 / ControllerKey.online }).map { .read($0) }
    }
}

extension StoreAnswers {
    /// The details of a controller that was seen.
    func info(of view: ControllerView) -> ControllerInfo {
        let frontend = StoreLayout.frontend(of: view.id)
        let backend = view.kind.flatMap { kind in
            kind == .deviceModel ? nil : StoreLayout.ports(of: view.id, kind).parent
        }
        let online = backend.flatMap { text($0 / ControllerKey.online) }
        let own = DetailKey.frontend.map { text(frontend / $0).map { Untrusted($0) } }
        return ControllerInfo(
            id: view.id, kind: view.kind, version: view.version, portCount: view.ports.count,
            backend: backend?.text,
            backendDomain: view.backendDomain, frontend: frontend.text,
            frontendState: view.frontendState, eventChannel: own[0], requestRing: own[1],
            connectionRing: own[2], backendState: view.backendState,
            isOnline: online.map { $0 == "1" })
    }
}
