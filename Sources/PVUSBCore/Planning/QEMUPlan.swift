internal import USBModel

/// What differs where QEMU has the devices, and not usbback.
extension Observation {
    /// A device's way into a place, from its host drivers to the last look.
    func capture(_ device: HostDevice, _ claim: Claim, unbinding unbinds: [Step]) -> [Step] {
        let place = claim.place
        switch place.kind {
        case .pv:
            return [
                .awaitConnected(place.controller), .claim(claim), .awaitListed(device.id, place),
            ] + unbinds + claim.record.interfaces.map { .bind($0.id, to: SysfsPath.usbback) }
        case .qusb:
            return [
                .awaitConnected(place.controller, .qusb), .claim(claim),
                .awaitTaken(device.id, place),
            ]
        case .deviceModel:
            return emulation(of: place.controller) + [
                .claim(claim), .plug(device.id, place, device.address),
            ]
        }
    }

    /// What a command that was cut short may have left to do: QEMU must know the controller.
    private func emulation(of id: ControllerID) -> [Step] {
        guard let view = controller(id) else {
            return [.plugController(id, .automatic(.deviceModel))]
        }
        let settings = ControllerSettings(
            kind: .deviceModel, version: view.version, ports: UInt8(clamping: view.ports.count))
        return settings.map { [.plugController(id, $0)] } ?? []
    }

    /// A device's way out of a place: what QEMU has comes back by itself when it lets go.
    ///
    /// - Parameters:
    ///   - record: what the record shall say.
    ///   - unbinds: what has to be done before the port is cleared.
    ///   - known: the id that QEMU was told, where that is known.
    ///   - then: what is done as soon as the port is cleared, as QEMU takes its time.
    func recall(
        _ id: BusID, from place: Place, _ record: Record, unbinding unbinds: [Step],
        known: String?, then: [Step] = []
    ) -> [Step] {
        let noted = [.record(id, record)] + unbinds
        let recalled =
            (unbinds.isEmpty ? [.recall(id, place, record)] : noted + [.clear(id, place)]) + then
        guard hasQEMU(place.controller.domain), !isOthers(place, than: id) else {
            return recalled
        }
        guard place.kind == .qusb else {
            return noted + [.unplug(id, place, known: known), .clear(id, place)] + then
                + [.awaitLetGo(id, place)]
        }
        // That it closes the device shows that it has read the port; else only time can tell.
        let isOpen = isWithQEMU(id, of: place.controller.domain) == true
        return recalled + (isOpen ? [] : [.awaitForgotten(id, place)]) + [.awaitLetGo(id, place)]
    }

    /// Tells whether what QEMU has in a port can't be the device: the port holds another one, or the
    /// domain is not the one of which the record tells.
    private func isOthers(_ place: Place, than id: BusID) -> Bool {
        if case .device(let other) = content(of: place) { return other != id }
        let present = domain(place.controller.domain)?.vm
        guard let present, let recorded = records[id]?.vm else { return false }
        return present != recorded
    }

    /// Tells whether a port names a device that QEMU does not have: it may be in use for QEMU all
    /// the same, by what was there before a replug.
    func isInTheWay(_ device: HostDevice, at place: Place) -> Bool {
        place.kind.isQEMU && places(of: device.id).contains(place) && !isTaken(device, at: place)
    }

    /// The end of a controller whose ports are free.
    func end(of id: ControllerID, _ kind: ControllerKind) -> [Step] {
        let waits: [Step] =
            switch kind {
            case .pv: [.awaitClosed(id)]
            case .qusb: hasQEMU(id.domain) ? [.awaitClosed(id, .qusb)] : []
            case .deviceModel:
                hasQEMU(id.domain) ? [.unplugController(id), .awaitUnplugged(id)] : []
            }
        return [.closeController(id, kind)] + waits + removal(of: id, kind)
    }

    /// The end of a controller's nodes.
    func removal(of id: ControllerID, _ kind: ControllerKind) -> [Step] {
        [.removeController(id, kind)] + configuring(.controller(id))
    }

    /// What a change of the store calls for where libxl keeps a configuration of the domain: it
    /// drops its own when the domain is gone.
    func configuring(_ item: ConfigurationItem) -> [Step] {
        userdata?.isKept == true && domain(item.domain) != nil ? [.configure(item)] : []
    }
}

