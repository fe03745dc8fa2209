import XenStoreWire

@testable import XenStore

/// A server that does on command what no real one does: the test says what each wait brings.
final class ScriptedTransport: Transport {
    let number: Int32 = -1
    var burstMax = 1 << 16
    /// What arrives, one piece a read; nil stands for "nothing now".
    var incoming: [[UInt8]?] = []
    /// How many bytes each send takes; all of them when empty.
    var takes: [Sent] = []
    /// What was sent, one entry a send.
    private(set) var sent: [[UInt8]] = []
    /// How often somebody waited.
    private(set) var waits = 0
    /// Called with the messages sent so far when the client waits; it may add to `incoming`.
    var onWait: (ScriptedTransport) -> Void = { _ in }
    /// The messages sent so far.
    private(set) var messages: [Message] = []
    private var decoder = MessageDecoder()
    private var isClosed = false

    func close() { isClosed = true }

    func send(_ bytes: ArraySlice<UInt8>) throws(StoreFailure) -> Sent {
        if isClosed { throw StoreFailure(.closed, "xenstored closed the connection") }
        let result = takes.isEmpty ? .taken(bytes.count) : takes.removeFirst()
        if case .taken(let count) = result, count > 0 {
            sent.append(Array(bytes.prefix(count)))
            decoder.append(bytes.prefix(count))
            while let message = try? decoder.next() { messages.append(message) }
        }
        return result
    }

    func receive() throws(StoreFailure) -> [UInt8]? {
        if !incoming.isEmpty { return incoming.removeFirst() }
        if isClosed { throw StoreFailure(.closed, "xenstored closed the connection") }
        return nil
    }

    func wait(writing: Bool, for nanoseconds: UInt64) {
        waits += 1
        onWait(self)
    }

    /// Makes the server answer every message that has not been answered yet.
    func answer(_ reply: @escaping (Message) -> Message) {
        var answered = 0
        onWait = { transport in
            for message in transport.messages.dropFirst(answered) {
                transport.incoming.append(reply(message).bytes)
                answered += 1
            }
        }
    }
}

extension Message {
    /// A reply to this message, of the same type.
    func answered(_ text: String) -> Message {
        Message(
            header.type, requestID: header.requestID, transactionID: header.transactionID,
            payload: Array(text.utf8))
    }

    /// A refusal of this message.
    func refused(_ name: String) -> Message {
        Message(
            .error, requestID: header.requestID, transactionID: header.transactionID,
            payload: Array("\(name)\0".utf8))
    }
}
