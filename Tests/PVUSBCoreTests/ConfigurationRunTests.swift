import Testing

@testable import PVUSBCore

/// What is done about libxl's JSON of a domain, and in which order.
struct ConfigurationRunTests {
    private static let uuid = "11111111-2222-3333-4444-555555555555"
    private static let file = "/var/lib/xen/userdata-d.5.\(uuid).libxl-json"
    private static let deadline = Instant(Instant.Timer(run: 1, step: 0), milliseconds: 10_000)
    private static let lock = Lock(.userdata(place(1).controller.domain, uuid: uuid))
    private static let read = Effect.files([.read(file)])
    private static let port = Effect.store([.read(node(LittleHost.port))])
    private static let entry =
        #"{"usbdevs":[{"ctrl":0,"port":1,"type.hostdev":{"hostbus":1,"hostaddr":2}}]}"#

    private static func bytes(_ text: String) -> Answer { .files([.bytes(Array(text.utf8))]) }

    private static func run(_ item: ConfigurationItem = .port(place(1))) throws -> ConfigurationRun
    {
        var host = LittleHost()
        var survey = Survey(.everything)
        var answer: Answer?
        while true {
            switch survey.next(answer) {
            case .ask(let effect): answer = host.perform(effect)
            case .finished(let result):
                var seen = try result.get()
                seen.userdata = Userdata(names: ["userdata-d.5.\(uuid).libxl-json"])
                return ConfigurationRun(item, given: seen, until: deadline)
            }
        }
    }

    /// Gives a run its answers, expecting these effects and then its end.
    private func converse(
        _ run: ConfigurationRun, _ lines: [(effect: Effect, answer: Answer)]
    ) -> StepRun.Ending? {
        var run = run
        var answer: Answer?
        for line in lines {
            guard case .ask(let asked) = run.next(answer) else { return nil }
            #expect(asked == line.effect)
            answer = line.answer
        }
        guard case .finished(let ending) = run.next(answer) else { return nil }
        return ending
    }

    @Test func `what the port holds is written under libxl's lock, and the lock given back`() throws
    {
        let ending = converse(
            try Self.run(),
            [
                (.lock(Self.lock), .lockHeld(by: nil)),
                (.wait(for: [.tick], until: Self.deadline), .woken), (.lock(Self.lock), .locked),
                (Self.read, Self.bytes("{}")), (Self.port, .store([.value(Array("1-1".utf8))])),
                (.files([.replace(Self.file, Array(Self.entry.utf8))]), .files([.done])),
                (.unlock(Self.lock), .unlocked),
            ])
        #expect(ending == .tried(refusal: nil))
    }

    @Test(arguments: [
        (entry, "1-1"), ("{}", ""), ("{}", "9-9"), (entry, "9-9"), ("{}", "no bus id"),
    ])
    func `what says the same already, or what nobody knows an address of, is not written`(
        _ json: String, _ value: String
    ) throws {
        let ending = converse(
            try Self.run(),
            [
                (.lock(Self.lock), .locked), (Self.read, Self.bytes(json)),
                (Self.port, .store([.value(Array(value.utf8))])),
                (.unlock(Self.lock), .unlocked),
            ])
        #expect(ending == .tried(refusal: nil))
    }

    @Test func `a controller that is gone takes its entries with it`() throws {
        let item = ConfigurationItem.controller(place(1).controller)
        let type = Effect.store([.read(node("/libxl/5/device/vusb/0/type"))])
        let ending = converse(
            try Self.run(item),
            [
                (.lock(Self.lock), .locked), (Self.read, Self.bytes(Self.entry)),
                (type, .store([.failure(.noEntry)])),
                (.files([.replace(Self.file, Array("{}".utf8))]), .files([.done])),
                (.unlock(Self.lock), .unlocked),
            ])
        #expect(ending == .tried(refusal: nil))
    }

    @Test func `a lock that does not come in time leaves everything as it is`() throws {
        let ending = converse(
            try Self.run(),
            [
                (.lock(Self.lock), .lockHeld(by: nil)),
                (.wait(for: [.tick], until: Self.deadline), .timedOut),
            ])
        #expect(ending == .tried(refusal: "libxl did not give its lock back in time"))
        let failed = converse(try Self.run(), [(.lock(Self.lock), .locksFailed("EROFS"))])
        #expect(failed == .tried(refusal: "EROFS"))
    }

    @Test(arguments: [
        (Answer.files([.failure(.noEntry)]), "\(file) can't be read (ENOENT)"),
        (bytes("nonsense"), "\(file) is malformed at byte 0: '{' was expected"),
    ])
    func `a file that can't be read is left alone, and the lock given back`(
        _ answer: Answer, _ reason: String
    ) throws {
        let ending = converse(
            try Self.run(),
            [
                (.lock(Self.lock), .locked), (Self.read, answer), (.unlock(Self.lock), .unlocked),
            ])
        #expect(ending == .tried(refusal: reason))
    }

    @Test func `a file that can't be replaced is told`() throws {
        let ending = converse(
            try Self.run(),
            [
                (.lock(Self.lock), .locked), (Self.read, Self.bytes("{}")),
                (Self.port, .store([.value(Array("1-1".utf8))])),
                (
                    .files([.replace(Self.file, Array(Self.entry.utf8))]),
                    .files([.failure(.readOnly)])
                ),
                (.unlock(Self.lock), .unlocked),
            ])
        #expect(ending == .tried(refusal: "\(Self.file) can't be replaced (EROFS)"))
    }

    @Test func `a store that is lost ends it as a failure, with the lock given back`() throws {
        let ending = converse(
            try Self.run(),
            [
                (.lock(Self.lock), .locked), (Self.read, Self.bytes("{}")),
                (Self.port, .storeLost("EOF")), (.unlock(Self.lock), .unlocked),
            ])
        guard case .failed(let error) = ending else {
            Issue.record("it ended with \(String(describing: ending))")
            return
        }
        #expect(error.code == .storeLost)
    }

    @Test func `whoever stops it anywhere gives the lock back`() throws {
        var run = try Self.run()
        #expect(run.cleanUp == [])
        var answers: [Answer?] = [
            nil, .locked, Self.bytes("{}"), .store([.value(Array("1-1".utf8))]), .files([.done]),
        ]
        while !answers.isEmpty {
            _ = run.next(answers.removeFirst())
            #expect(run.cleanUp == [.unlock(Self.lock)])
        }
    }
}
