internal import USBModel
internal import XenStoreWire

/// What a look goes into, as far as the answers so far tell.
extension StoreAnswers {
    /// The domains that are asked about themselves: those in focus, those whose ports hold what is
    /// in focus, and those of which a record tells; all where there is no focus.
    ///
    /// Where only a record is in focus, the domain it tells of need not be there.
    func domains(in focus: Focus?) -> [DomainID] {
        guard let focus else { return domains }
        let records = recordedDevices(in: focus).map { Record(of: $0, in: self) }
        let recorded = records.flatMap { [$0.place?.controller, $0.created] }
            .compactMap { $0?.domain }
        if case .recorded = focus { return Set(recorded).sorted() }
        let wanted = Set(recorded).union(domains(meantBy: focus))
        return domains.filter(wanted.contains)
    }

    private func domains(meantBy focus: Focus) -> [DomainID] {
        switch focus {
        case .device(let device, let domain):
            holdings.filter { $0.device == device }.map(\.domain) + [domain].compactMap { $0 }
        case .recorded: []
        case .domain(let selector): domains.filter { isNamed($0, by: selector) }
        }
    }

    /// Tells whether a domain is the one that is meant.
    func isNamed(_ domain: DomainID, by selector: DomainSelector) -> Bool {
        switch selector {
        case .number(let number): domain == number
        case .name(let name): text(StoreLayout.domain(domain) / "name") == name
        }
    }

    /// The controllers that are asked about: those that are listed, and before that the one of which
    /// the record in focus tells.
    func controllers(in focus: Focus?) -> [ControllerID] {
        guard case .recorded(let device) = focus, controllers.isEmpty,
            let recorded = Record(of: device, in: self).place?.controller
        else { return controllers }
        return [recorded]
    }

    /// The recorded devices whose records count; one that is asked about may have none.
    func recordedDevices(in focus: Focus?) -> [BusID] { devices(recordedDevices, in: focus) }

    /// The devices of which libxl has noted drivers, and whose notes count; likewise.
    func notedDevices(in focus: Focus?) -> [BusID] { devices(notedDevices, in: focus) }

    private func devices(_ listed: [BusID], in focus: Focus?) -> [BusID] {
        guard let focus else { return listed }
        if case .recorded(let device) = focus { return [device] }
        return listed.filter(devices(meantBy: focus).contains)
    }

    private func devices(meantBy focus: Focus) -> Set<BusID> {
        switch focus {
        case .device(let device, _), .recorded(let device): return [device]
        case .domain:
            let domains = domains(meantBy: focus)
            return Set(holdings.filter { domains.contains($0.domain) }.map(\.device))
        }
    }
}
