public import USBModel

/// What somebody wants to see all about.
public enum ShowTarget: Hashable, Sendable {
    /// A device.
    case device(DeviceSelector)
    /// A domain's controllers, one of them, or a port.
    case domain(DomainSelector, PlaceWish?)
}

/// The same with names resolved.
public enum Subject: Hashable, Sendable {
    /// A device, whose layers are shown.
    case device(BusID)
    /// Controllers, by domain and number.
    case controllers([ControllerID])
    /// A port and what it holds.
    case port(Place)
}

extension Observation {
    /// Finds what is meant.
    ///
    /// - Throws: no such device, domain, controller or port.
    func resolve(_ target: ShowTarget) throws(PVUSBError) -> Subject {
        switch target {
        case .device(let selector): return .device(try resolve(selector))
        case .domain(let selector, let wish):
            let domain = try resolve(selector)
            guard let wish else {
                return .controllers(controllers.map(\.id).filter { $0.domain == domain.id })
            }
            let id = ControllerID(domain: domain.id, number: wish.controller)
            guard let controller = controller(id) else {
                throw PVUSBError(
                    .notFound, "\(domain.label) has no controller \(id.number.number)",
                    remedy: "pvusb list \(domain.word)")
            }
            guard let port = wish.port else { return .controllers([id]) }
            guard controller.content(of: port) != .missing else {
                throw PVUSBError(
                    .notFound, "\(domain.label) has no port \(wish.label)",
                    remedy: "pvusb list \(domain.word)")
            }
            return .port(controller.place(port))
        }
    }

    /// The controllers that a subject is about.
    func controllers(of subject: Subject) -> [ControllerID] {
        switch subject {
        case .device(let device): places(of: device).map(\.controller)
        case .controllers(let ids): ids
        case .port(let place): [place.controller]
        }
    }
}
