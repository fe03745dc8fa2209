internal import USBModel

extension Observation {
    /// Picks the port for a device: the one asked for, or the lowest free one that fits.
    func freePlace(
        for device: HostDevice, in domain: DomainView, _ wish: PlaceWish?
    ) throws(PVUSBError) -> Place {
        guard let wish else { return try anyPlace(for: device, in: domain) }
        let id = ControllerID(domain: domain.id, number: wish.controller)
        guard let controller = controller(id) else { throw noController(wish.controller, domain) }
        try controller.check(device, in: domain)
        guard let port = wish.port else {
            guard let free = controller.freePort else { throw full(controller, domain) }
            return Place(controller: id, port: free)
        }
        try check(controller, port, in: domain)
        return Place(controller: id, port: port)
    }

    private func anyPlace(
        for device: HostDevice, in domain: DomainView
    ) throws(PVUSBError) -> Place {
        let own = controllers.filter { $0.id.domain == domain.id && !$0.isLeaving }
        var refusal: PVUSBError?
        for controller in own {
            do throws(PVUSBError) {
                try controller.check(device, in: domain)
                if let free = controller.freePort {
                    return Place(controller: controller.id, port: free)
                }
                throw full(controller, domain)
            } catch {
                refusal = refusal ?? error
            }
        }
        throw refusal
            ?? PVUSBError(
                .notFound, "\(domain.label) has no USB controller",
                remedy: "pvusb controller add \(domain.word)")
    }

    private func check(
        _ controller: ControllerView, _ port: PortNumber, in domain: DomainView
    ) throws(PVUSBError) {
        let place = Place(controller: controller.id, port: port)
        switch controller.content(of: port) {
        case .free: return
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
        backendState == .closing || backendState == .closed
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
