internal import XenStoreWire

/// Makes one change of the store: begin, read, decide, write, commit; again on a conflict.
///
/// The commit waits for the replies to several writes: xenstored commits what it did not refuse, and
/// half a controller or half a record must not be made (xenstored_transaction.c). A single write has
/// no other half.
struct TransactionRun: Hashable, Sendable {
    /// How a change ended.
    enum Ending: Hashable {
        /// The change is made, or there was nothing to change.
        case done
        /// Somebody else was first; the transaction is dropped.
        case lost(PVUSBError)
        /// It did not work.
        case failed(PVUSBError)
    }

    private enum Phase: Hashable {
        case beginning
        case reading
        case writing([StoreRequest])
        case committing([StoreRequest])
        case aborting(Ending)
        case backingOff
    }

    /// How often a commit is tried; eight writers under one directory need three on average.
    static let attemptsMax = 40

    private let change: StoreChange
    private let timer: Instant.Timer
    private var phase = Phase.beginning
    private var attempts = 0

    init(_ change: StoreChange, timer: Instant.Timer) {
        self.change = change
        self.timer = timer
    }

    /// Tells whether a transaction is open, so that somebody who stops here has to abort it.
    var isOpen: Bool {
        switch phase {
        case .reading, .writing, .committing: true
        case .beginning, .aborting, .backingOff: false
        }
    }

    /// Takes the answer to the effect asked last, nil at the start.
    mutating func next(_ answer: Answer?) -> Progress<Ending> {
        do throws(PVUSBError) {
            switch (phase, answer) {
            case (.beginning, nil): return begin()
            case (.backingOff, .timedOut), (.backingOff, .woken): return begin()
            case (.beginning, .store(let replies)):
                try Self.check(replies, [.begin])
                phase = .reading
                return .ask(.store(change.reads))
            case (.reading, .store(let replies)): return act(on: try change.decide(replies))
            case (.writing(let requests), .store(let replies)):
                return try written(replies, requests)
            case (.committing(let requests), .store(let replies)):
                return try committed(replies, requests)
            case (.aborting(let ending), .store): return .finished(ending)
            default: throw PVUSBError.misplaced(answer, in: "a transaction")
            }
        } catch {
            return fail(error)
        }
    }

    private mutating func begin() -> Progress<Ending> {
        attempts += 1
        phase = .beginning
        return .ask(.store([.begin]))
    }

    private mutating func act(on decision: StoreChange.Decision) -> Progress<Ending> {
        switch decision {
        case .write(let requests) where requests.count == 1:
            phase = .committing(requests)
            return .ask(.store(requests + [.commit]))
        case .write(let requests):
            phase = .writing(requests)
            return .ask(.store(requests))
        case .leave: return abort(.done)
        case .lost(let error): return abort(.lost(error))
        case .refuse(let error): return abort(.failed(error))
        }
    }

    private mutating func abort(_ ending: Ending) -> Progress<Ending> {
        phase = .aborting(ending)
        return .ask(.store([.abort]))
    }

    private mutating func fail(_ error: PVUSBError) -> Progress<Ending> {
        guard error.code != .storeLost else { return .finished(.failed(error)) }
        switch phase {
        case .reading, .writing: return abort(.failed(error))
        case .beginning, .committing, .aborting, .backingOff: return .finished(.failed(error))
        }
    }

    private mutating func written(
        _ replies: [StoreReply], _ requests: [StoreRequest]
    ) throws(PVUSBError) -> Progress<Ending> {
        try Self.check(replies, requests)
        phase = .committing([])
        return .ask(.store([.commit]))
    }

    private mutating func committed(
        _ replies: [StoreReply], _ requests: [StoreRequest]
    ) throws(PVUSBError) -> Progress<Ending> {
        try Self.check(replies, requests)
        if replies.last == .failure(.again) { return try backOff() }
        try Self.check(replies.suffix(1), [.commit])
        return .finished(.done)
    }

    /// A wait for nothing but a moment, which the driver blurs: 1, 2, 4 … 64 ms after the last.
    private mutating func backOff() throws(PVUSBError) -> Progress<Ending> {
        guard attempts < Self.attemptsMax else {
            throw PVUSBError(
                .busy, "the store's nodes were changed by others \(attempts) times in a row",
                remedy: "try again")
        }
        phase = .backingOff
        let pause = Instant(timer.retry(attempts), milliseconds: 1 << min(attempts - 1, 6))
        return .ask(.wait(for: [], until: pause))
    }

    private static func check(
        _ replies: [StoreReply], _ requests: [StoreRequest]
    ) throws(PVUSBError) {
        for (reply, request) in zip(replies, requests) where reply.failure != nil {
            throw .unexpected(reply, to: request)
        }
    }
}
