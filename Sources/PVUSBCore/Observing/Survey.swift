internal import USBModel
internal import XenStoreWire

/// What a part of an operation wants next: an effect, or nothing more.
enum Progress<Value> {
    case ask(Effect)
    case finished(Value)
}

/// Looks at the host, in waves of reads, and brings an observation up to date.
struct Survey: Hashable, Sendable {
    private enum Phase: Hashable {
        case start
        case store(StoreAnswers, asked: [StoreRequest])
        case processes(QEMUScan)
        case userdata
        case files(HostScan)
        case peripherals(PeripheralScan, of: DomainID)
    }

    let scope: SurveyScope
    private let about: DomainInterest
    private let asksUserdata: Bool
    private var observation: Observation
    private var phase = Phase.start

    /// - Parameters:
    ///   - about: the domains whose QEMUs count although they may have no controller yet.
    ///   - asksUserdata: whether it is looked at what libxl keeps of the domains.
    init(
        _ scope: SurveyScope, updating observation: Observation = Observation(),
        about: DomainInterest = .none, asksUserdata: Bool = false
    ) {
        self.scope = scope
        self.about = about
        self.asksUserdata = asksUserdata
        self.observation = observation
    }

    /// Takes the answer to the effect asked last, nil at the start.
    mutating func next(_ answer: Answer?) -> Progress<Result<Observation, PVUSBError>> {
        do throws(PVUSBError) {
            switch (phase, answer) {
            case (.start, _): return try ask(StoreAnswers())
            case (.store(let answers, let asked), .store(let replies)):
                return try ask(try merge(replies, to: asked, into: answers))
            case (.processes(let scan), .files(let replies)):
                return try readProcesses(scan, replies)
            case (.userdata, .files(let replies)): return try readUserdata(replies)
            case (.files(let scan), .files(let replies)): return try readFiles(scan, replies)
            case (.peripherals(let scan, let domain), .deviceModel):
                return try readPeripherals(scan, of: domain, answer)
            default: throw PVUSBError.misplaced(answer, in: "a survey")
            }
        } catch {
            return .finished(.failure(error))
        }
    }

    private func merge(
        _ replies: [StoreReply], to asked: [StoreRequest], into answers: StoreAnswers
    ) throws(PVUSBError) -> StoreAnswers {
        var answers = answers
        try answers.absorb(replies, to: asked)
        return answers
    }

    private mutating func ask(
        _ answers: StoreAnswers
    ) throws(PVUSBError) -> Progress<Result<Observation, PVUSBError>> {
        let open = StoreQuestions(scope: scope, about: about).open(answers)
        guard open.isEmpty else {
            phase = .store(answers, asked: open)
            return .ask(.store(open))
        }
        observation.update(from: answers, scope: scope, about: about)
        return try readProcesses(QEMUScan(observation.qemuTargets(scope)), nil)
    }

    /// Before the drivers: what QEMU lets go of has its drivers back by then.
    private mutating func readProcesses(
        _ scan: QEMUScan, _ replies: [FileReply]?
    ) throws(PVUSBError) -> Progress<Result<Observation, PVUSBError>> {
        var scan = scan
        switch scan.next(replies) {
        case .ask(let requests):
            phase = .processes(scan)
            return .ask(.files(requests))
        case .finished(let findings): observation.update(from: findings)
        }
        if case .peripherals(let domain, _) = scope, observation.hasQEMU(domain) {
            let scan = PeripheralScan(observation.qemuAddress(domain))
            return try readPeripherals(scan, of: domain, nil)
        }
        guard asksUserdata else { return try readDrivers() }
        phase = .userdata
        return .ask(.files([.list(Userdata.directory)]))
    }

    /// A host without libxl has no such directory.
    private mutating func readUserdata(
        _ replies: [FileReply]
    ) throws(PVUSBError) -> Progress<Result<Observation, PVUSBError>> {
        var names: [String] = []
        if case .names(let all)? = replies.first { names = all }
        observation.userdata = Userdata(names: names)
        return try readDrivers()
    }

    private mutating func readDrivers() throws(PVUSBError) -> Progress<
        Result<Observation, PVUSBError>
    > {
        guard scope.asksFiles else { return .finished(.success(observation)) }
        guard scope != .names(withDevices: false) else { return try readFiles(.ofNames, nil) }
        // Before the first look there is nothing that was read.
        let before = observation.host.names.isEmpty ? nil : observation.host
        return try readFiles(HostScan(only: observation.devices(in: scope), after: before), nil)
    }

    private mutating func readPeripherals(
        _ scan: PeripheralScan, of domain: DomainID, _ answer: Answer?
    ) throws(PVUSBError) -> Progress<Result<Observation, PVUSBError>> {
        var scan = scan
        switch scan.next(answer) {
        case .ask(let effect):
            phase = .peripherals(scan, of: domain)
            return .ask(effect)
        case .finished(let peripherals):
            observation.peripherals[domain] = peripherals
            return try readDrivers()
        }
    }

    private mutating func readFiles(
        _ scan: HostScan, _ replies: [FileReply]?
    ) throws(PVUSBError) -> Progress<Result<Observation, PVUSBError>> {
        var scan = scan
        switch scan.next(replies) {
        case .ask(let requests):
            phase = .files(scan)
            return .ask(.files(requests))
        case .finished(let snapshot):
            observation.update(from: snapshot, scope: scope)
            return .finished(.success(observation))
        case .failed(let errno, let path):
            throw PVUSBError(
                .failed, "\(path) can't be listed", cause: "\(errno)",
                remedy: "load the module usbcore, or name another tree with --sysfs")
        }
    }
}

extension PVUSBError {
    /// An answer that does not belong to the effect that was asked for.
    static func misplaced(_ answer: Answer?, in part: String) -> PVUSBError {
        switch answer {
        case .storeLost(let reason):
            PVUSBError(
                .storeLost, "xenstored can't be asked", cause: reason,
                remedy: "see that it runs and that you are root, then type: pvusb recover")
        case .storeDenied(let reason):
            PVUSBError(
                .permission, "this user may not ask xenstored", cause: reason,
                remedy: "run pvusb as root")
        case .locksFailed(let reason):
            PVUSBError(.failed, "the locks can't be used", cause: reason)
        default:
            PVUSBError(.failed, "an answer came that does not belong to \(part)")
        }
    }
}
