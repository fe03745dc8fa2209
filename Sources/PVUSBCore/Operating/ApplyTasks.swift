internal import USBModel

extension Observation {
    /// What has to be done so that a guest has what its file wants: controllers, then devices.
    ///
    /// What it has besides stays. A controller that is there has to be what the file wants it to be.
    ///
    /// - Throws: a controller is there and another one than wanted, or its number is used up; a
    ///   device is not plugged in, or is wanted in two places.
    func tasks(
        applying file: GuestFile, to domain: DomainView
    ) throws(PVUSBError) -> [Task] {
        guard domain.id != .zero else { throw .hostIsNoTarget }
        var tasks: [Task] = []
        for (index, wish) in file.controllers.enumerated() {
            guard let number = UInt8(exactly: index) else { throw .tooManyControllers }
            let id = ControllerID(domain: domain.id, number: ControllerNumber(number))
            if try lacks(id, wish, in: domain) { tasks.append(.addController(domain.id, wish)) }
        }
        for wanted in file.devices {
            let device = try resolve(.address(wanted.address))
            tasks.append(.attach(device, to: domain.id, at: wanted.place))
        }
        return tasks
    }

    /// Tells whether a controller has to be made.
    private func lacks(
        _ id: ControllerID, _ wish: ControllerWish, in domain: DomainView
    ) throws(PVUSBError) -> Bool {
        if let controller = controller(id), !controller.isOrphan {
            try check(controller, against: wish, in: domain)
            return false
        }
        let greatest = greatestNumbers[domain.id] ?? 0
        guard greatestNumbers[domain.id] == nil || greatest < id.number.number else {
            throw PVUSBError(
                .refused,
                "\(domain.label) has no controller \(id.number.number), but has had greater "
                    + "numbers, and a number is not given twice",
                remedy: "pvusb controller add \(domain.word)")
        }
        return true
    }

    private func check(
        _ controller: ControllerView, against wish: ControllerWish, in domain: DomainView
    ) throws(PVUSBError) {
        let isKind = wish.kind == nil || wish.kind == controller.kind
        let isVersion = wish.version == nil || wish.version == controller.version
        let hasPorts = wish.ports.map { Int($0) == controller.ports.count } ?? true
        guard !isKind || !isVersion || !hasPorts else { return }
        let number = controller.id.number.number
        let kind = controller.kind?.rawValue ?? "unknown kind"
        throw PVUSBError(
            .refused,
            "controller \(number) of \(domain.label) is \(kind), USB \(controller.version), with "
                + "\(controller.ports.count) ports, which is not what the file wants",
            remedy: "pvusb controller remove \(domain.word) \(number)")
    }
}

extension PVUSBError {
    fileprivate static let tooManyControllers = PVUSBError(
        .usage, "a guest has at most 256 controllers")
}
