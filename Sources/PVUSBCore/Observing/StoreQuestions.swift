internal import USBModel
internal import XenStoreWire

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
        case .details(let controllers): return controllers.flatMap { details(of: $0) }
        case .everything, .around, .everyPort: return lists(answers) + contents(answers)
        }
    }

    /// A domain that is told by its number needs no look at the others.
    private func names(_ answers: StoreAnswers) -> [StoreRequest] {
        switch about {
        case .none: []
        case .one(.number(let number)):
            [.directory(StoreLayout.domains), name(of: number)]
        case .one(.name), .guests:
            [.directory(StoreLayout.domains)] + answers.domains.map(name)
        }
    }

    private func name(of domain: DomainID) -> StoreRequest {
        .read(StoreLayout.domain(domain) / "name")
    }

    /// What there is: domains, controllers, backends, records and notes.
    private func lists(_ answers: StoreAnswers) -> [StoreRequest] {
        let version = StoreRequest.read(StoreLayout.version)
        let top: [StoreRequest] = [
            version, .directory(StoreLayout.domains), .directory(StoreLayout.records),
            .directory(StoreLayout.driverPaths),
        ]
        switch scope.focus {
        case nil, .device: return top + listsOfAll(answers)
        case .recorded:
            let domains = answers.domains(in: scope.focus)
            return [version] + domains.map { .read(StoreLayout.domain($0)) }
                + listsInFocus(answers)
        case .domain(.number): return top + listsInFocus(answers)
        case .domain(.name): return top + answers.domains.map(name) + listsInFocus(answers)
        }
    }

    private func listsOfAll(_ answers: StoreAnswers) -> [StoreRequest] {
        let kinds = BackendKind.allCases
        return kinds.map { .directory(StoreLayout.backends($0)) }
            + answers.domains.map { .directory(StoreLayout.controllers(of: $0)) }
            + kinds.flatMap { kind in
                answers.backendDomains(kind).map {
                    .directory(StoreLayout.backends(of: $0, kind))
                }
            }
    }

    private func listsInFocus(_ answers: StoreAnswers) -> [StoreRequest] {
        answers.domains(in: scope.focus).flatMap { domain in
            [.directory(StoreLayout.controllers(of: domain))]
                + BackendKind.allCases.map { .directory(StoreLayout.backends(of: domain, $0)) }
        }
    }

    /// What is said of that, as far as the look goes into it.
    private func contents(_ answers: StoreAnswers) -> [StoreRequest] {
        let domains = answers.domains(in: scope.focus)
        let shown = Set(domains)
        var requests = domains.flatMap { [name(of: $0), .read(StoreLayout.domain($0) / "vm")] }
        for kind in BackendKind.allCases {
            requests += answers.orphans(kind).flatMap { orphan($0, kind, answers) }
        }
        requests += answers.controllers(in: scope.focus).flatMap {
            shown.contains($0.domain) ? controller($0, answers) : outline($0, answers)
        }
        if scope.findsQEMUs {
            requests += answers.qemuDomains(about, scope.focus).flatMap { qemu(of: $0) }
        }
        requests += answers.recordedDevices(in: scope.focus).flatMap { record(of: $0, answers) }
        requests += answers.notedDevices(in: scope.focus).flatMap { notes(of: $0, answers) }
        return requests
    }

    /// What a controller's ports hold, and nothing else of it: there may be hundreds, and which kind
    /// one is of is told by where its backend is listed.
    private func outline(_ id: ControllerID, _ answers: StoreAnswers) -> [StoreRequest] {
        let record = StoreLayout.record(of: id)
        let count = StoreRequest.read(record / ControllerKey.portCount)
        if let kind = answers.listedKind(of: id),
            !answers.has(count) || answers.exists(record / ControllerKey.portCount)
        {
            return [count] + portReads(id, kind, answers)
        }
        let described = ControllerKey.outlined.map { StoreRequest.read(record / $0) }
        guard !answers.isMissing(id) else { return controller(id, answers) }
        guard let kind = answers.kindInDomainZero(id) else { return described }
        return described + portReads(id, kind, answers)
    }

    private func portReads(
        _ id: ControllerID, _ kind: ControllerKind, _ answers: StoreAnswers
    ) -> [StoreRequest] {
        let ports = StoreLayout.ports(of: id, kind)
        return (answers.lacksPortCount(id) ? [.directory(ports)] : [])
            + answers.ports(of: id, in: ports).map { .read(ports / $0.component) }
    }

    private func controller(_ id: ControllerID, _ answers: StoreAnswers) -> [StoreRequest] {
        let record = StoreLayout.record(of: id)
        let described = ControllerKey.described.map { StoreRequest.read(record / $0) }
        guard !answers.isMissing(id) else {
            return described + BackendKind.allCases.flatMap { orphan(id, $0, answers) }
        }
        guard answers.has(.read(record / ControllerKey.type)),
            let kind = answers.kindInDomainZero(id)
        else { return described }
        let ends = [answers.backend(of: id), StoreLayout.frontend(of: id)].compactMap { $0 }
        let states = ends.map { StoreRequest.read($0 / ControllerKey.state) }
        let online = answers.backend(of: id).map { StoreRequest.read($0 / ControllerKey.online) }
        let own = StoreRequest.read(record / ControllerKey.online)
        return described
            + (kind == .deviceModel ? [own] : states + [online].compactMap { $0 })
            + portReads(id, kind, answers)
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
    static let outlined = [type, backend, portCount]
}
