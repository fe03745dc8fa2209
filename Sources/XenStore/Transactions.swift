internal import CLinux
public import XenStoreWire

extension Store {
    /// Makes a change in one transaction, again from the start when it conflicts.
    ///
    /// The body reads with `perform` what its decision depends on, and returns the changes; nil
    /// drops the transaction. Whatever it throws drops it too.
    ///
    /// - Parameters:
    ///   - attemptsMax: how often it is tried.
    ///   - pause: waits about so many milliseconds between two tries; to be blurred, so that two
    ///     who collide do not collide again in step.
    /// - Returns: the replies to the changes, and the commit's too when it failed for good; none
    ///   when there were no changes.
    /// - Throws: contended after too many conflicts; refused when none can be begun; what
    ///   `perform` throws.
    @discardableResult
    public func transaction(
        attemptsMax: Int = 40, pause: (Int) -> Void,
        _ body: () throws(StoreFailure) -> [StoreRequest]?
    ) throws(StoreFailure) -> [StoreReply] {
        for attempt in 0..<attemptsMax {
            if let refusal = try perform([.begin]).first?.failure {
                throw StoreFailure(
                    .refused, "no transaction can be begun (\(refusal.text))")
            }
            guard let changes = try bodyOrAbort(body) else {
                _ = try perform([.abort])
                return []
            }
            var replies = try perform(changes + [.commit])
            let ending = replies.removeLast()
            if ending != .failure(.again) { return replies + ending.failures }
            pause(1 << min(attempt, 6))
        }
        throw StoreFailure(
            .contended, "a transaction conflicted with others \(attemptsMax) times in a row")
    }

    private func bodyOrAbort(
        _ body: () throws(StoreFailure) -> [StoreRequest]?
    ) throws(StoreFailure) -> [StoreRequest]? {
        do throws(StoreFailure) {
            return try body()
        } catch {
            _ = try? perform([.abort])
            throw error
        }
    }
}

extension StoreReply {
    /// The reply itself when it is a refusal: a commit that failed for good must be seen.
    fileprivate var failures: [StoreReply] {
        failure == nil ? [] : [self]
    }
}
