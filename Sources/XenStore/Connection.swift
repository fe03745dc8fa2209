internal import CLinux
public import XenStoreWire

/// One connection to a xenstored: asks batches of messages, one at a time, each in bounded time.
///
/// After a throw it is of no use any more: what was answered and what not can't be told.
public struct Connection: ~Copyable {
    private let transport: any Transport
    private var decoder = MessageDecoder.client()
    private var lastID: UInt32 = 0
    private var events = WatchEventQueue()

    /// Connects to a server.
    ///
    /// - Throws: unreachable, or timed out when it accepts nobody.
    public init(to address: StoreAddress, deadline: UInt64) throws(StoreFailure) {
        switch address {
        case .socket(let path): transport = try SocketTransport(path: path, deadline: deadline)
        case .device(let path): transport = try DeviceTransport(path: path)
        }
    }

    init(over transport: any Transport) {
        self.transport = transport
    }

    /// The open file, for one who waits on several; it can be read when something has come.
    public var descriptor: Int32 { transport.number }

    /// Asks a batch and returns the replies in the order of the messages.
    ///
    /// - Parameters:
    ///   - bodies: each message's type, transaction and payload.
    ///   - deadline: nanoseconds of the monotonic clock.
    /// - Throws: timed out, closed or malformed.
    public mutating func ask(
        _ bodies: [(type: MessageType, transaction: UInt32, payload: [UInt8])], deadline: UInt64
    ) throws(StoreFailure) -> [Message] {
        var exchange = Exchange(bodies.map { message($0.type, $0.transaction, $0.payload) })
        var outgoing: ArraySlice<UInt8> = []
        while !exchange.isDone {
            if outgoing.isEmpty {
                outgoing = exchange.takeOutgoing(atMost: transport.burstMax)[...]
            }
            try send(&outgoing, &exchange)
            let isIdle = try !receive { message throws(WireFailure) in
                try exchange.receive(message)
            }
            guard isIdle, !exchange.isDone else { continue }
            let now = pvusb_monotonic()
            guard now < deadline else {
                throw StoreFailure(.timedOut, "xenstored did not answer in time")
            }
            transport.wait(writing: !outgoing.isEmpty, for: deadline - now)
        }
        return exchange.answers
    }

    /// Reads what has come by itself, without waiting, and takes the watch events among it.
    public mutating func takeEvents() throws(StoreFailure) -> [WatchEvent] {
        while try receive({ message throws(WireFailure) in
            throw WireFailure("a reply with the id \(message.header.requestID) answers nothing")
        }) {}
        return events.takeAll()
    }

    /// Takes the watch events that came with replies; nothing is read.
    mutating func takeHeardEvents() -> [WatchEvent] {
        events.takeAll()
    }

    private mutating func message(
        _ type: MessageType, _ transaction: UInt32, _ payload: [UInt8]
    ) -> Message {
        // 0 is the id of what the server sends by itself.
        lastID = lastID == .max ? 1 : lastID + 1
        return Message(
            type, requestID: lastID, transactionID: transaction, payload: payload)
    }

    private func send(
        _ outgoing: inout ArraySlice<UInt8>, _ exchange: inout Exchange
    ) throws(StoreFailure) {
        guard !outgoing.isEmpty else { return }
        switch try transport.send(outgoing) {
        case .taken(let count): outgoing = outgoing.dropFirst(count)
        case .refused(let name):
            exchange.refuseLast(name)
            outgoing = []
        }
    }

    /// Reads once and hands each reply on; watch events are kept.
    ///
    /// - Returns: whether anything had come.
    private mutating func receive(
        _ reply: (Message) throws(WireFailure) -> Void
    ) throws(StoreFailure) -> Bool {
        guard let bytes = try transport.receive() else { return false }
        decoder.append(bytes)
        do {
            while let message = try decoder.next() {
                guard message.header.type == .watchEvent else {
                    try reply(message)
                    continue
                }
                events.append(try WatchEvent(decoding: message))
            }
        } catch {
            let reason = (error as? WireError)?.message ?? (error as? WireFailure)?.message
            throw StoreFailure(
                .malformed, "xenstored broke the protocol: \(reason ?? "\(error)")")
        }
        return true
    }
}

/// The watch events that wait to be taken, oldest first; identical ones are one.
///
/// They are hints to look again, never counted, so a bound loses nothing that matters: beyond
/// ``distinctMax`` different ones a single event about the root stands for all.
struct WatchEventQueue {
    static let distinctMax = 1024

    /// The event that stands for all there may be.
    static let everything = WatchEvent(path: "/", token: "")

    private var waiting: [WatchEvent] = []
    private var known: Set<WatchEvent> = []

    mutating func append(_ event: WatchEvent) {
        guard !known.contains(event) else { return }
        if waiting.count >= Self.distinctMax { removeAll() }
        waiting.append(event)
        known.insert(event)
    }

    private mutating func removeAll() {
        waiting = [Self.everything]
        known = [Self.everything]
    }

    mutating func takeAll() -> [WatchEvent] {
        defer {
            waiting = []
            known = []
        }
        return waiting
    }
}
