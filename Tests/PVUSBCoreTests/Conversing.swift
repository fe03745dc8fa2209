import Testing

@testable import PVUSBCore

extension LittleHost {
    /// The guest has the device, given by an attach of ours.
    static func attached() throws -> LittleHost {
        var host = LittleHost()
        let command = Command.attach(
            .name("win10"), .busID(bus("1-1")), at: try PlaceWish("0:1"))
        _ = host.run(Operation(command))
        return host
    }

    /// Runs an operation to its end.
    ///
    /// - Parameter script: answers in the host's place; nil lets the host answer.
    /// - Returns: how it ended, and the effects that were asked for.
    @discardableResult
    mutating func run(
        _ operation: Operation,
        _ script: (Int, Effect, inout LittleHost) -> Answer? = { _, _, _ in nil }
    ) -> (outcome: Outcome, effects: [Effect]) {
        var operation = operation
        var effects: [Effect] = []
        var answer: Answer?
        while effects.count < 10_000 {
            let effect = operation.next(answer)
            if case .finished(let outcome) = effect { return (outcome, effects) }
            answer = script(effects.count, effect, &self) ?? perform(effect)
            effects.append(effect)
        }
        return (.failed(PVUSBError(.failed, "the operation does not end")), effects)
    }
}

extension Outcome {
    /// The first goal's steps that were done, on one line each.
    var done: [String] {
        (report?.goals.first?.steps ?? []).filter { $0.result == .done }.map(\.step.line)
    }
}

/// A transaction that reads and then writes, as it is asked for.
func transaction(_ reads: [String], _ writes: [StoreRequest]) -> [Effect] {
    [
        .store([.begin]), .store(reads.map { .read(node($0)) }),
    ] + (writes.count == 1 ? [.store(writes + [.commit])] : [.store(writes), .store([.commit])])
}

/// A write of text, by path.
func writing(_ path: String, _ text: String) -> StoreRequest { .write(node(path), text: text) }

extension PVUSBError {
    /// What is said when the little host loses its store.
    static let storeIsLost = PVUSBError(
        .storeLost, "xenstored can't be asked", cause: "EOF",
        remedy: "see that it runs and that you are root, then type: pvusb recover")
}
