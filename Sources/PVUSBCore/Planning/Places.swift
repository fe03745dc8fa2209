internal import USBModel

/// Where a device can go: a port that is there, or the first one of a controller to be made.
enum Spot: Hashable, Sendable {
    case port(Place)
    case newController(ControllerID, ControllerSettings)

    /// The port.
    var place: Place {
        switch self {
        case .port(let place): place
        case .newController(let id, let settings):
            Place(controller: id, port: .first, kind: settings.kind)
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
        try checkQEMU(of: controller.place(.first))
        guard let port = wish.port ?? controller.freePort else { throw full(controller, domain) }
        try check(controller, port, in: domain)
        return .port(controller.place(port))
    }

    private func anySpot(
        for device: HostDevice, in domain: DomainView
    ) throws(PVUSBError) -> Spot {
        let own = controllers.filter { $0.id.domain == domain.id && !$0.isLeaving && !$0.isOrphan }
        for controller in own where controller.carries(device) {
            guard let free = controller.freePort,
                (try? checkQEMU(of: controller.place(free))) != nil
            else { continue }
            return .port(controller.place(free))
        }
        return .newController(try nextController(for: domain), try newSettings(for: device, domain))
    }

    /// The controller to make for a device: of the first kind that can work and carries it.
    private func newSettings(
        for device: HostDevice, _ domain: DomainView
    ) throws(PVUSBError) -> ControllerSettings {
        let choice = kinds(for: domain.id)
        guard !choice.usable.isEmpty else { throw .noKind(for: domain, choice) }
        let fitting = choice.usable.map { ControllerSettings.automatic($0) }.first { settings in
            device.speed.map(settings.kind.speeds(version: settings.version).contains) ?? true
        }
        guard let fitting else { throw .tooFast(device) }
        return fitting
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
    var isLeaving: Bool {
        isOffline || backendState == .closing || backendState == .closed
    }

    /// Tells whether the controller can carry the device.
    fileprivate func carries(_ device: HostDevice) -> Bool {
        guard let kind, backendDomain == .zero else { return false }
        return device.speed.map(kind.speeds(version: version).contains) ?? true
    }

    /// Checks that the controller can carry the device.
    fileprivate func check(_ device: HostDevice, in domain: DomainView) throws(PVUSBError) {
        let name = "controller \(id.number.number) of \(domain.label)"
        guard let kind else { throw PVUSBError(.refused, "\(name) is of an unknown kind") }
        guard backendDomain == .zero else {
            throw PVUSBError(
                .refused, "the backend of \(name) is in domain \(backendDomain), not in domain 0")
        }
        let speeds = kind.speeds(version: version)
        guard let speed = device.speed, !speeds.contains(speed) else { return }
        let limit =
            speed > speeds.upperBound
            ? "at most \(speeds.upperBound)" : "at least \(speeds.lowerBound)"
        throw PVUSBError(
            .refused, "\(device.id) runs at \(speed) Mbit/s, \(name) carries \(limit) Mbit/s",
            remedy: kind == .pv && speed >= .superSpeed
                ? "plug it into a USB 2 port or behind a USB 2 hub"
                : "pvusb controller add \(domain.word) --kind \(kind.rawValue) --version "
                    + "\(kind == .deviceModel ? 3 : 2)")
    }
}

extension ControllerKind {
    /// The speeds that a controller carries.
    ///
    /// usbback refuses SuperSpeed, and high speed on version 1 (usbstub.c). qusb refuses the latter
    /// (QEMU, hw/usb/xen-usb.c); a SuperSpeed device falls back to high speed. Of those that QEMU
    /// emulates, version 1 is UHCI, version 2 EHCI without companions, and version 3 xHCI.
    func speeds(version: UInt8) -> ClosedRange<USBSpeed> {
        switch (self, version) {
        case (.pv, 0...1), (.qusb, 0...1), (.deviceModel, 0...1): .low ... .full
        case (.pv, _): .low ... .high
        case (.deviceModel, 2): .high ... .superSpeedPlusBy2
        case (.qusb, _), (.deviceModel, _): .low ... .superSpeedPlusBy2
        }
    }
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
