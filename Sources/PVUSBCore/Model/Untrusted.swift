/// A value that a guest or a driver domain could have written.
///
/// It may be shown and compared, nothing else: it never becomes a path, a domid, a sysfs name or a
/// count (XSA-175, XSA-178).
public struct Untrusted<Value: Hashable & Sendable>: Hashable, Sendable {
    private let value: Value

    /// Marks a value as not to be relied on.
    public init(_ value: Value) {
        self.value = value
    }

    /// The value, for a person's eyes; the one who shows text escapes it.
    public var forShowing: Value { value }
}
