/// A hash of 128 bits that is the same in every process and on every machine.
///
/// `Hasher` is seeded anew with each process, so nothing that is reported may rest on it.
public struct Digest: Hashable, Sendable {
    private var low: UInt64 = 0x9e37_79b9_7f4a_7c15
    private var high: UInt64 = 0xc2b2_ae3d_27d4_eb4f

    /// The hash of nothing.
    public init() {}

    /// Takes a number in: two multiply-and-shift mixers that never see the same input.
    public mutating func absorb(_ word: UInt64) {
        low = Self.mix(low ^ word, 0xbf58_476d_1ce4_e5b9)
        high = Self.mix(high &+ word &* 0x9fb2_1c65_1e98_df25, 0x94d0_49bb_1331_11eb) ^ low
    }

    /// Takes a number in.
    public mutating func absorb(_ number: some FixedWidthInteger) {
        absorb(UInt64(truncatingIfNeeded: number))
    }

    /// Takes a text in, with its length.
    public mutating func absorb(_ text: String) {
        var word: UInt64 = 0
        var count = 0
        for byte in text.utf8 {
            word = word << 8 | UInt64(byte)
            count += 1
            if count % 8 == 0 { absorb(word) }
        }
        absorb(word)
        absorb(UInt64(count))
    }

    /// Takes another hash in.
    public mutating func absorb(_ other: Digest) {
        absorb(other.low)
        absorb(other.high)
    }

    /// Takes a hash in without regard to the order of several such.
    public mutating func add(_ other: Digest) {
        low = low &+ other.low
        high = high &+ other.high
    }

    private static func mix(_ word: UInt64, _ factor: UInt64) -> UInt64 {
        var word = word
        word = (word ^ (word >> 30)) &* factor
        word = (word ^ (word >> 27)) &* 0x2545_f491_4f6c_dd1d
        return word ^ (word >> 31)
    }

    /// It is mixed already.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(low)
    }
}

extension Digest: CustomStringConvertible {
    /// 32 hex digits.
    public var description: String {
        [high, low].map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
