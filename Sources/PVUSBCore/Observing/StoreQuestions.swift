internal import USBModel
internal import XenStoreWire

/// Which part of the host a survey looks at.
enum SurveyScope: Hashable, Sendable {
    /// Every domain and every device.
    case everything
    /// The host's devices only; the store is not asked.
    case hostOnly
    /// One device's drivers, without the store: after a sysfs write.
    case drivers(of: BusID)
    /// A device's record, a controller or both, without sysfs: after a change of the store.
    case store(device: BusID?, controller: ControllerID?)
    /// libxl's notes of a device's drivers.
    case notes(of: BusID)

    /// The one device that sysfs is asked about; nil for all of them.
    var onlyDevice: BusID? {
        guard case .drivers(let device) = self else { return nil }
        return device
    }

    var asksStore: Bool {
        switch self {
        case .everything, .store, .notes: true
        case .hostOnly, .drivers: false
        }
    }

    var asksFiles: Bool {
        switch self {
        case .everything, .hostOnly, .drivers: true
        case .store, .notes: false
        }
    }
}

/// Decides what a survey of the store wants to know, given what it knows.
struct StoreQuestions: Hashable, Sendable {
    let scope: SurveyScope

    /// The requests of the next wave; empty when nothing is open.
    func open(_ answers: StoreAnswers) -> [StoreRequest] {
        wanted(answers).filter { !answers.has($0) }
    }

    private func wanted(_ answers: StoreAnswers) -> [StoreRequest] {
        switch scope {
        case .hostOnly, .drivers: return []
        case .store(let device, let controller):
            return (device.map { record(of: $0, answers) } ?? [])
                + (controller.map { self.controller($0, answers) } ?? [])
        case .notes(let device): return notes(of: device, answers)
        case .everything: return everything(answers)
        }
    }

    private func everything(_ answers: StoreAnswers) -> [StoreRequest] {
        var requests: [StoreRequest] = [
            .read(StoreLayout.version), .directory(StoreLayout.domains),
            .directory(StoreLayout.records), .directory(StoreLayout.driverPaths),
            .directory(StoreLayout.backends),
        ]
        for domain in answers.domains {
            requests.append(.read(StoreLayout.domain(domain) / "name"))
            requests.append(.read(StoreLayout.domain(domain) / "vm"))
            requests.append(.directory(StoreLayout.controllers(of: domain)))
        }
        requests += answers.backendDomains.map { .directory(StoreLayout.backends(of: $0)) }
        requests += answers.controllers.flatMap { controller($0, answers) }
        requests += answers.orphans.flatMap { orphan($0, answers) }
        requests += answers.recordedDevices.flatMap { record(of: $0, answers) }
        requests += answers.notedDevices.flatMap { notes(of: $0, answers) }
        return requests
    }

    private func controller(_ id: ControllerID, _ answers: StoreAnswers) -> [StoreRequest] {
        let record = StoreLayout.record(of: id)
        let described = ControllerKey.described.map { StoreRequest.read(record / $0) }
        guard !answers.isMissing(id) else { return described + orphan(id, answers) }
        guard let kind = answers.kindInDomainZero(id) else { return described }
        let ends = [answers.backend(of: id), StoreLayout.frontend(of: id)].compactMap { $0 }
        let states = ends.map { StoreRequest.read($0 / ControllerKey.state) }
        let ports = StoreLayout.ports(of: id, kind)
        return described + (kind == .deviceModel ? [] : states)
            + (answers.lacksPortCount(id) ? [.directory(ports)] : [])
            + answers.ports(of: id, in: ports).map { .read(ports / $0.component) }
    }

    /// A backend without libxl's record: its domain was destroyed, and this was left behind.
    private func orphan(_ id: ControllerID, _ answers: StoreAnswers) -> [StoreRequest] {
        let backend = StoreLayout.backend(of: id)
        let ports = StoreLayout.ports(of: id, .pv)
        return [
            .read(backend / ControllerKey.state), .read(backend / ControllerKey.version),
            .directory(ports),
        ] + answers.listedPorts(in: ports).map { .read(ports / $0.component) }
    }

    private func notes(of device: BusID, _ answers: StoreAnswers) -> [StoreRequest] {
        let directory = StoreLayout.driverPaths(of: device)
        let interfaces = answers.children(directory).compactMap { InterfaceID(component: $0) }
        return [.directory(directory)]
            + interfaces.filter { $0.device == device }
            .map { .read(StoreLayout.driverPath(of: $0)) }
    }

    private func record(of device: BusID, _ answers: StoreAnswers) -> [StoreRequest] {
        let record = StoreLayout.record(of: device)
        let interfaces = record / RecordKey.interface
        let names = answers.children(interfaces).compactMap { StorePath.Component($0) }
        return RecordKey.fields.map { .read(record / $0) }
            + [.directory(interfaces)] + names.map { .read(interfaces / $0) }
    }
}

