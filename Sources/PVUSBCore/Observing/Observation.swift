public import USBModel
internal import XenStoreWire

/// Everything that was seen of a host at one time, or the newest of each part.
public struct Observation: Hashable, Sendable {
    /// The USB side, as sysfs shows it.
    public var host: HostSnapshot
    /// The domains, by number.
    public var domains: [DomainView] = []
    /// The controllers, by domain and number.
    public var controllers: [ControllerView] = []
    /// Our records, by device.
    public var records: [BusID: Record] = [:]
    /// libxl's notes of drivers, by device.
    public var notes: [BusID: DriverNotes] = [:]
    /// The rest of what the store says of the controllers that somebody wants to see all about.
    public var details: [ControllerInfo] = []
    /// What makes no sense and is passed over.
    public var oddities: [Oddity] = []
    /// Whether the records in the store are of a version that this pvusb writes, or there are none.
    public var recordsAreOurs = true
    /// The QEMUs of the domains that have a controller of theirs, or that are asked about.
    public var qemus: [DomainID: QEMUView] = [:]
    /// What was added to QEMUs, where that was looked at since.
    public var peripherals: [DomainID: [Peripheral]] = [:]
    /// The greatest controller number that is listed for a domain, described or not.
    public var greatestNumbers: [DomainID: UInt8] = [:]

    /// Which domains libxl keeps a configuration of; nil where that was not looked at.
    public var userdata: Userdata?

    /// Nothing has been seen.
    public init(host: HostSnapshot = HostSnapshot(devices: [], drivers: [], portTable: nil)) {
        self.host = host
    }

    /// The controller of that name.
    public func controller(_ id: ControllerID) -> ControllerView? {
        controllers.first { $0.id == id }
    }

    /// The domain of that number.
    public func domain(_ id: DomainID) -> DomainView? {
        domains.first { $0.id == id }
    }

    /// A port of a controller as a place; one of no controller is of no kind in particular.
    func place(_ port: PortNumber, of id: ControllerID) -> Place {
        controller(id)?.place(port) ?? Place(controller: id, port: port)
    }

    /// What a port node holds.
    public func content(of place: Place) -> PortContent {
        controller(place.controller)?.content(of: place.port) ?? .missing
    }

    /// Tells whether a port is of a domain that was destroyed, though its number may be given out
    /// again.
    func isLeftBehind(_ place: Place) -> Bool {
        controller(place.controller)?.isOrphan == true || domain(place.controller.domain) == nil
    }

    /// Every port node that holds the device; more than one is a contest.
    public func places(of device: BusID) -> [Place] {
        controllers.flatMap { controller in
            controller.occupied.filter { $0.device == device }.map { controller.place($0.port) }
        }
    }

    /// Why a device that is plugged in can't be read; nil when it can, or is not plugged in.
    public func unreadableReason(of device: BusID) -> String? {
        host.unreadable.first { $0.name == device.description }?.reason
    }

    /// Tells whether a device is plugged in but can't be read: it is neither gone nor known.
    public func isUnreadable(_ device: BusID) -> Bool {
        unreadableReason(of: device) != nil
    }

    /// Every device that has a record or a port node, by bus id.
    public var takenDevices: [BusID] {
        let held = controllers.flatMap { $0.occupied.map(\.device) }
        return Set(records.keys).union(held).sorted()
    }
}

extension Observation {
    /// Takes in what a survey of the store answered, as far as its scope went.
    mutating func update(
        from answers: StoreAnswers, scope: SurveyScope, about: DomainInterest = .none
    ) {
        if scope.findsQEMUs {
            qemus = [:]
            for domain in answers.qemuDomains(about, scope.focus) {
                qemus[domain] = answers.qemu(of: domain)
            }
            peripherals = [:]
        }
        switch scope {
        case .nothing, .hostOnly, .drivers, .taken, .peripherals: return
        case .everything, .around, .everyPort: update(from: answers, in: scope.focus)
        case .names: domains = answers.domains.map { answers.domain($0) }
        case .details(let ids): details = ids.compactMap(controller).map { answers.info(of: $0) }
        case .store(let device, let controller):
            if let controller { replace(controller, with: answers.controller(controller)) }
            if let device { records[device] = answers.recordIfAny(of: device) }
        }
    }

    private mutating func update(from answers: StoreAnswers, in focus: Focus?) {
        recordsAreOurs = Record.isOurs(version: answers.text(StoreLayout.version))
        domains = answers.domains.map { answers.domain($0) }
        controllers = answers.views.sorted { $0.id < $1.id }
        greatestNumbers = [:]
        for id in answers.controllers { greatestNumbers[id.domain] = id.number.number }
        records = [:]
        for device in answers.recordedDevices(in: focus) {
            records[device] = answers.recordIfAny(of: device)
        }
        notes = [:]
        for device in answers.notedDevices(in: focus) { notes[device] = answers.notes(of: device) }
        oddities = answers.oddities
    }

    /// Takes in what a step's transaction has seen to, by writing it or by finding it so: that a port
    /// does not hold the device, and what the record says.
    ///
    /// What the port holds instead, and whatever else there is, has to be looked at.
    mutating func learn(from step: Step) {
        switch step {
        case .record(let device, let record):
            records[device] = records[device]?.following(record) ?? record
        case .clear(let device, let place): vacate(place, of: device)
        case .recall(let device, let place, let record):
            records[device] = records[device]?.following(record) ?? record
            vacate(place, of: device)
        case .forget(let device):
            records[device] = nil
            notes[device] = nil
        case .withdrawRecord(let device): records[device] = nil
        case .dropNotes(let device): notes[device] = nil
        default: return
        }
    }

