extension FixedWidthInteger where Self: UnsignedInteger {
    /// Parses exactly `digits` hexadecimal digits, of either case; no sign, no prefix.
    package init?(hex text: some StringProtocol, digits: Int) {
        guard text.utf8.count == digits, text.utf8.allSatisfy(\.isHexDigit) else { return nil }
        self.init(text, radix: 16)
    }

    /// The number in lower-case hexadecimal, padded with zeros to `digits`.
    package func hexText(digits: Int) -> String {
        let text = String(self, radix: 16)
        let missing = digits - text.utf8.count
        return missing > 0 ? String(repeating: "0", count: missing) + text : text
    }
}

extension UInt8 {
    fileprivate var isHexDigit: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
        default: false
        }
    }
}
