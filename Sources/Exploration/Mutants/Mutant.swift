public import PVUSBCore

/// A mistake put around the core: it changes what an operation does or what it is told.
///
/// Nothing in the core knows of it. The explorer has to find the mistake by a broken law.
public struct Mutant: Sendable {
    /// What becomes of an effect that an operation asks for.
    public enum Twist: Sendable {
        /// This is performed, and its answer told.
        case perform(Effect)
        /// Nothing is performed; this is told.
        case pretend(Answer)
    }

    /// What kind of mistake it is, in words.
    public let name: String
    /// Where the mistake was seen: an item of a catalogue of bugs, or a law.
    public let origin: String
    /// Changes an effect; the array is what the mutant remembers of the operation so far.
    public let twist: @Sendable (Effect, inout [Effect]) -> Twist
    /// Changes the answer to an effect as it was performed.
    public let lie: @Sendable (Effect, Answer) -> Answer

    /// Makes a mutant; without a change given it changes nothing.
    public init(
        _ name: String, origin: String,
        twist: @escaping @Sendable (Effect, inout [Effect]) -> Twist = { effect, _ in
            .perform(effect)
        },
        lie: @escaping @Sendable (Effect, Answer) -> Answer = { _, answer in answer }
    ) {
        self.name = name
        self.origin = origin
        self.twist = twist
        self.lie = lie
    }
}
