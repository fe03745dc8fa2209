internal import USBModel
internal import XenStoreWire

/// What libxl's configuration of a domain shall say as the store does.
public enum ConfigurationItem: Hashable, Sendable {
    /// What is in a port.
    case port(Place)
    /// Whether a controller is there.
    case controller(ControllerID)

    var domain: DomainID {
        switch self {
        case .port(let place): place.controller.domain
        case .controller(let id): id.domain
        }
    }
}

/// Has libxl's configuration of a domain say the same as the store, of one port or controller.
///
/// Both are read under libxl's lock, and whoever changes the store does this afterwards: so the
/// last of several says what is so, whatever the order of their changes was.
struct ConfigurationRun: Hashable, Sendable {
    private enum Phase: Hashable {
        case start
        case locking(LockRun)
        case reading
        case comparing(DomainConfiguration)
        case writing
        case unlocking(StepRun.Ending)
    }

    private let item: ConfigurationItem
    private let file: Result<ConfigurationFile, UserdataProblem>
    private let deadline: Instant
    /// The addresses of the devices that are plugged in.
    private let addresses: [BusID: BusAddress]
    /// The entry of the controller, if it is there.
    private let controller: DomainConfiguration.Controller?
    private var phase = Phase.start

    init(_ item: ConfigurationItem, given seen: Observation, until deadline: Instant) {
        self.item = item
        self.deadline = deadline
        file = Result { () throws(UserdataProblem) in
            try (seen.userdata ?? Userdata()).configuration(of: item.domain)
        }
        addresses = Dictionary(
            seen.host.devices.map { ($0.id, $0.address) }, uniquingKeysWith: { first, _ in first })
        controller = item.controllerEntry(in: seen)
    }

    /// What has to be given back when somebody stops the operation here.
    var cleanUp: [Effect] {
        guard case .success(let file) = file, phase != .start else { return [] }
        return [.unlock(file.lock)]
    }

    /// Takes the answer to the effect asked last, nil at the start.
    ///
    /// - Returns: in the end why the configuration was left as it was, if it was.
    mutating func next(_ answer: Answer?) -> Progress<StepRun.Ending> {
        do throws(UserdataProblem) {
            switch phase {
            case .start:
                return lock(LockRun(try file.get().lock, until: deadline), nil)
            case .locking(let run): return lock(run, answer)
            case .reading: return try read(answer)
            case .comparing(let present): return try compare(present, answer)
            case .writing: return try wrote(answer)
            case .unlocking(let ending): return .finished(ending)
            }
        } catch {
            return end(.tried(refusal: error.message))
        }
    }

    private mutating func lock(
        _ run: LockRun, _ answer: Answer?
    ) -> Progress<StepRun.Ending> {
        var run = run
        switch run.next(answer) {
        case .ask(let effect):
            phase = .locking(run)
            return .ask(effect)
        case .finished(.taken): return ask(.files([.read(path)]), .reading)
        case .finished(.held):
            return .finished(.tried(refusal: "libxl did not give its lock back in time"))
        case .finished(.failed(let error)):
            return .finished(.tried(refusal: error.cause ?? error.message))
        }
    }

    private mutating func read(_ answer: Answer?) throws(UserdataProblem) -> Progress<
        StepRun.Ending
    > {
        switch answer {
        case .files(let replies):
            if case .failure(let errno)? = replies.first {
                throw UserdataProblem("\(path) can't be read (\(errno))")
            }
            guard case .bytes(let bytes)? = replies.first else {
                return end(.failed(.misplaced(answer, in: "a look at libxl's configuration")))
            }
            return ask(.store([.read(truth)]), .comparing(try configuration(in: bytes)))
        default: return end(.failed(.misplaced(answer, in: "a look at libxl's configuration")))
        }
    }

    private func configuration(
        in bytes: [UInt8]
    ) throws(UserdataProblem) -> DomainConfiguration {
        do throws(MalformedJSON) {
            return try DomainConfiguration(bytes)
        } catch {
            throw UserdataProblem(path, error)
        }
    }

    private mutating func compare(
        _ present: DomainConfiguration, _ answer: Answer?
    ) throws(UserdataProblem) -> Progress<StepRun.Ending> {
        guard case .store(let replies) = answer, let reply = replies.first else {
            return end(.failed(.misplaced(answer, in: "a look at libxl's configuration")))
        }
        let changed = try present.changed(to: reply.text, path, item, addresses, controller)
        guard changed != present else { return end(.tried(refusal: nil)) }
        return ask(.files([.replace(path, changed.bytes)]), .writing)
    }

    private mutating func wrote(_ answer: Answer?) throws(UserdataProblem) -> Progress<
        StepRun.Ending
    > {
        guard case .files(let replies) = answer else {
            return end(.failed(.misplaced(answer, in: "a change of libxl's configuration")))
        }
        guard case .failure(let errno)? = replies.first else { return end(.tried(refusal: nil)) }
        throw UserdataProblem("\(path) can't be replaced (\(errno))")
    }

    private mutating func ask(_ effect: Effect, _ next: Phase) -> Progress<StepRun.Ending> {
        phase = next
        return .ask(effect)
    }

    private mutating func end(_ ending: StepRun.Ending) -> Progress<StepRun.Ending> {
        guard case .success(let file) = file, phase != .start else { return .finished(ending) }
        return ask(.unlock(file.lock), .unlocking(ending))
    }

    private var path: String { (try? file.get().path) ?? Userdata.directory }

    /// The node that says what is so.
    private var truth: StorePath {
        switch item {
        case .port(let place): StoreLayout.port(place)
        case .controller(let id): StoreLayout.record(of: id) / ControllerKey.type
        }
    }
}

extension UserdataProblem {
    fileprivate init(_ path: String, _ malformed: MalformedJSON) {
        self.init("\(path) is malformed at byte \(malformed.offset): \(malformed.problem)")
    }
}

extension DomainConfiguration {
    /// The same as the store says it of one port or controller.
    ///
    /// What is in a port and was not seen plugged in has no address to be told: its entry stays, until
    /// who put it there tells it.
    fileprivate func changed(
        to truth: String?, _ path: String, _ item: ConfigurationItem,
        _ addresses: [BusID: BusAddress], _ controller: Controller?
    ) throws(UserdataProblem) -> DomainConfiguration {
        do throws(MalformedJSON) {
            switch item {
            case .controller(let id):
                guard truth != nil else { return try without(controller: id.jsonNumber) }
                return try controller.map { present throws(MalformedJSON) in
                    try with(present)
                } ?? self
            case .port(let place):
                let (number, port) = (place.controller.jsonNumber, Int(place.port.number))
                guard let truth, !truth.isEmpty else {
                    return try without(port: port, of: number)
                }
                guard let address = BusID(truth).flatMap({ addresses[$0] }) else { return self }
                return try with(
                    Device(
                        controller: number, port: port, bus: Int(address.bus),
                        address: Int(address.device)))
            }
        } catch {
            throw UserdataProblem(path, error)
        }
    }
}

extension ControllerID {
    fileprivate var jsonNumber: Int { Int(number.number) }
}

extension ConfigurationItem {
    /// The controller as libxl lists it; nil when it is not there or of an unknown kind.
    fileprivate func controllerEntry(in seen: Observation) -> DomainConfiguration.Controller? {
        guard case .controller(let id) = self, let view = seen.controller(id),
            let kind = view.kind, !view.isOrphan
        else { return nil }
        return DomainConfiguration.Controller(
            number: id.jsonNumber, kind: kind.rawValue, version: Int(view.version),
            ports: view.ports.count)
    }
}
