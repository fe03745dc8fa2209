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
    /// What went wrong, as a sentence without its full stop.
    public let message: String

    /// Makes a failure from its sentence.
    public init(_ message: String) {
        self.message = message
    }
}