    private mutating func vacate(_ place: Place, of device: BusID) {
        if content(of: place) == .device(device) { replace(place, with: .free) }
    }

    /// Takes in what a port holds.
    mutating func replace(_ place: Place, with content: PortContent) {
        let index = Int(place.port.number) - 1
        controllers = controllers.map { controller in
            guard controller.id == place.controller, controller.ports.indices.contains(index) else {
                return controller
            }
            var ports = controller.ports
            ports[index] = content
            return controller.with(ports: ports)
        }
    }

    private mutating func replace(_ id: ControllerID, with view: ControllerView?) {
        controllers.removeAll { $0.id == id }
        if let view { controllers.append(view) }
        controllers.sort { $0.id < $1.id }
    }

    /// Takes in what a scan of sysfs saw, of all devices or of some.
    mutating func update(from scan: HostSnapshot, scope: SurveyScope) {
        guard let only = devices(in: scope) else {
            host = scan
            return
        }
        let others = host.devices.filter { !only.contains($0.id) }
        let names = only.map(\.description)
        let unreadable = host.unreadable.filter { !names.contains($0.name) }
        host = HostSnapshot(
            devices: others + scan.devices, drivers: scan.drivers, portTable: scan.portTable,
            unreadable: unreadable + scan.unreadable, names: scan.names)
    }
}

extension StoreAnswers {
    fileprivate func domain(_ id: DomainID) -> DomainView {
        let path = StoreLayout.domain(id)
        return DomainView(id: id, name: text(path / "name"), vm: text(path / "vm"))
    }

    /// The record of a device; nil when it has none.
    fileprivate func recordIfAny(of device: BusID) -> Record? {
        let path = StoreLayout.record(of: device)
        let fields = RecordKey.fields.contains { exists(path / $0) }
        guard fields || !children(path / RecordKey.interface).isEmpty else { return nil }
        return Record(of: device, in: self)
    }

    /// Every controller listed so far, and what is left of others; one of two kinds at once is
    /// shown as what is in use.
    fileprivate var views: [ControllerView] {
        let present = controllers.compactMap { controller($0) }
        var known = Set(present.map(\.id))
        let left = BackendKind.allCases.flatMap { kind in
            orphans(kind).compactMap { orphan($0, kind) }
        }.filter { known.insert($0.id).inserted }
        return present + left
    }

    /// The controller, as far as it can be described; nil when its record is gone.
    fileprivate func controller(_ id: ControllerID) -> ControllerView? {
        let record = StoreLayout.record(of: id)
        guard isDescribed(id) else {
            return BackendKind.allCases.lazy.compactMap { orphan(id, $0) }.first
        }
        let kind = kind(of: id)
        return ControllerView(
            id: id, kind: kind,
            version: text(record / ControllerKey.version).flatMap { UInt8(decimal: $0) } ?? 0,
            backendDomain: backendDomain(of: id),
            backendState: backend(of: id).flatMap { state($0) },
            frontendState: state(StoreLayout.frontend(of: id)).map { Untrusted($0) },
            ports: ports(of: id),
            isOffline: (kind == .deviceModel ? record : backend(of: id))
                .flatMap { text($0 / ControllerKey.online) } == "0")
    }

    /// What is left of a controller that libxl has no record of; nil when nothing is.
    ///
    /// Only domain 0 makes and removes the directory of its frontend: where that is there, so is
    /// its domain, and only the record was lost.
    private func orphan(_ id: ControllerID, _ kind: BackendKind) -> ControllerView? {
        let backend = StoreLayout.backend(of: id, kind.kind)
        let ports = StoreLayout.ports(of: id, kind.kind)
        let listed = listedPorts(in: ports)
        guard exists(backend / ControllerKey.state) || !listed.isEmpty else { return nil }
        return ControllerView(
            id: id, kind: kind.kind,
            version: text(backend / ControllerKey.version).flatMap { UInt8(decimal: $0) } ?? 0,
            backendDomain: .zero, backendState: state(backend), frontendState: nil,
            ports: listed.map { content(ports / $0.component) },
            isOrphan: !exists(StoreLayout.frontend(of: id)))
    }

    private func ports(of id: ControllerID) -> [PortContent] {
        guard let kind = kindInDomainZero(id) else { return [] }
        let directory = StoreLayout.ports(of: id, kind)
        return ports(of: id, in: directory).map { content(directory / $0.component) }
    }

    /// The backend's domain, taken from the path in the record that domain 0 alone can change.
    private func backendDomain(of id: ControllerID) -> DomainID {
        let words = backend(of: id)?.components ?? []
        guard words.count > 2 else { return .zero }
        return UInt16(decimal: words[2]).flatMap(DomainID.init) ?? .zero
    }

    private func state(_ path: StorePath) -> XenbusState? {
        text(path / ControllerKey.state).flatMap { UInt8(decimal: $0) }.flatMap(XenbusState.init)
    }

    fileprivate func content(_ port: StorePath) -> PortContent {
        guard exists(port) else { return .missing }
        guard let text = text(port) else { return .unreadable(Untrusted("not text")) }
        if text.isEmpty { return .free }
        return BusID(text).map { .device($0) } ?? .unreadable(Untrusted(text))
    }
}
