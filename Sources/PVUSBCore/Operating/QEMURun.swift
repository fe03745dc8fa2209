internal import USBModel

/// Has a domain's QEMU add or remove something, unless a look shows that it is so already.
///
/// QEMU serves one client at a time: each command is an effect of its own, and nothing is held
/// between two of them.
struct QEMURun: Hashable, Sendable {
    /// What QEMU shall do.
    enum Wish: Hashable {
        /// Have something of an id.
        case add(id: String, driver: String, properties: [String: DeviceModelCommand.Property])
        /// Have nothing of an id.
        case remove(id: String)
        /// Have nothing in a port.
        case empty(Place, known: String?)
    }

    private enum Phase: Hashable {
        case start
        case scanning(PeripheralScan)
        case asking([DeviceModelCommand.Action])
    }

    private let qemu: QEMUAddress
    private let wish: Wish
    private var phase = Phase.start

    init(_ wish: Wish, by qemu: QEMUAddress) {
        self.wish = wish
        self.qemu = qemu
    }

    /// Takes the answer to the command asked last, nil at the start.
    ///
    /// - Returns: in the end why QEMU did not do it, as far as it said.
    mutating func next(_ answer: Answer?) -> Progress<StepRun.Ending> {
        switch phase {
        case .start: return scan(PeripheralScan(qemu), nil)
        case .scanning(let scan): return self.scan(scan, answer)
        case .asking(let rest): return asked(rest, answer)
        }
    }

    private mutating func scan(
        _ scan: PeripheralScan, _ answer: Answer?
    ) -> Progress<StepRun.Ending> {
        var scan = scan
        switch scan.next(answer) {
        case .ask(let effect):
            phase = .scanning(scan)
            return .ask(effect)
        case .finished(nil): return .finished(.tried(refusal: Self.refusal(answer)))
        case .finished(let found?): return ask(wish.actions(given: found))
        }
    }

    private mutating func ask(_ actions: [DeviceModelCommand.Action]) -> Progress<StepRun.Ending> {
        guard let first = actions.first else { return .finished(.tried(refusal: nil)) }
        phase = .asking(Array(actions.dropFirst()))
        return .ask(.deviceModel(qemu.command(first)))
    }

    private mutating func asked(
        _ rest: [DeviceModelCommand.Action], _ answer: Answer?
    ) -> Progress<StepRun.Ending> {
        if let refusal = Self.refusal(answer) { return .finished(.tried(refusal: refusal)) }
        return ask(rest)
    }

    /// Why QEMU did not do what it was asked; nil when it did, or did so before.
    private static func refusal(_ answer: Answer?) -> String? {
        switch answer {
        case .deviceModel(.refused("DeviceNotFound", _)): nil
        // Asked a second time while the guest has not answered (QEMU, qdev-monitor.c).
        case .deviceModel(.refused(_, let text)) where text.contains("process of unplug"): nil
        case .deviceModel(.refused(_, let text)): "QEMU says: \(text)"
        case .deviceModel(.unreachable(let reason)): reason
        case .deviceModel: nil
        default: "an answer came that does not belong to a command to QEMU"
        }
    }
}

extension QEMURun.Wish {
    /// What is left to do about it.
    fileprivate func actions(given found: [Peripheral]) -> [DeviceModelCommand.Action] {
        switch self {
        case .add(let id, let driver, let properties):
            found.contains { $0.id == id }
                ? [] : [.add(driver: driver, id: id, properties: properties)]
        case .remove(let id): found.contains { $0.id == id } ? [.remove(id: id)] : []
        case .empty(let place, let known):
            found.filter { $0.isAt(place, known: known) }.map { .remove(id: $0.id) }
        }
    }
}

extension Step {
    /// What QEMU has to do for the step, as a run of it.
    func qemuRun(in seen: Observation) -> QEMURun? {
        wished.map { QEMURun($0.wish, by: seen.qemuAddress($0.domain)) }
    }

    /// What QEMU has to do for the step, and whose.
    var wished: (wish: QEMURun.Wish, domain: DomainID)? {
        switch self {
        case .plugController(let id, let settings): (.adding(id, settings), id.domain)
        case .unplugController(let id): (.remove(id: id.qemuID), id.domain)
        case .plug(_, let place, let address):
            (.adding(address, at: place), place.controller.domain)
        case .unplug(_, let place, let known):
            (.empty(place, known: known), place.controller.domain)
        default: nil
        }
    }
}

extension QEMURun.Wish {
    /// The controllers of libxl_usb.c, `libxl__device_usbctrl_add_qmp`; only version 3 is told its
    /// ports, as numbers.
    fileprivate static func adding(
        _ id: ControllerID, _ settings: ControllerSettings
    ) -> QEMURun.Wish {
        let ports = DeviceModelCommand.Property.number(Int(settings.ports))
        return switch settings.version {
        case 1: .add(id: id.qemuID, driver: "piix3-usb-uhci", properties: [:])
        case 2: .add(id: id.qemuID, driver: "usb-ehci", properties: [:])
        default:
            .add(id: id.qemuID, driver: "nec-usb-xhci", properties: ["p2": ports, "p3": ports])
        }
    }

    /// A device as in libxl_usb.c, `libxl__device_usbdev_add_qmp`.
    fileprivate static func adding(_ address: BusAddress, at place: Place) -> QEMURun.Wish {
        .add(
            id: address.qemuID, driver: "usb-host",
            properties: [
                "bus": .text("\(place.controller.qemuID).0"),
                "port": .text("\(place.port.number)"), "hostbus": .number(Int(address.bus)),
                "hostaddr": .number(Int(address.device)),
            ])
    }
}
