internal import USBModel
internal import XenStoreWire

/// What a store has listed so far, found out once a wave: there may be hundreds of domains.
struct StoreLists: Hashable, Sendable {
    /// A port that holds a device.
    struct Holding: Hashable, Sendable {
        let device: BusID
        let domain: DomainID
    }

    /// The domains, by number.
    private(set) var domains: [DomainID] = []
    /// The controllers that libxl has records of, by domain and number.
    private(set) var controllers: [ControllerID] = []
    /// The backends in domain 0, by kind.
    private(set) var backends: [BackendKind: Set<ControllerID>] = [:]
    /// Those of them that it has no record of, by kind.
    private(set) var orphans: [BackendKind: [ControllerID]] = [:]
    /// Every device that a port is known to hold.
    private(set) var holdings: [Holding] = []

    /// Nothing is listed yet.
    init() {}

    init(_ answers: StoreAnswers) {
        let listed = answers.numbers(below: StoreLayout.domains).compactMap(DomainID.init)
        domains = answers.presentDomains.union(listed).sorted()
        var looked: Set<DomainID> = []
        for domain in domains {
            let directory = StoreLayout.controllers(of: domain)
            if answers.has(.directory(directory)) { looked.insert(domain) }
            controllers += answers.controllers(below: directory, of: domain)
        }
        let (known, present) = (Set(controllers), Set(domains))
        for kind in BackendKind.allCases {
            let domains = Set(answers.backendDomains(kind)).union(looked).sorted()
            let all = domains.flatMap { domain in
                answers.controllers(below: StoreLayout.backends(of: domain, kind), of: domain)
            }
            backends[kind] = Set(all)
            orphans[kind] = all.filter {
                !known.contains($0) && (!present.contains($0.domain) || looked.contains($0.domain))
            }
        }
        holdings =
            controllers.flatMap { answers.holdings(of: $0) }
            + BackendKind.allCases.flatMap { kind in
                (orphans[kind] ?? []).flatMap { answers.holdings(ofOrphan: $0, kind) }
            }
    }
}

extension StoreAnswers {
    /// The domains for which domain 0 has backends of a kind, there or gone.
    func backendDomains(_ kind: BackendKind) -> [DomainID] {
        numbers(below: StoreLayout.backends(kind)).compactMap(DomainID.init)
    }

    fileprivate func numbers(below directory: StorePath) -> [UInt16] {
        children(directory).compactMap { UInt16(decimal: $0) }.sorted()
    }

    fileprivate func controllers(
        below directory: StorePath, of domain: DomainID
    ) -> [ControllerID] {
        numbers(below: directory).compactMap { UInt8(exactly: $0) }
            .map { ControllerID(domain: domain, number: ControllerNumber($0)) }
    }

    fileprivate func holdings(of id: ControllerID) -> [StoreLists.Holding] {
        guard let kind = kindInDomainZero(id) else { return [] }
        let directory = StoreLayout.ports(of: id, kind)
        return holdings(ports(of: id, in: directory), in: directory, of: id)
    }

    fileprivate func holdings(
        ofOrphan id: ControllerID, _ kind: BackendKind
    ) -> [StoreLists.Holding] {
        let directory = StoreLayout.ports(of: id, kind.kind)
        return holdings(listedPorts(in: directory), in: directory, of: id)
    }

    private func holdings(
        _ ports: [PortNumber], in directory: StorePath, of id: ControllerID
    ) -> [StoreLists.Holding] {
        ports.compactMap { port in
            text(directory / port.component).flatMap { BusID($0) }
                .map { StoreLists.Holding(device: $0, domain: id.domain) }
        }
    }
}
