internal import DeviceModel
internal import HostUSB
public import PVUSBCore
internal import XenStore

/// Runs operations on seams: performs each effect and tells the operation what became of it.
///
/// It decides nothing. It lives on one thread, the one its seams live on.
public final class Driver {
    private let seams: Seams
    private var timers: [Instant.Timer: UInt64] = [:]
    private let observer: (Effect, Answer) -> Void

    /// Makes a driver for seams.
    ///
    /// - Parameter observer: told of every effect and its answer, for tests and traces.
    public init(_ seams: Seams, observer: @escaping (Effect, Answer) -> Void = { _, _ in }) {
        self.seams = seams
        self.observer = observer
    }

    /// Runs an operation to its end.
    public func run(_ operation: Operation) -> Outcome {
        var operation = operation
        var answer: Answer?
        var isStopped = false
        timers = [:]
        while true {
            let effect = operation.next(answer)
            if case .finished(let outcome) = effect { return outcome }
            // A wish to stop is told once, in place of the next change or wait; what the
            // operation then asks for gives back what it holds.
            if !isStopped, effect.yieldsToStop, seams.clock.stopRequested {
                isStopped = true
                answer = .stop
            } else {
                let result = perform(effect)
                isStopped = isStopped || result == .stop
                answer = result
            }
            if let answer { observer(effect, answer) }
        }
    }

    /// Performs one effect and tells what became of it.
    func perform(_ effect: Effect) -> Answer {
        switch effect {
        case .store(let batch): perform(batch)
        case .files(let requests): .files(seams.files.perform(requests))
        case .deviceModel(let command): perform(command)
        case .lock(let lock): take(lock)
        case .unlock(let lock): giveBack(lock)
        case .wait(let wakes, let instant): wait(for: wakes, until: instant)
        case .finished: .stop
        }
    }

    private func perform(_ batch: [StoreRequest]) -> Answer {
        guard let store = seams.store else { return .storeLost("there is no store") }
        do throws(StoreFailure) {
            return .store(try store.perform(batch))
        } catch {
            return error.code == .denied
                ? .storeDenied(error.message) : .storeLost(error.message)
        }
    }

    private func take(_ lock: Lock) -> Answer {
        do throws(LocksFailure) {
            let name = lock.name
            let answer =
                lock.isTest ? try seams.locks.holder(of: name) : try seams.locks.tryLock(name)
            return switch answer {
            case .taken: .locked
            case .held(let process): .lockHeld(by: process)
            }
        } catch {
            return .locksFailed(error.message)
        }
    }

    private func giveBack(_ lock: Lock) -> Answer {
        seams.locks.unlock(lock.name)
        return .unlocked
    }

    // MARK: - Waiting

    private func wait(for wakes: Set<Wake>, until instant: Instant) -> Answer {
        let start = timers[instant.timer] ?? seams.clock.now
        timers[instant.timer] = start
        let milliseconds = UInt64(clamping: instant.milliseconds)
        let named = start + milliseconds * 1_000_000
        let deadline = wakes.isEmpty ? blurred(named) : named
        return switch seams.clock.wait(for: WakeSources(wakes), until: deadline) {
        case .woken: .woken
        case .timedOut: .timedOut
        case .stop: .stop
        }
    }

    /// Up to half as long again, so that two who collided do not collide again in step.
    private func blurred(_ deadline: UInt64) -> UInt64 {
        let now = seams.clock.now
        let length = deadline > now ? deadline - now : 0
        return deadline + UInt64.random(in: 0...length / 2 + 1_000_000)
    }
}

extension Effect {
    fileprivate var yieldsToStop: Bool {
        if case .wait = self { return true }
        return changesWorld
    }
}

extension WakeSources {
    fileprivate init(_ wakes: Set<Wake>) {
        self = []
        if wakes.contains(.store) { insert(.store) }
        if wakes.contains(.tick) { insert(.tick) }
        if wakes.contains(.hotplug) { insert(.hotplug) }
    }
}

// MARK: - QEMU

extension Driver {
    private func perform(_ command: DeviceModelCommand) -> Answer {
        guard let deviceModel = seams.deviceModel else {
            return .deviceModel(.unreachable("there is no way to the guests' QEMU"))
        }
        do throws(QMPFailure) {
            let value = try deviceModel.execute(
                QMPCommand(command.action),
                guest: QMPGuest(domain: command.domain.number, uuid: command.uuid))
            return .deviceModel(DeviceModelReply(value))
        } catch {
            return .deviceModel(DeviceModelReply(error))
        }
    }
}

extension QMPCommand {
    fileprivate init(_ action: DeviceModelCommand.Action) {
        switch action {
        case .add(let driver, let id, let properties):
            var arguments = properties.mapValues { property -> QMPValue in
                switch property {
                case .text(let text): .text(text)
                case .number(let number): .number(number)
                }
            }
            arguments["driver"] = .text(driver)
            arguments["id"] = .text(id)
            self.init("device_add", arguments)
        case .remove(let id): self.init("device_del", ["id": .text(id)])
        case .list(let path): self.init("qom-list", ["path": .text(path)])
        case .get(let path, let property):
            self.init("qom-get", ["path": .text(path), "property": .text(property)])
        }
    }
}

extension DeviceModelReply {
    /// A listing's names or a text, where the value is one; any other says no more than "done".
    fileprivate init(_ value: QMPValue) {
        if case .text(let text) = value {
            self = .text(text)
            return
        }
        guard case .list(let entries) = value else {
            self = .done
            return
        }
        self = .names(
            entries.compactMap { entry in
                guard case .object(let object) = entry, case .text(let name)? = object["name"]
                else { return nil }
                return name
            })
    }

    fileprivate init(_ failure: QMPFailure) {
        switch failure {
        case .refused(let errorClass, let description):
            self = .refused(errorClass: errorClass, description: description)
        case .malformed(let reason), .unreachable(let reason): self = .unreachable(reason)
        }
    }
}
