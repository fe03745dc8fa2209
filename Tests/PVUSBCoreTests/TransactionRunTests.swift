import Testing

@testable import PVUSBCore

struct TransactionRunTests {
    static let timer = Instant.Timer(run: 1, step: 2)
    static let port = node("/local/domain/0/backend/vusb/5/0/port/1")
    static let write = Effect.store([.write(port, text: ""), .commit])
    static let record = node("/libxl/pvusb/device/1-1")
    static let notes = node("/libxl/usbback/1-1")
    static let removals = Effect.store([.remove(record), .remove(notes)])
    static let commit = Effect.store([.commit])
    static let found = Answer.store([.value([0x31]), .value([]), .value([])])

    private static func begin() -> TransactionRun {
        TransactionRun(.clear(bus("1-1"), place(1)), timer: timer)
    }

    /// A change of two nodes.
    private static func beginTwo() -> TransactionRun {
        TransactionRun(.forget(bus("1-1"), withDrivers: true), timer: timer)
    }

    private static func value(_ text: String) -> Answer { .store([.value(Array(text.utf8))]) }

    /// So long after the retry of that number was begun.
    private static func moment(_ retry: Int, _ milliseconds: Int) -> Effect {
        let timer = Instant.Timer(run: 1, step: 2, retry: retry)
        return .wait(for: [], until: Instant(timer, milliseconds: milliseconds))
    }

    @Test func `a change is begun, read, decided, written and committed`() {
        var run = Self.beginTwo()
        #expect(run.next(nil) == .ask(.store([.begin])))
        #expect(!run.isOpen)
        let reads = [node("/libxl/pvusb/version"), Self.record, Self.notes]
        #expect(run.next(.store([.done])) == .ask(.store(reads.map { .read($0) })))
        #expect(run.isOpen)
        #expect(run.next(Self.found) == .ask(Self.removals))
        #expect(run.isOpen)
        #expect(run.next(.store([.done, .done])) == .ask(Self.commit))
        #expect(run.isOpen)
        #expect(run.next(.store([.done])) == .finished(.done))
    }

    @Test func `a single write is sent together with the commit`() {
        var run = Self.begin()
        _ = run.next(nil)
        #expect(run.next(.store([.done])) == .ask(.store([.read(Self.port)])))
        #expect(run.next(Self.value("1-1")) == .ask(Self.write))
        #expect(run.isOpen)
        #expect(run.next(.store([.done, .done])) == .finished(.done))
    }

    /// Whatever else was to be written would have been refused with it: nothing was committed.
    @Test func `a single write that is refused fails`() {
        var run = Self.begin()
        _ = run.next(nil)
        _ = run.next(.store([.done]))
        _ = run.next(Self.value("1-1"))
        #expect(
            run.next(.store([.failure(.noSpace), .done]))
                == .finished(
                    .failed(
                        PVUSBError(
                            .failed, "xenstored refused the writing of \(Self.port)",
                            cause: "ENOSPC"))))
    }

    @Test func `where nothing is to be changed the transaction is dropped`() {
        var run = Self.begin()
        _ = run.next(nil)
        _ = run.next(.store([.done]))
        #expect(run.next(Self.value("9-9")) == .ask(.store([.abort])))
        #expect(!run.isOpen)
        #expect(run.next(.store([.done])) == .finished(.done))
    }

    @Test func `a loss drops the transaction before it is told`() {
        var run = TransactionRun(.record(bus("1-1"), Record(.attached)), timer: Self.timer)
        _ = run.next(nil)
        _ = run.next(.store([.done]))
        let missing = Answer.store(Array(repeating: .failure(.noEntry), count: 4))
        #expect(run.next(missing) == .ask(.store([.abort])))
        #expect(run.next(.store([.done])) == .finished(.lost(RecordChangeTests.overtaken)))
    }

    @Test func `a conflict is tried again after 1, 2, 4 to 64 ms, forty times in all`() {
        var run = Self.begin()
        var progress = run.next(nil)
        for attempt in 1...40 {
            #expect(progress == .ask(.store([.begin])))
            _ = run.next(.store([.done]))
            #expect(run.next(Self.value("1-1")) == .ask(Self.write))
            progress = run.next(.store([.done, .failure(.again)]))
            guard attempt < 40 else { break }
            let pause = min(1 << (attempt - 1), 64)
            #expect(progress == .ask(Self.moment(attempt, pause)))
            #expect(!run.isOpen)
            progress = run.next(.timedOut)
        }
        let error = PVUSBError(
            .busy, "the store's nodes were changed by others 40 times in a row",
            remedy: "try again")
        #expect(progress == .finished(.failed(error)))
    }

    @Test func `what was read before a conflict is read again`() {
        var run = Self.begin()
        _ = run.next(nil)
        _ = run.next(.store([.done]))
        _ = run.next(Self.value("1-1"))
        _ = run.next(.store([.done, .failure(.again)]))
        _ = run.next(.timedOut)
        #expect(run.next(.store([.done])) == .ask(.store([.read(Self.port)])))
        #expect(run.next(Self.value("")) == .ask(.store([.abort])))
    }

    /// What xenstored did not refuse it would commit.
    @Test func `a refused write among several drops the transaction`() {
        var run = Self.beginTwo()
        _ = run.next(nil)
        _ = run.next(.store([.done]))
        _ = run.next(Self.found)
        #expect(run.next(.store([.done, .failure(.noSpace)])) == .ask(.store([.abort])))
        #expect(
            run.next(.store([.done]))
                == .finished(
                    .failed(
                        PVUSBError(
                            .failed, "xenstored refused the removal of \(Self.notes)",
                            cause: "ENOSPC"))))
    }

    @Test func `a refused commit fails`() {
        var run = Self.beginTwo()
        _ = run.next(nil)
        _ = run.next(.store([.done]))
        _ = run.next(Self.found)
        _ = run.next(.store([.done, .done]))
        #expect(
            run.next(.store([.failure(.noSpace)]))
                == .finished(
                    .failed(
                        PVUSBError(
                            .failed, "xenstored refused the commit of the transaction",
                            cause: "ENOSPC"))))
    }

    @Test func `a refused start fails, and nothing is open`() {
        var run = Self.begin()
        _ = run.next(nil)
        #expect(
            run.next(.store([.failure(.busy)]))
                == .finished(
                    .failed(
                        PVUSBError(
                            .failed, "xenstored refused the start of the transaction",
                            cause: "EBUSY"))))
    }

    @Test func `a refused read drops the transaction`() {
        var run = Self.begin()
        _ = run.next(nil)
        _ = run.next(.store([.done]))
        #expect(run.next(.store([.failure(.accessDenied)])) == .ask(.store([.abort])))
        #expect(
            run.next(.store([.done]))
                == .finished(
                    .failed(
                        PVUSBError(
                            .permission, "xenstored refused the reading of \(Self.port)",
                            cause: "EACCES", remedy: "run pvusb as root in domain 0"))))
    }

    @Test(arguments: 0...3)
    func `a lost store ends it at once, wherever it is`(turn: Int) {
        var run = Self.beginTwo()
        let answers: [Answer] = [.store([.done]), Self.found, .store([.done, .done])]
        _ = run.next(nil)
        for answer in answers.prefix(turn) { _ = run.next(answer) }
        #expect(run.next(.storeLost("EOF")) == .finished(.failed(.storeIsLost)))
    }
}

extension Progress: Equatable where Value: Equatable {
    static func == (left: Progress, right: Progress) -> Bool {
        switch (left, right) {
        case (.ask(let left), .ask(let right)): left == right
        case (.finished(let left), .finished(let right)): left == right
        default: false
        }
    }
}
