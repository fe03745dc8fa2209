internal import USBModel

/// Where a device can go: a port that is there, or the first one of a controller to be made.
enum Spot: Hashable, Sendable {
    case port(Place)
    case newController(ControllerID, ControllerSettings)

    /// The port.
    var place: Place {
        switch self {
        case .port(let place): place
        case .newController(let id, _): Place(controller: id, port: .first)
        }
    }

    /// The controller that has to be made first; nil when it is there.
    var creation: (controller: ControllerID, settings: ControllerSettings)? {
        guard case .newController(let id, let settings) = self else { return nil }
        return (id, settings)
    }
}

extension Observation {
    /// Picks the port for a device: the one asked for, the lowest free one that fits, or one of a
    /// controller that is made for it.
    func freeSpot(
        for device: HostDevice, in domain: DomainView, _ wish: PlaceWish?
    ) throws(PVUSBError) -> Spot {
        guard let wish else { return try anySpot(for: device, in: domain) }
        let id = ControllerID(domain: domain.id, number: wish.controller)
        guard let controller = controller(id), !controller.isOrphan else {
            throw noController(wish.controller, domain)
        }
        try controller.check(device, in: domain)
        guard let port = wish.port ?? controller.freePort else { throw full(controller, domain) }
        try check(controller, port, in: domain)
        return .port(Place(controller: id, port: port))
    }

    private func anySpot(
        for device: HostDevice, in domain: DomainView
    ) throws(PVUSBError) -> Spot {
        let own = controllers.filter { $0.id.domain == domain.id && !$0.isLeaving && !$0.isOrphan }
        for controller in own where controller.carries(device) {
            guard let free = controller.freePort else { continue }
            return .port(Place(controller: controller.id, port: free))
        }
        guard device.speed.map({ $0 <= .high }) ?? true else { throw .tooFast(device) }
        return .newController(try nextController(for: domain), .automatic)
    }

    /// The controller's name after the greatest there is.
    ///
    /// A stray child of the listing, which is no controller, has used its number too, and so has
    /// what an earlier domain of the same number left behind.
    func nextController(for domain: DomainView) throws(PVUSBError) -> ControllerID {
        let described = controllers.filter { $0.id.domain == domain.id }.map(\.id.number.number)
        let used = described + [greatestNumbers[domain.id]].compactMap { $0 }
        let next = used.max().map { Int($0) + 1 } ?? 0
        guard let number = UInt8(exactly: next) else {
            throw PVUSBError(.failed, "\(domain.label) has used the controller number 255")
        }
        return ControllerID(domain: domain.id, number: ControllerNumber(number))
    }

    private func check(
        _ controller: ControllerView, _ port: PortNumber, in domain: DomainView
    ) throws(PVUSBError) {
        let place = Place(controller: controller.id, port: port)
        switch controller.content(of: port) {
        case .free:
            guard controller.isOffline else { return }
            throw PVUSBError(
                .busy,
                "controller \(controller.id.number.number) of \(domain.label) is being removed",
                remedy: "pvusb recover")
        case .missing:
            throw PVUSBError(
                .notFound,
                "controller \(controller.id.number.number) of \(domain.label) has ports "
                    + "1 to \(controller.ports.count), not \(port.number)",
                remedy: "pvusb list \(domain.word)")
        case .device(let other):
            throw PVUSBError(
                .busy, "port \(place.label) of \(domain.label) holds \(other)",
                remedy: "pvusb detach \(other)")
        case .unreadable:
            throw PVUSBError(
                .busy, "port \(place.label) of \(domain.label) holds something that is no device",
                remedy: "pvusb list \(domain.word)")
        }
    }

    private func noController(_ number: ControllerNumber, _ domain: DomainView) -> PVUSBError {
        PVUSBError(
            .notFound, "\(domain.label) has no controller \(number.number)",
            remedy: "pvusb list \(domain.word)")
    }

    private func full(_ controller: ControllerView, _ domain: DomainView) -> PVUSBError {
        PVUSBError(
            .busy,
            "controller \(controller.id.number.number) of \(domain.label) has no free port",
            remedy: "pvusb controller add \(domain.word)")
    }
}

extension ControllerView {
    /// The backend is on its way out, or gone.
    fileprivate var isLeaving: Bool {
        isOffline || backendState == .closing || backendState == .closed
    }

    /// Tells whether the controller can carry the device.
    fileprivate func carries(_ device: HostDevice) -> Bool {
        guard kind == .pv, backendDomain == .zero else { return false }
        return device.speed.map { $0 <= carries } ?? true
    }

    /// Checks that the controller can carry the device.
    fileprivate func check(_ device: HostDevice, in domain: DomainView) throws(PVUSBError) {
        let name = "controller \(id.number.number) of \(domain.label)"
        guard kind == .pv else {
            throw PVUSBError(
                .refused, "\(name) is of kind \(kind?.rawValue ?? "unknown"), not pv")
        }
        guard backendDomain == .zero else {
            throw PVUSBError(
                .refused, "the backend of \(name) is in domain \(backendDomain), not in domain 0")
        }
        guard let speed = device.speed, speed > carries else { return }
        throw PVUSBError(
            .refused,
            "\(device.id) runs at \(speed) Mbit/s, \(name) carries at most \(carries) Mbit/s",
            remedy: speed >= .superSpeed
                ? "plug it into a USB 2 port or behind a USB 2 hub"
                : "pvusb controller add \(domain.word) --version 2")
    }

    /// usbback refuses SuperSpeed, and high speed on a version 1 controller (usbstub.c).
    private var carries: USBSpeed { version >= 2 ? .high : .full }
}

extension PVUSBError {
    fileprivate static func tooFast(_ device: HostDevice) -> PVUSBError {
        let speed = device.speed.map { "\($0)" } ?? "an unknown number of"
        return PVUSBError(
            .refused,
            "\(device.id) runs at \(speed) Mbit/s, a controller of kind pv carries at most "
                + "\(USBSpeed.high) Mbit/s",
            remedy: "plug it into a USB 2 port or behind a USB 2 hub")
    }
}
