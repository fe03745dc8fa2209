/// Why a server cannot listen or go on.
public struct StoreServerError: Error, Hashable, Sendable {
    /// The kind of the failure; more may be added.
    public struct Code: Hashable, Sendable {
        private enum Kind: Hashable, Sendable {
            case inUse, notSocket, failed
        }

        private let kind: Kind

        /// Somebody listens at the path.
        public static let inUse = Code(kind: .inUse)
        /// Something at the path is no socket, and is left alone.
        public static let notSocket = Code(kind: .notSocket)
        /// A system call failed.
        public static let failed = Code(kind: .failed)
    }

    /// The kind of the failure.
    public let code: Code
    /// What went wrong, as a sentence without its full stop.
    public let message: String
    /// The system's number for the failure; 0 when no call failed.
    public let errno: Int32

    init(_ code: Code, _ message: String, errno: Int32 = 0) {
        self.code = code
        self.message = message
        self.errno = errno
    }

    /// A system call's refusal, from the `-errno` it returned.
    init(_ what: String, _ result: some FixedWidthInteger) {
        let number = Int32(truncatingIfNeeded: 0 &- result)
        self.init(.failed, "\(what) failed (errno \(number))", errno: number)
    }
}
