/// Cuts what QEMU sends into messages; it may be split at any byte.
public struct QMPDecoder: Hashable, Sendable {
    /// The longest line, in bytes: a listing of every object fits many times over.
    public static let lineMax = 1 << 20

    private var pending: [UInt8] = []

    /// Nothing has come yet.
    public init() {}

    /// Takes in bytes as they came.
    public mutating func append(_ bytes: some Sequence<UInt8>) {
        pending.append(contentsOf: bytes)
    }

    /// The next whole message; nil until its line is complete.
    ///
    /// - Throws: `QMPFailure.malformed` for a line that is no message, or is too long.
    public mutating func next() throws(QMPFailure) -> QMPMessage? {
        while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
            guard end <= Self.lineMax else { break }
            let line = pending[..<end].filter { $0 != UInt8(ascii: "\r") }
            pending.removeSubrange(...end)
            if !line.isEmpty { return try QMPMessage(line: line) }
        }
        guard pending.count <= Self.lineMax else {
            throw .malformed("a line is longer than \(Self.lineMax) bytes")
        }
        return nil
    }
}
