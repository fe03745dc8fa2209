import Testing
import XenStoreWire

@testable import XenStore

/// What a client asks besides its batches, and what it makes of answers that make no sense.
struct StoreQuestionTests {
    private let transport = ScriptedTransport()
    private let path = StorePath.root / "a"

    private var client: StoreClient { StoreClient(over: transport, timeoutMilliseconds: 2_000) }

    private func asked() -> [String] {
        transport.messages.map { message in
            "\(message.header.type) \(String(decoding: message.payload, as: UTF8.self))"
        }
    }

    // MARK: - Domains and features

    @Test func `a domain's directory is asked for by its number`() throws {
        transport.answer { $0.answered("/local/domain/7\0") }
        #expect(try client.domainPath(of: 7) == .success("/local/domain/7"))
        #expect(transport.messages.map(\.header.type) == [.getDomainPath])
        #expect(transport.messages.map(\.payload) == [Array("7\0".utf8)])
    }

    @Test(arguments: [("T", true), ("F", false), ("", false)])
    func `the server says whether it knows a domain`(text: String, isKnown: Bool) throws {
        transport.answer { $0.answered("\(text)\0") }
        #expect(try client.isIntroduced(7) == .success(isKnown))
        #expect(transport.messages.map(\.header.type) == [.isDomainIntroduced])
    }

    @Test(
        arguments: [
            ("0", Result.success(0)),
            ("4294967295", .success(.max)),
            ("4294967296", .failure(.inputOutput)),  // wraps 32 bits
            ("-1", .failure(.inputOutput)),
            ("x", .failure(.inputOutput)),
            ("", .failure(.inputOutput)),
        ] as [(String, Result<UInt32, StoreErrorName>)])
    func `features are a number`(text: String, features: Result<UInt32, StoreErrorName>) throws {
        transport.answer { $0.answered("\(text)\0") }
        #expect(try client.features() == features)
        #expect(transport.messages.map(\.payload) == [[0]])
    }

    @Test func `a question that the server refuses is its refusal`() throws {
        transport.answer { $0.refused($0.header.type == .getFeature ? "ENOSYS" : "EACCES") }
        let client = client
        #expect(try client.features() == .failure(.unsupported))
        #expect(try client.isIntroduced(7) == .failure(.accessDenied))
        #expect(try client.domainPath(of: 7) == .failure(.accessDenied))
    }

    // MARK: - Answers that make no sense

    @Test func `what was meant for a transaction that can't begin is not done`() throws {
        transport.answer { $0.refused("EBUSY") }
        let replies = try client.perform([.begin, .write(path, text: "x"), .commit])
        #expect(replies == [.failure(.busy), .failure(.busy), .failure(.busy)])
        #expect(transport.messages.map(\.header.type) == [.transactionStart])
    }

    @Test func `a reply of another type ends a transaction, and the connection with it`() throws {
        transport.answer {
            $0.header.type == .transactionStart ? $0.answered("5\0") : $0.answered("OK\0")
        }
        let client = client
        _ = try client.perform([.begin])
        transport.answer { _ in
            Message(.write, requestID: 2, transactionID: 5, payload: Array("OK\0".utf8))
        }
        let error = #expect(throws: StoreFailure.self) { _ = try client.perform([.read(path)]) }
        #expect(error?.code == .malformed)
        #expect(error?.message.hasPrefix("xenstored broke the protocol: ") == true)
        #expect(!client.isInTransaction)
        #expect(client.descriptor == nil)
    }

    @Test func `a directory that vanishes while it is read in parts is refused`() throws {
        transport.answer { $0.refused($0.header.type == .directoryPart ? "ENOENT" : "E2BIG") }
        #expect(try client.perform([.directory(path)]) == [.failure(.noEntry)])
    }

    @Test func `a reply that comes by itself ends the connection`() throws {
        transport.answer { $0.answered("x") }
        let client = client
        _ = try client.perform([.read(path)])
        let stray = Message(.read, requestID: 1, transactionID: 0, payload: [])
        transport.incoming = [stray.bytes]
        let error = #expect(throws: StoreFailure.self) { _ = try client.takeEvents() }
        #expect(
            error
                == StoreFailure(
                    .malformed,
                    "xenstored broke the protocol: a reply with the id 1 answers nothing"))
        #expect(client.descriptor == nil)
        #expect(try client.takeEvents() == [])
    }

    @Test func `a client that disconnects has no events any more, and no descriptor`() throws {
        let event = WatchEvent(path: "/a", token: "t")
        let bytes = try event.message().bytes
        transport.onWait = { transport in
            transport.incoming = [bytes] + transport.messages.map { $0.answered("x").bytes }
        }
        let client = client
        _ = try client.perform([.read(path)])
        client.disconnect()
        #expect(try client.takeEvents() == [])
        #expect(client.descriptor == nil)
    }

    @Test(arguments: [(-5, 0), (0, 0), (2, 1), (10, 5)])
    func `a pause is blurred, but no shorter than half`(milliseconds: Int, least: UInt64) {
        let start = client.deadline()
        client.pause(milliseconds)
        #expect(client.deadline() - start >= least * 1_000_000)
    }
}

/// Transactions that end otherwise than by a good commit.
struct TransactionEndTests {
    private let transport = ScriptedTransport()
    private let path = StorePath.root / "a"

    private var client: StoreClient { StoreClient(over: transport, timeoutMilliseconds: 2_000) }

    /// Answers every message as a server does, and a commit as the test says.
    private func serve(commit: String = "OK") {
        transport.answer { message in
            switch message.header.type {
            case .transactionStart: return message.answered("5\0")
            case .transactionEnd where message.payload.first == UInt8(ascii: "T"):
                return commit == "OK" ? message.answered("OK\0") : message.refused(commit)
            default: return message.answered("OK\0")
            }
        }
    }

    /// The last message, as its type and its payload.
    private var last: String? {
        transport.messages.last.map {
            "\($0.header.type.rawValue) \(String(decoding: $0.payload, as: UTF8.self))"
        }
    }

    private let abort = "\(MessageType.transactionEnd.rawValue) F\0"

    @Test func `without changes it is aborted, and there are no replies`() throws {
        serve()
        let client = client
        #expect(try client.transaction(pause: { _ in }, { nil }) == [])
        #expect(last == abort)
        #expect(!client.isInTransaction)
    }

    @Test func `what the body throws aborts it and is thrown`() throws {
        serve()
        let client = client
        let failure = StoreFailure(.refused, "the port is taken")
        let thrown = #expect(throws: StoreFailure.self) {
            try client.transaction(pause: { _ in }) { () throws(StoreFailure) in throw failure }
        }
        #expect(thrown == failure)
        #expect(last == abort)
        #expect(!client.isInTransaction)
    }

    @Test func `one that can't be begun is an error, and the body is not asked`() throws {
        transport.answer { $0.refused("ENOSPC") }
        var isAsked = false
        let error = #expect(throws: StoreFailure.self) {
            try client.transaction(pause: { _ in }) { () throws(StoreFailure) in
                isAsked = true
                return []
            }
        }
        #expect(error == StoreFailure(.refused, "no transaction can be begun (ENOSPC)"))
        #expect(!isAsked)
    }

    @Test func `a commit that fails for good is the last reply, and is not tried again`() throws {
        serve(commit: "EACCES")
        var pauses = 0
        let replies = try client.transaction(pause: { _ in pauses += 1 }) {
            [.write(path, text: "x")]
        }
        #expect(replies == [.done, .failure(.accessDenied)])
        #expect(pauses == 0)
    }
}
