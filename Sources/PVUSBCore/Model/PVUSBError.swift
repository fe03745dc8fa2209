/// Why something was not done: what went wrong, why, and the one command that helps.
public struct PVUSBError: Error, Hashable, Sendable {
    /// The class of the error; it decides the exit code.
    public let code: Code
    /// What went wrong, with names and numbers; one sentence without its full stop.
    public let message: String
    /// What the message rests on, as the kernel or the store said it.
    public let cause: String?
    /// The one command to type, or the one thing to do.
    public let remedy: String?

    /// Makes an error.
    public init(_ code: Code, _ message: String, cause: String? = nil, remedy: String? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
        self.remedy = remedy
    }

    /// The exit code of a command that ends with this error.
    public var exitCode: Int32 { code.exitCode }
}

extension PVUSBError {
    /// A class of errors.
    ///
    /// More may come; the ones there are keep their names and exit codes.
    public struct Code: Hashable, Sendable {
        private enum Value: String {
            case failed, usage, permission, interrupted, notFound, ambiguous, denied, refused, busy
            case partial, pending, unfinished, storeLost
        }

        private let value: Value

        private init(_ value: Value) {
            self.value = value
        }

        /// Something did not work.
        public static let failed = Code(.failed)
        /// The command's words are off.
        public static let usage = Code(.usage)
        /// The process may not do that.
        public static let permission = Code(.permission)
        /// Somebody asked the process to stop.
        public static let interrupted = Code(.interrupted)
        /// No such device, domain, controller or port.
        public static let notFound = Code(.notFound)
        /// A selector matches more than one device.
        public static let ambiguous = Code(.ambiguous)
        /// A rule forbids it.
        public static let denied = Code(.denied)
        /// A guard protects the host from it.
        public static let refused = Code(.refused)
        /// The place is taken, the device assigned elsewhere, or another process is at it.
        public static let busy = Code(.busy)
        /// Some of several things failed.
        public static let partial = Code(.partial)
        /// The dry run found something to do.
        public static let pending = Code(.pending)
        /// The record of an interrupted command is in the way.
        public static let unfinished = Code(.unfinished)
        /// The store could not be asked any more; nothing was rolled back.
        public static let storeLost = Code(.storeLost)

        /// The code's name in JSON.
        public var name: String { value.rawValue }

        /// The exit code, for ever.
        public var exitCode: Int32 {
            switch value {
            case .failed, .storeLost: 1
            case .usage: 2
            case .permission: 3
            case .interrupted: 4
            case .notFound: 5
            case .ambiguous: 6
            case .denied: 7
            case .refused: 8
            case .busy: 9
            case .partial: 10
            case .pending: 11
            case .unfinished: 12
            }
        }
    }
}
