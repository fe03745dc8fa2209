extension FixedWidthInteger {
    /// Parses a complete, unsigned decimal number without a sign; leading zeros are allowed.
    ///
    /// The standard library's parser takes a sign; neither sysfs nor a command line of ours does.
    public init?(complete text: some StringProtocol) {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        self.init(text, radix: 10)
    }

    /// Parses a complete decimal number as the kernel prints one: no sign, no leading zero.
    public init?(decimal text: some StringProtocol) {
        guard text == "0" || text.utf8.first != 0x30 else { return nil }
        self.init(complete: text)
    }
}