/// The names of a controller's nodes (libxl_usb.c, `libxl__device_usbctrl_add`).
enum ControllerKey {
    static let type: StorePath.Component = "type"
    static let backend: StorePath.Component = "backend"
    static let portCount: StorePath.Component = "num-ports"
    static let version: StorePath.Component = "usb-ver"
    static let state: StorePath.Component = "state"
    static let online: StorePath.Component = "online"
    static let described = [type, backend, portCount, version]
}

extension StoreAnswers {
    /// The domains listed so far, by number.
    var domains: [DomainID] {
        children(StoreLayout.domains).compactMap { UInt16(decimal: $0).flatMap(DomainID.init) }
            .sorted()
    }

    /// The controllers listed so far.
    var controllers: [ControllerID] {
        domains.flatMap { domain in
            children(StoreLayout.controllers(of: domain)).compactMap { UInt8(decimal: $0) }.sorted()
                .map { ControllerID(domain: domain, number: ControllerNumber($0)) }
        }
    }

    /// The devices with a record listed so far.
    var recordedDevices: [BusID] {
        children(StoreLayout.records).compactMap { BusID(component: $0) }.sorted()
    }

    /// The domains for which domain 0 has backends of controllers, there or gone.
    var backendDomains: [DomainID] {
        children(StoreLayout.backends).compactMap { UInt16(decimal: $0).flatMap(DomainID.init) }
            .sorted()
    }

    /// The backends listed so far that no record of libxl's knows.
    var orphans: [ControllerID] {
        let known = Set(controllers)
        return backendDomains.filter { !domains.contains($0) || hasListedControllers(of: $0) }
            .flatMap { domain in
                children(StoreLayout.backends(of: domain)).compactMap { UInt8(decimal: $0) }
                    .sorted().map { ControllerID(domain: domain, number: ControllerNumber($0)) }
            }.filter { !known.contains($0) }
    }

    private func hasListedControllers(of domain: DomainID) -> Bool {
        has(.directory(StoreLayout.controllers(of: domain)))
    }

    /// The devices listed so far of which libxl has noted drivers.
    var notedDevices: [BusID] {
        children(StoreLayout.driverPaths).compactMap { BusID(component: $0) }.sorted()
    }

    /// Tells whether it is known that libxl has no record of a controller.
    func isMissing(_ controller: ControllerID) -> Bool {
        let record = StoreLayout.record(of: controller)
        return has(.read(record / ControllerKey.type)) && !isDescribed(controller)
    }

    /// Tells whether libxl's record says anything of a controller.
    func isDescribed(_ controller: ControllerID) -> Bool {
        let record = StoreLayout.record(of: controller)
        return ControllerKey.described.contains { exists(record / $0) }
    }

    /// The recorded number of ports; nil while unknown or outside 1…31.
    func portCount(of controller: ControllerID) -> UInt8? {
        let node = StoreLayout.record(of: controller) / ControllerKey.portCount
        return text(node).flatMap { UInt8(decimal: $0) }
            .flatMap { (1...PortNumber.max).contains($0) ? $0 : nil }
    }

    /// Tells whether a controller's number of ports makes no sense, so that they are listed.
    func lacksPortCount(_ controller: ControllerID) -> Bool {
        let record = StoreLayout.record(of: controller)
        return has(.read(record / ControllerKey.portCount)) && portCount(of: controller) == nil
    }

    /// The ports of a controller: as many as are recorded; where that makes no sense, those there.
    func ports(of controller: ControllerID, in directory: StorePath) -> [PortNumber] {
        portCount(of: controller).map { PortNumber.all($0) } ?? listedPorts(in: directory)
    }

    /// The ports from 1 to the greatest that a directory lists.
    func listedPorts(in directory: StorePath) -> [PortNumber] {
        let numbers = children(directory).compactMap { UInt8(decimal: $0).flatMap(PortNumber.init) }
        return PortNumber.all(numbers.max()?.number ?? 0)
    }

    /// The kind of a controller whose ports only domain 0 can change; nil for one whose backend
    /// is in a driver domain, whose devices are not this host's anyway.
    func kindInDomainZero(_ controller: ControllerID) -> ControllerKind? {
        let record = StoreLayout.record(of: controller)
        guard let kind = text(record / ControllerKey.type).flatMap(ControllerKind.init) else {
            return nil
        }
        guard kind != .deviceModel else { return kind }
        let ports = StoreLayout.ports(of: controller, kind)
        return backend(of: controller) == ports.parent ? kind : nil
    }

    /// The backend's directory as recorded; there is none where QEMU emulates the controller.
    func backend(of controller: ControllerID) -> StorePath? {
        text(StoreLayout.record(of: controller) / ControllerKey.backend).flatMap { StorePath($0) }
    }
}
