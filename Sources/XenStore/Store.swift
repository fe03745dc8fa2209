public import XenStoreWire

/// The seam to a xenstore: a batch of requests goes in, as many replies come out.
///
/// There is no single-request method, so pipelining can't be forgotten. A batch is answered in
/// order; a refused request is a reply, not a throw. Requests between `begin` and `commit` or
/// `abort`, also across batches, run in one transaction. A seam lives on one thread.
public protocol Store: AnyObject {
    /// Sends a batch and returns one reply for each request, in order.
    ///
    /// - Throws: ``StoreFailure`` when the store could not be asked or its answer did not come;
    ///   an open transaction is lost then.
    func perform(_ batch: [StoreRequest]) throws(StoreFailure) -> [StoreReply]
}

/// The store as a whole could not be asked, in contrast to one request refused.
public struct StoreFailure: Error, Hashable, Sendable {
    /// A class of failures; more may come.
    public struct Code: Hashable, Sendable {
        private enum Value: Hashable {
            case unreachable, denied, timedOut, closed, malformed, contended, refused
        }

        private let value: Value

        /// No server could be connected to.
        public static let unreachable = Code(value: .unreachable)
        /// The server is there, but this user may not connect to it.
        public static let denied = Code(value: .denied)
        /// The server did not answer in time.
        public static let timedOut = Code(value: .timedOut)
        /// The server closed the connection.
        public static let closed = Code(value: .closed)
        /// The server sent what is not the protocol.
        public static let malformed = Code(value: .malformed)
        /// The server refused what cannot be done without, as a transaction or a watch.
        public static let refused = Code(value: .refused)
        /// A transaction conflicted too often.
        public static let contended = Code(value: .contended)
    }

    /// The class.
    public let code: Code
    /// What went wrong, as a sentence without its full stop.
    public let message: String

    /// Makes a failure from its sentence.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
