/// Finds its way through an xl.cfg: `NAME = VALUE` lines, whose values are words or lists of them
/// (libxlu_cfg_l.l and libxlu_cfg_y.y).
struct GuestFileScanner {
    /// A value and the line that it begins on.
    struct Value: Hashable {
        enum Content: Hashable {
            case word(String)
            case list([Value])
        }

        let content: Content
        let line: Int
    }

    /// One setting.
    struct Setting: Hashable {
        let name: String
        /// Whether the value goes behind what was set before (`+=`).
        let isAddition: Bool
        let value: Value
    }

    /// How deep lists may nest; USB's do not nest at all.
    private static let depthMax = 16

    private let bytes: [UInt8]
    private var index = 0
    private(set) var line = 1

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    private var byte: UInt8? { bytes.indices.contains(index) ? bytes[index] : nil }

    /// The next setting; nil at the end.
    mutating func next() throws(PVUSBError) -> Setting? {
        skip { $0.isBlank || $0 == UInt8(ascii: ";") }
        guard byte != nil else { return nil }
        let name = take { $0.isNamePart }
        guard !name.isEmpty else { throw malformed("a setting's name was expected") }
        skip { $0.isSpace }
        let isAddition = accept("+")
        guard accept("=") else { throw malformed("'=' was expected behind '\(name)'") }
        skip { $0.isSpace }
        let value = try value(depth: 0)
        skip { $0.isSpace }
        guard byte.map({ $0 == .newline || $0 == UInt8(ascii: ";") }) ?? true else {
            throw malformed("something follows the value of '\(name)'")
        }
        return Setting(name: name, isAddition: isAddition, value: value)
    }

    private mutating func value(depth: Int) throws(PVUSBError) -> Value {
        guard depth < Self.depthMax else { throw malformed("lists nest too deeply") }
        let start = line
        if accept("[") {
            return Value(content: .list(try listRest(depth)), line: start)
        }
        for quote in [UInt8(ascii: "'"), UInt8(ascii: "\"")] where byte == quote {
            index += 1
            return Value(content: .word(try quotedRest(quote)), line: start)
        }
        let word = take { !$0.isBlank && !$0.isPunctuation }
        guard !word.isEmpty else { throw malformed("a value was expected") }
        return Value(content: .word(word), line: start)
    }

    private mutating func listRest(_ depth: Int) throws(PVUSBError) -> [Value] {
        var values: [Value] = []
        while true {
            skip { $0.isBlank }
            if accept("]") { return values }
            guard byte != nil else { throw malformed("a list does not end") }
            values.append(try value(depth: depth + 1))
            skip { $0.isBlank }
            guard accept(",") || byte == UInt8(ascii: "]") else {
                throw malformed("',' or ']' was expected")
            }
        }
    }

    private mutating func quotedRest(_ quote: UInt8) throws(PVUSBError) -> String {
        let text = take { $0 != quote && $0 != .newline }
        guard byte == quote else { throw malformed("a quoted word does not end") }
        index += 1
        return text
    }

    private mutating func accept(_ text: String) -> Bool {
        guard let byte, text.utf8.first == byte else { return false }
        index += 1
        return true
    }

    private mutating func take(_ isPart: (UInt8) -> Bool) -> String {
        let start = index
        while let byte, isPart(byte) { index += 1 }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    /// Skips bytes and the comments between them.
    private mutating func skip(_ isSkipped: (UInt8) -> Bool) {
        while let byte {
            if byte == UInt8(ascii: "#") {
                _ = take { $0 != .newline }
                continue
            }
            guard isSkipped(byte) else { return }
            if byte == .newline { line += 1 }
            index += 1
        }
    }

    private func malformed(_ problem: String) -> PVUSBError {
        PVUSBError(.usage, "line \(line): \(problem)")
    }
}

extension UInt8 {
    fileprivate static let newline = UInt8(ascii: "\n")
    fileprivate var isSpace: Bool { [0x20, 0x09, 0x0d].contains(self) }
    fileprivate var isBlank: Bool { isSpace || self == .newline }
    fileprivate var isPunctuation: Bool { Array("[],;#'\"".utf8).contains(self) }
    fileprivate var isNamePart: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
