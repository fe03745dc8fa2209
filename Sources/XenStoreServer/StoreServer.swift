internal import CLinux

/// A store that listens at a unix socket, as xenstored does.
///
/// One thread runs it. Everything a client does costs the others little: sockets do not block, each
/// turn takes and gives at most ``turnBytes`` a client, and one that does not read its answers is
/// not read either.
public final class StoreServer {
    /// The store and its clients; to be changed between turns, and not to be replaced.
    public var service: StoreService
    /// Ends ``run(afterEachTurn:)`` from any thread.
    public let stopper: Stopper

    private let listener: ListeningSocket
    private var peers: [Peer] = []
    /// How many clients there may be now: fewer while descriptors are short.
    private var peersLimit = StoreServer.peersMax

    /// How many bytes a client may send and be sent in one turn.
    public static let turnBytes = 1 << 14
    /// How many clients are served at a time; others wait to be accepted.
    public static let peersMax = 512
    /// How many clients are accepted in one turn.
    private static let acceptsMax = 16

    /// Listens at a path, which gets a socket of mode 0600.
    ///
    /// A socket that nobody listens at is replaced. The path goes with the server.
    ///
    /// - Throws: ``StoreServerError`` with the code `inUse` when somebody listens there,
    ///   `notSocket` when there is something else, `failed` when the system refuses.
    public init(
        path: String, service: StoreService = StoreService()
    ) throws(StoreServerError) {
        stopper = try Stopper()
        listener = try ListeningSocket(path: path)
        self.service = service
    }

    /// Serves clients on this thread until the stopper is called, also when that was before.
    ///
    /// After each turn the program may look at the service and change it.
    ///
    /// - Throws: ``StoreServerError`` with the code `failed` when the system cannot wait.
    public func run(
        afterEachTurn body: (inout StoreService) -> Void = { _ in }
    ) throws(StoreServerError) {
        while try turn(nanoseconds: -1) { body(&service) }
    }

    /// Serves what is ready, after waiting for it at most so many nanoseconds, forever below 0.
    ///
    /// Returns false when the stopper was called.
    ///
    /// - Throws: as ``run(afterEachTurn:)``.
    @discardableResult
    public func turn(nanoseconds: Int64) throws(StoreServerError) -> Bool {
        var items = polled
        let result = unsafe items.withUnsafeMutableBufferPointer {
            unsafe pvusb_poll($0.baseAddress, Int32($0.count), nanoseconds)
        }
        if result == -PVUSB_EINTR { return true }
        guard result >= 0 else { throw StoreServerError("waiting for clients", result) }
        guard items[0].ready == 0 else { return false }
        for (peer, item) in zip(peers, items.dropFirst(2)) where item.ready != 0 {
            receive(from: peer, isReadable: item.ready & Readiness.read != 0)
        }
        for peer in peers where !peer.isBlocked { send(to: peer) }
        dropEnded()
        if items[1].ready != 0 { try acceptPeers() }
        return true
    }
}

extension StoreServer {
    /// A client and its socket.
    private final class Peer {
        let socket: Descriptor
        let client: StoreService.Client
        /// What was taken from the service and not yet by the socket.
        var unsent: ArraySlice<UInt8> = []
        /// The socket took less than it was given, and has not been ready since.
        var isBlocked = false
        /// Its client closed it, or it failed.
        var isClosed = false

        init(_ socket: consuming Descriptor, _ client: StoreService.Client) {
            self.socket = socket
            self.client = client
        }
    }

    /// The stopper, the listener and all clients, with what each is waited for.
    private var polled: [pvusb_polled] {
        let accepts = peers.count < peersLimit
        return [
            pvusb_polled(stopper.number, Readiness.read),
            pvusb_polled(listener.socket.number, accepts ? Readiness.read : 0),
        ]
            + peers.map { peer in
                let reads = service.acceptsInput(from: peer.client)
                let writes = !peer.unsent.isEmpty || service.hasOutput(for: peer.client)
                return pvusb_polled(
                    peer.socket.number,
                    (reads ? Readiness.read : 0) | (writes ? Readiness.write : 0))
            }
    }

    private func receive(from peer: Peer, isReadable: Bool) {
        peer.isBlocked = false
        guard isReadable, service.acceptsInput(from: peer.client) else { return }
        var buffer = [UInt8](repeating: 0, count: Self.turnBytes)
        let count = unsafe buffer.withUnsafeMutableBufferPointer {
            unsafe pvusb_stream_read(peer.socket.number, $0.baseAddress, Int64($0.count))
        }
        switch count {
        case 1...: service.receive(buffer[..<Int(count)], from: peer.client)
        case Int64(-PVUSB_EAGAIN), Int64(-PVUSB_EINTR): return
        default: peer.isClosed = true
        }
    }

    /// Sends once; what the socket does not take waits until it is ready again.
    private func send(to peer: Peer) {
        if peer.unsent.isEmpty {
            peer.unsent = service.takeOutput(for: peer.client, limit: Self.turnBytes)[...]
        }
        guard !peer.unsent.isEmpty else { return }
        let sent = unsafe peer.unsent.withUnsafeBufferPointer {
            unsafe pvusb_stream_send(peer.socket.number, $0.baseAddress, Int64($0.count))
        }
        switch sent {
        case 0...:
            peer.unsent = peer.unsent.dropFirst(Int(sent))
            peer.isBlocked = !peer.unsent.isEmpty
        case Int64(-PVUSB_EAGAIN), Int64(-PVUSB_EINTR): peer.isBlocked = true
        default: peer.isClosed = true
        }
    }

    /// Lets clients go that closed or are no longer answered.
    ///
    /// What the socket does not take at once is lost: a client that broke the rules could hold it
    /// forever.
    private func dropEnded() {
        for peer in peers where peer.isClosed || !service.isOpen(peer.client) {
            service.disconnect(peer.client)
            peer.isClosed = true
            peersLimit = Self.peersMax
        }
        peers.removeAll(where: \.isClosed)
    }

    private func acceptPeers() throws(StoreServerError) {
        for _ in 0..<Self.acceptsMax where peers.count < peersLimit {
            do throws(AcceptFailure) {
                guard let socket = try listener.accept() else { return }
                peers.append(Peer(socket, service.connect()))
            } catch {
                // Without this the listener stayed ready, and turns would do nothing but fail.
                guard !peers.isEmpty else {
                    throw StoreServerError("accepting a client", -error.errno)
                }
                peersLimit = peers.count
                return
            }
        }
    }
}

/// Ends a server's run, from any thread.
public final class Stopper: Sendable {
    private let event: Descriptor

    init() throws(StoreServerError) {
        let result = pvusb_eventfd()
        guard let event = Descriptor(owning: result) else {
            throw StoreServerError("making an eventfd", result)
        }
        self.event = event
    }

    var number: Int32 { event.number }

    /// Ends the run, now or as soon as it starts; for good.
    public func stop() {
        _ = pvusb_eventfd_signal(event.number)
    }
}

/// The bits of `pvusb_polled`.
private enum Readiness {
    static let read: UInt8 = 1
    static let write: UInt8 = 2
}

extension pvusb_polled {
    fileprivate init(_ descriptor: Int32, _ wanted: UInt8) {
        self.init(descriptor: descriptor, wanted: wanted, ready: 0)
    }
}
