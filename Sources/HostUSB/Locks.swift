/// The seam to the locks between pvusb processes on one host.
///
/// A lock belongs to the seam that took it and is gone when its process dies, however it dies.
/// A seam lives on one thread; two seams of one process exclude each other as two processes do.
public protocol Locks: AnyObject {
    /// Tries to take a lock without waiting; taking one that this seam has is a success.
    ///
    /// - Throws: ``LocksFailure`` when the lock could not be asked for at all.
    func tryLock(_ name: String) throws(LocksFailure) -> LockAnswer
    /// Gives a lock back; one that this seam does not have is left alone.
    func unlock(_ name: String)
    /// Looks who has a lock, without taking it; `.taken` means free, or held by this seam.
    func holder(of name: String) throws(LocksFailure) -> LockAnswer
}

/// What became of an attempt to take a lock.
public enum LockAnswer: Hashable, Sendable {
    /// This seam has it now.
    case taken
    /// Another process has it; its process id, where it wrote one.
    case held(by: Int32?)
}

/// The locks as a whole could not be used.
public struct LocksFailure: Error, Hashable, Sendable {
    /// What went wrong, as a sentence without its full stop.
    public let message: String

    /// Makes a failure from its sentence.
    public init(_ message: String) {
        self.message = message
    }
}