extension Observation {
    /// Makes sure that a controller which QEMU serves can take a device now.
    func checkQEMU(of place: Place) throws(PVUSBError) {
        guard place.kind.isQEMU else { return }
        let domain = domain(place.controller.domain)?.label ?? "domain \(place.controller.domain)"
        let name = "controller \(place.controller.number.number) of \(domain)"
        let qemu = qemus[place.controller.domain] ?? QEMUView()
        if let obstacle = qemu.obstacle {
            throw PVUSBError(
                qemu.isHidden ? .permission : .refused, "\(name) can take no device: \(obstacle)",
                remedy: qemu.isHidden ? "run pvusb as root" : nil)
        }
        guard controller(place.controller)?.isLeaving != true else {
            throw PVUSBError(.refused, "\(name) is going away", remedy: "pvusb list")
        }
    }
}

/// Which kinds of controller can work in a domain.
struct KindChoice: Hashable {
    /// The kinds that can, the one that libxl would make first.
    var usable: [ControllerKind] = []
    /// Why the others can't, as clauses about the domain.
    var obstacles: [ControllerKind: String] = [:]
}

extension Observation {
    /// Sorts the kinds for a domain.
    ///
    /// libxl emulates for an HVM guest, else takes usbback where it is loaded, else QEMU
    /// (libxl_usb.c, `libxl__device_usbctrl_setdefault`), whether it can work or not.
    func kinds(for domain: DomainID) -> KindChoice {
        let isHVM = qemus[domain]?.guestType == .hvm
        let order: [ControllerKind] =
            isHVM ? [.deviceModel, .pv, .qusb] : [.pv, .qusb, .deviceModel]
        var choice = KindChoice()
        for kind in order {
            if let obstacle = obstacle(to: kind, in: domain) {
                choice.obstacles[kind] = obstacle
            } else {
                choice.usable.append(kind)
            }
        }
        return choice
    }

    /// Why a kind of controller can't work in a domain; nil when nothing is in the way.
    private func obstacle(to kind: ControllerKind, in domain: DomainID) -> String? {
        let qemu = qemus[domain] ?? QEMUView()
        switch kind {
        case .pv:
            return host.drivers.contains(SysfsPath.usbback)
                ? nil : "usbback is not loaded on this host"
        case .qusb:
            return qemu.obstacle ?? (qemu.offersQusb ? nil : "its QEMU does not offer it")
        case .deviceModel: return qemu.guestType == .hvm ? qemu.obstacle : "it is no HVM guest"
        }
    }

    /// The settings of a new controller, of the kind wished for or of the first that can work.
    ///
    /// - Throws: why a kind can't work; usage when the rest of the wish does not fit the kind.
    func settings(
        _ wish: ControllerWish, for domain: DomainView
    ) throws(PVUSBError) -> ControllerSettings {
        let choice = kinds(for: domain.id)
        guard let kind = wish.kind else {
            guard let first = choice.usable.first else { throw .noKind(for: domain, choice) }
            return try wish.settings(for: first)
        }
        // libxl makes one of kind pv without usbback, too, and so do we: it may come later.
        if kind != .pv, let obstacle = choice.obstacles[kind] {
            let isHidden = qemus[domain.id]?.isHidden ?? false
            throw PVUSBError(
                isHidden ? .permission : .refused,
                "a controller of kind \(kind.rawValue) can't work in \(domain.label): \(obstacle)",
                remedy: isHidden ? "run pvusb as root" : "pvusb controller add \(domain.word)")
        }
        return try wish.settings(for: kind)
    }
}

extension PVUSBError {
    /// No kind of controller can work in a domain.
    static func noKind(for domain: DomainView, _ choice: KindChoice) -> PVUSBError {
        let reasons = ControllerKind.allCases.compactMap { kind in
            choice.obstacles[kind].map { "\(kind.rawValue): \($0)" }
        }
        return PVUSBError(
            .refused, "no kind of controller can work in \(domain.label)",
            cause: reasons.joined(separator: "; "),
            remedy: "load usbback, or start the guest with a controller of type=qusb")
    }
}
