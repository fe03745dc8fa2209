internal import USBModel
internal import XenStoreWire

/// Does what one step asks for; whether it came true is looked at afterwards.
struct StepRun: Hashable, Sendable {
    /// How the attempt ended; only a look tells whether the wish is fulfilled.
    enum Ending: Hashable {
        /// It was done as far as the store or the kernel said.
        case tried(refusal: String?)
        /// A wait ended because something may have changed.
        case woken
        /// A wait ended because it was long enough.
        case timedOut
        /// Somebody else was first; the plan is no longer right.
        case lost(PVUSBError)
        /// It can't be done at all.
        case failed(PVUSBError)
    }

    private enum Phase: Hashable {
        case start
        case locking(LockRun, then: StoreChange)
        case changing(TransactionRun, holding: Lock?)
        case unlocking(Ending)
        case writing
        case asking(QEMURun)
        case configuring(ConfigurationRun)
        case watching
        case waiting
        case pausing
    }

    private let step: Step
    private let timer: Instant.Timer
    private let deadline: Instant
    private let retriesBind: Bool
    private let isWatching: Bool
    private let qemu: QEMURun?
    private let configuration: ConfigurationRun?
    private var phase = Phase.start

    /// - Parameters:
    ///   - retriesBind: whether usbback tells nobody what it waits for, so that a bind may come
    ///     too early and is worth another try.
    ///   - isWatching: whether the step's watch is set already, by an earlier wait.
    ///   - seen: what was seen last.
    init(
        _ step: Step, timer: Instant.Timer, waitMilliseconds: Int, retriesBind: Bool,
        isWatching: Bool, given seen: Observation
    ) {
        self.step = step
        self.timer = timer
        self.retriesBind = retriesBind
        self.isWatching = isWatching
        deadline = Instant(timer, milliseconds: waitMilliseconds)
        qemu = step.qemuRun(in: seen)
        configuration = step.configurationRun(in: seen, until: deadline)
    }

    /// What has to be given back when somebody stops the operation here.
    var cleanUp: [Effect] {
        switch phase {
        case .changing(let run, let lock):
            (run.isOpen ? [.store([.abort])] : []) + (lock.map { [.unlock($0)] } ?? [])
        case .locking(let run, _): [.unlock(run.lock)]
        case .unlocking: [.unlock(Lock(.claim))]
        case .waiting, .watching: step.watched.map { [.store([$0.end])] } ?? []
        case .configuring(let run): run.cleanUp
        case .start, .writing, .asking, .pausing: []
        }
    }

    /// Takes the answer to the effect asked last, nil at the start.
    mutating func next(_ answer: Answer?) -> Progress<Ending> {
        switch phase {
        case .start: return start()
        case .locking(let run, let change): return lock(run, change, answer)
        case .changing(let run, let lock): return self.change(run, lock, answer)
        case .unlocking(let ending): return .finished(ending)
        case .writing, .pausing: return wrote(answer)
        case .asking(let run): return ask(run, answer)
        case .configuring(let run): return configure(run, answer)
        case .watching, .waiting: return waited(answer)
        }
    }

    private mutating func start() -> Progress<Ending> {
        if let change = step.change { return start(change) }
        if let write = step.write {
            phase = .writing
            return .ask(.files([write]))
        }
        if let qemu { return ask(qemu, nil) }
        if let configuration { return configure(configuration, nil) }
        guard let watch = step.watched, !isWatching else { return wait() }
        phase = .watching
        return .ask(.store([watch.begin]))
    }

    private mutating func ask(_ run: QEMURun, _ answer: Answer?) -> Progress<Ending> {
        var run = run
        let progress = run.next(answer)
        phase = .asking(run)
        return progress
    }

    private mutating func configure(
        _ run: ConfigurationRun, _ answer: Answer?
    ) -> Progress<Ending> {
        var run = run
        let progress = run.next(answer)
        phase = .configuring(run)
        return progress
    }

    private mutating func start(_ change: StoreChange) -> Progress<Ending> {
        guard case .claim = change else {
            return self.change(TransactionRun(change, timer: timer), nil, nil)
        }
        return lock(LockRun(Lock(.claim), until: deadline), change, nil)
    }

    private mutating func lock(
        _ run: LockRun, _ change: StoreChange, _ answer: Answer?
    ) -> Progress<Ending> {
        var run = run
        switch run.next(answer) {
        case .ask(let effect):
            phase = .locking(run, then: change)
            return .ask(effect)
        case .finished(.taken):
            return self.change(TransactionRun(change, timer: timer), run.lock, nil)
        case .finished(.held(let process)):
            return .finished(.failed(.locked(run.lock, by: process)))
        case .finished(.failed(let error)): return .finished(.failed(error))
        }
    }

    private mutating func change(
        _ run: TransactionRun, _ lock: Lock?, _ answer: Answer?
    ) -> Progress<Ending> {
        var run = run
        switch run.next(answer) {
        case .ask(let effect):
            phase = .changing(run, holding: lock)
            return .ask(effect)
        case .finished(let ending):
            guard let lock else { return .finished(Self.ending(ending)) }
            phase = .unlocking(Self.ending(ending))
            return .ask(.unlock(lock))
        }
    }

    private static func ending(_ ending: TransactionRun.Ending) -> Ending {
        switch ending {
        case .done: .tried(refusal: nil)
        case .lost(let error): .lost(error)
        case .failed(let error): .failed(error)
        }
    }

    private mutating func wrote(_ answer: Answer?) -> Progress<Ending> {
        switch answer {
        case .files(let replies):
            guard case .failure(let errno)? = replies.first else {
                return .finished(.tried(refusal: nil))
            }
            guard errno == .noDevice, retriesBind, step.bindsToBackend else {
                return .finished(refusal(errno))
            }
            phase = .pausing
            return .ask(.wait(for: [.tick], until: deadline))
        case .woken: return start()
        case .timedOut: return .finished(.tried(refusal: "\(FileErrno.noDevice)"))
        default: return .finished(.failed(.misplaced(answer, in: "a step")))
        }
    }

    private func refusal(_ errno: FileErrno) -> Ending {
        guard errno == .accessDenied || errno == .notPermitted else {
            return .tried(refusal: "\(errno)")
        }
        return .failed(
            PVUSBError(
                .permission, "\(step.text.target) can't be moved between drivers",
                cause: "\(errno)", remedy: "run pvusb as root"))
    }

    private mutating func wait() -> Progress<Ending> {
        phase = .waiting
        if case .awaitForgotten = step {
            return .ask(.wait(for: [], until: Instant(timer, milliseconds: Self.readingTime)))
        }
        return .ask(.wait(for: step.wakes, until: deadline))
    }

    /// How long QEMU may take to read its ports after a watch event, in milliseconds; 200 were seen
    /// on a slow host.
    private static let readingTime = 500

    private mutating func waited(_ answer: Answer?) -> Progress<Ending> {
        switch answer {
        case .store where phase == .watching: return wait()
        case .woken: return .finished(.woken)
        case .timedOut: return .finished(.timedOut)
        default: return .finished(.failed(.misplaced(answer, in: "a wait")))
        }
    }
}
