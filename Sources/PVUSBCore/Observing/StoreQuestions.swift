internal import USBModel
internal import XenStoreWire

/// Which part of the host a survey looks at.
enum SurveyScope: Hashable, Sendable {
    /// Every domain and every device.
    case everything
    /// Every domain, without sysfs: after a claim, since another tool takes no lock.
    case everyPort
    /// The host's devices only; the store is not asked.
    case hostOnly
    /// One device's drivers, without the store: after a sysfs write.
    case drivers(of: BusID)
    /// A device's record, a controller or both, without sysfs: after a change of the store.
    case store(device: BusID?, controller: ControllerID?)
    /// libxl's notes of a device's drivers.
    case notes(of: BusID)
    /// What the devices and the domain that is asked about are called, and no more.
    case names
    /// Nothing: what was done shows nowhere that is looked at.
    case nothing
    /// The rest of what the store says of controllers.
    case details(of: [ControllerID])
    /// Whether a domain's QEMU has a device, and then the device's drivers.
    case taken(BusID, by: DomainID)
    /// What was added to a domain's QEMU, and then a device's drivers, if one is named.
    case peripherals(of: DomainID, BusID?)

    /// The one device that sysfs is asked about; nil for all of them.
    var onlyDevice: BusID? {
        switch self {
        case .drivers(let device), .taken(let device, _): device
        case .peripherals(_, let device): device
        default: nil
        }
    }

    var asksFiles: Bool {
        switch self {
        case .everything, .names, .hostOnly, .drivers, .taken: true
        case .peripherals(_, let device): device != nil
        case .everyPort, .store, .notes, .nothing, .details: false
        }
    }
}

/// Decides what a survey of the store wants to know, given what it knows.
struct StoreQuestions: Hashable, Sendable {
    let scope: SurveyScope
    /// A domain whose QEMU counts although it may have no controller yet.
    var about: DomainInterest = .none

    /// The requests of the next wave; empty when nothing is open.
    func open(_ answers: StoreAnswers) -> [StoreRequest] {
        wanted(answers).filter { !answers.has($0) }
    }

    private func wanted(_ answers: StoreAnswers) -> [StoreRequest] {
        switch scope {
        case .nothing, .hostOnly, .drivers, .taken, .peripherals: return []
        case .store(let device, let controller):
            return (device.map { record(of: $0, answers) } ?? [])
                + (controller.map { self.controller($0, answers) } ?? [])
        case .names: return names(answers)
        case .notes(let device): return notes(of: device, answers)
        case .details(let controllers): return controllers.flatMap { details(of: $0) }
        case .everything, .everyPort: return everything(answers)
        }
    }

    /// A domain that is told by its number needs no look at the others.
    private func names(_ answers: StoreAnswers) -> [StoreRequest] {
        let domains =
            switch about {
            case .none: [DomainID]()
            case .one(.number(let number)): answers.domains.filter { $0 == number }
            case .one(.name), .guests: answers.domains
            }
        return [.directory(StoreLayout.domains)]
            + domains.map { .read(StoreLayout.domain($0) / "name") }
    }

    private func everything(_ answers: StoreAnswers) -> [StoreRequest] {
        var requests: [StoreRequest] = [
            .read(StoreLayout.version), .directory(StoreLayout.domains),
            .directory(StoreLayout.records), .directory(StoreLayout.driverPaths),
        ]
        requests += BackendKind.allCases.map { .directory(StoreLayout.backends($0)) }
        for domain in answers.domains {
            requests.append(.read(StoreLayout.domain(domain) / "name"))
            requests.append(.read(StoreLayout.domain(domain) / "vm"))
            requests.append(.directory(StoreLayout.controllers(of: domain)))
        }
        for kind in BackendKind.allCases {
            requests += answers.backendDomains(kind)
                .map { .directory(StoreLayout.backends(of: $0, kind)) }
            requests += answers.orphans(kind).flatMap { orphan($0, kind, answers) }
        }
        requests += answers.controllers.flatMap { controller($0, answers) }
        if scope == .everything { requests += answers.qemuDomains(about).flatMap { qemu(of: $0) } }
        requests += answers.recordedDevices.flatMap { record(of: $0, answers) }
        requests += answers.notedDevices.flatMap { notes(of: $0, answers) }
        return requests
    }

    private func controller(_ id: ControllerID, _ answers: StoreAnswers) -> [StoreRequest] {
        let record = StoreLayout.record(of: id)
        let described = ControllerKey.described.map { StoreRequest.read(record / $0) }
        guard !answers.isMissing(id) else {
            return described + BackendKind.allCases.flatMap { orphan(id, $0, answers) }
        }
        guard let kind = answers.kindInDomainZero(id) else { return described }
        let ends = [answers.backend(of: id), StoreLayout.frontend(of: id)].compactMap { $0 }
        let states = ends.map { StoreRequest.read($0 / ControllerKey.state) }
        let online = answers.backend(of: id).map { StoreRequest.read($0 / ControllerKey.online) }
        let ports = StoreLayout.ports(of: id, kind)
        let own = StoreRequest.read(record / ControllerKey.online)
        return described
            + (kind == .deviceModel ? [own] : states + [online].compactMap { $0 })
            + (answers.lacksPortCount(id) ? [.directory(ports)] : [])
            + answers.ports(of: id, in: ports).map { .read(ports / $0.component) }
    }

    /// A backend without libxl's record: its domain was destroyed, and this was left behind.
    private func orphan(
        _ id: ControllerID, _ kind: BackendKind, _ answers: StoreAnswers
    ) -> [StoreRequest] {
        let backend = StoreLayout.backend(of: id, kind.kind)
        let ports = StoreLayout.ports(of: id, kind.kind)
        return [
            .read(backend / ControllerKey.state), .read(backend / ControllerKey.version),
            .directory(ports), .read(StoreLayout.frontend(of: id)),
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
