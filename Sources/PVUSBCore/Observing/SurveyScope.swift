internal import USBModel

/// Which part of the host a survey looks at.
enum SurveyScope: Hashable, Sendable {
    /// Every domain and every device.
    case everything
    /// A device and its drivers, or a domain and what its ports hold.
    case around(Focus)
    /// The store around a device, without sysfs: after a claim, since another tool takes no lock.
    case everyPort(Focus)
    /// The host's devices only; the store is not asked.
    case hostOnly
    /// One device's drivers, without the store: after a sysfs write.
    case drivers(of: BusID)
    /// A device's record, a controller or both, without sysfs: after a change of the store.
    case store(device: BusID?, controller: ControllerID?)
    /// What the domain that is asked about is called, which devices are listed and, if wanted, what
    /// those are.
    case names(withDevices: Bool)
    /// Nothing: what was done shows nowhere that is looked at.
    case nothing
    /// The rest of what the store says of controllers.
    case details(of: [ControllerID])
    /// Whether a domain's QEMU has a device, and then the device's drivers.
    case taken(BusID, by: DomainID)
    /// What was added to a domain's QEMU, and then a device's drivers, if one is named.
    case peripherals(of: DomainID, BusID?)

    /// What the survey goes into, where it does not go into all that there is.
    var focus: Focus? {
        switch self {
        case .around(let focus), .everyPort(let focus): focus
        default: nil
        }
    }

    /// Whether the QEMUs that count are found out, and not only asked.
    var findsQEMUs: Bool {
        switch self {
        case .everything, .around: true
        default: false
        }
    }

    var asksFiles: Bool {
        switch self {
        case .everything, .around, .names, .hostOnly, .drivers, .taken: true
        case .peripherals(_, let device): device != nil
        case .everyPort, .store, .nothing, .details: false
        }
    }
}

/// What a look at a part of the host goes into.
enum Focus: Hashable, Sendable {
    /// A device, wherever it is, and the domain that it is to go to or come from.
    ///
    /// Of other domains it is seen what their ports hold: another tool takes no lock, and nothing
    /// but its port node tells that it gave the device away.
    case device(BusID, DomainID?)
    /// A device, and the domain that its record tells of; no other domain's ports.
    case recorded(BusID)
    /// A domain and what its ports hold; of other domains only what a record names.
    case domain(DomainSelector)
}

extension Observation {
    /// The devices that sysfs is asked about; nil for all of them.
    func devices(in scope: SurveyScope) -> [BusID]? {
        switch scope {
        case .drivers(let device), .taken(let device, _): [device]
        case .peripherals(_, let device): device.map { [$0] }
        case .names(let withDevices): withDevices ? nil : []
        case .around(.device(let device, _)), .around(.recorded(let device)): [device]
        case .around(.domain): takenDevices
        default: nil
        }
    }
}
