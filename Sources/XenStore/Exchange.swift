internal import XenStoreWire

/// A batch of messages on its way: which may leave now, which have been answered.
///
/// It does no I/O.
/// At most ``windowMax`` are unanswered at a time: oxenstored stops reading when its answers are
/// not read, and would wait for us as we for it.
struct Exchange {
    static let windowMax = 64

    private let messages: [Message]
    private var replies: [Message?]
    private var places: [UInt32: Int] = [:]
    private var next = 0
    private var open = 0

    /// - Parameter messages: each with a request id of its own.
    init(_ messages: [Message]) {
        self.messages = messages
        replies = Array(repeating: nil, count: messages.count)
    }

    /// Tells whether every message is answered.
    var isDone: Bool { open == 0 && next == messages.count }

    /// The replies, once all are there.
    var answers: [Message] { replies.compactMap { $0 } }

    /// The next messages that may leave, as bytes: none while the window is more than half full, so
    /// that many leave at once and the server has always some to answer.
    mutating func takeOutgoing(atMost limit: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        guard open <= Self.windowMax / 2 else { return bytes }
        while next < messages.count, open < Self.windowMax {
            let message = messages[next].bytes
            guard bytes.isEmpty || bytes.count + message.count <= limit else { break }
            bytes += message
            places[messages[next].header.requestID] = next
            next += 1
            open += 1
        }
        return bytes
    }

    /// Takes in a reply.
    ///
    /// The kernel's device answers WATCH and UNWATCH itself, under the id 0: those are matched by
    /// their order.
    ///
    /// - Throws: malformed, when nothing was asked that this could answer.
    mutating func receive(_ reply: Message) throws(WireFailure) {
        guard let place = place(of: reply.header) else {
            throw WireFailure("a reply with the id \(reply.header.requestID) answers nothing")
        }
        places[messages[place].header.requestID] = nil
        replies[place] = reply
        open -= 1
    }

    /// Notes that the message sent last was refused before it reached the server.
    mutating func refuseLast(_ name: StoreErrorName) {
        let header = messages[next - 1].header
        places[header.requestID] = nil
        replies[next - 1] = Message(
            .error, requestID: header.requestID, transactionID: header.transactionID,
            payload: Array(name.text.utf8) + [0])
        open -= 1
    }

    private func place(of header: MessageHeader) -> Int? {
        if let place = places[header.requestID] { return place }
        guard header.requestID == 0, [.watch, .unwatch].contains(header.type) else { return nil }
        return places.values.filter { messages[$0].header.type == header.type }.min()
    }
}

/// The server broke the protocol; a sentence without its full stop.
struct WireFailure: Error, Hashable {
    let message: String

    init(_ message: String) {
        self.message = message
    }
}
