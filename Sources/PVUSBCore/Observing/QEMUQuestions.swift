internal import USBModel
internal import XenStoreWire

/// The names of what the toolstack notes of a domain's QEMU (libxl_dm.c).
private enum ImageKey {
    static let process: StorePath.Component = "device-model-pid"
    static let stubDomain: StorePath.Component = "device-model-domid"
}

extension StoreQuestions {
    /// What the store says of a domain's QEMU.
    func qemu(of domain: DomainID) -> [StoreRequest] {
        let image = StoreLayout.image(of: domain)
        return [
            .read(StoreLayout.guestType(of: domain)), .read(image / ImageKey.process),
            .read(image / ImageKey.stubDomain), .read(StoreLayout.qusbOffer(of: domain)),
        ]
    }
}

extension StoreAnswers {
    /// The domains whose QEMU counts: those that a look goes into and that have a controller that
    /// QEMU serves, and the one asked about.
    func qemuDomains(_ about: DomainInterest, _ focus: Focus?) -> [DomainID] {
        let served = Set(controllers.filter { kind(of: $0)?.isQEMU ?? false }.map(\.domain))
        return domains(in: focus).filter { served.contains($0) || isMeant($0, by: about) }
    }

    private func isMeant(_ domain: DomainID, by interest: DomainInterest) -> Bool {
        switch interest {
        case .none: false
        case .guests: domain != .zero
        case .one(let selector): isNamed(domain, by: selector)
        }
    }

    /// What the store says of a domain's QEMU; its process has still to be looked at.
    func qemu(of domain: DomainID) -> QEMUView {
        let image = StoreLayout.image(of: domain)
        let process = text(image / ImageKey.process).flatMap { Int32(decimal: $0) }
        return QEMUView(
            guestType: text(StoreLayout.guestType(of: domain)).flatMap(GuestType.init),
            stubDomain: text(image / ImageKey.stubDomain),
            offersQusb: exists(StoreLayout.qusbOffer(of: domain)),
            process: process.map { $0 > 1 ? .gone($0) : .none } ?? .none)
    }
}

extension Observation {
    /// The processes that a look at some domains' QEMUs, or at all, has to ask.
    func qemuTargets(_ scope: SurveyScope) -> [QEMUScan.Target] {
        let domains: [DomainID] =
            switch scope {
            case .everything, .around: qemus.keys.sorted()
            case .taken(_, let domain), .peripherals(let domain, _): [domain]
            default: []
            }
        return domains.compactMap { domain in
            qemus[domain]?.number.map { QEMUScan.Target(domain: domain, process: $0) }
        }
    }

    /// Takes in what processes show of themselves.
    mutating func update(from findings: [DomainID: QEMUScan.Finding]) {
        for (domain, finding) in findings {
            qemus[domain]?.process = finding.process
            qemus[domain]?.confinement = finding.confinement
        }
    }
}

extension QEMUView {
    /// The process that the store names, whatever it is.
    fileprivate var number: Int32? {
        switch process {
        case .none: nil
        case .gone(let number), .foreign(let number, _), .unreadable(let number, _),
            .running(let number, _):
            number
        }
    }
}
