/// Finds its way through the bytes of a JSON text; every value is the range of its bytes.
///
/// It keeps nothing and decodes next to nothing: what it passes over can be written back byte by
/// byte.
struct JSONScanner {
    /// A member of an object.
    struct Member: Hashable {
        /// The key's characters as written, without its quotes.
        let key: String
        /// Where the key with its quotes begins.
        let start: Int
        let value: Range<Int>
    }

    /// How deep values may nest; libxl's take eight.
    private static let depthMax = 64

    private let bytes: [UInt8]
    private(set) var index: Int

    init(_ bytes: [UInt8], at index: Int = 0) {
        self.bytes = bytes
        self.index = index
    }

    /// The members of the object that begins here.
    mutating func members() throws(MalformedJSON) -> [Member] {
        var members: [Member] = []
        try sequence("{", "}") { scanner throws(MalformedJSON) in
            let start = scanner.index
            let key = try scanner.string()
            scanner.skipSpace()
            guard scanner.accept(":") else { throw scanner.malformed("':' was expected") }
            scanner.skipSpace()
            members.append(Member(key: key, start: start, value: try scanner.value(depth: 1)))
        }
        return members
    }

    /// The elements of the array that begins here.
    mutating func elements() throws(MalformedJSON) -> [Range<Int>] {
        var elements: [Range<Int>] = []
        try sequence("[", "]") { scanner throws(MalformedJSON) in
            elements.append(try scanner.value(depth: 1))
        }
        return elements
    }

    /// Makes sure that nothing but space and libxl's final NUL follows.
    mutating func end() throws(MalformedJSON) {
        skipSpace()
        guard bytes[index...].allSatisfy({ $0 == 0 || $0.isJSONSpace }) else {
            throw malformed("something follows the object")
        }
    }

    mutating func skipSpace() {
        while let byte, byte.isJSONSpace { index += 1 }
    }

    private var byte: UInt8? { bytes.indices.contains(index) ? bytes[index] : nil }

    private mutating func value(depth: Int) throws(MalformedJSON) -> Range<Int> {
        guard depth < Self.depthMax else { throw malformed("values nest too deeply") }
        let start = index
        switch byte {
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "{"):
            try sequence("{", "}") { scanner throws(MalformedJSON) in
                _ = try scanner.string()
                scanner.skipSpace()
                guard scanner.accept(":") else { throw scanner.malformed("':' was expected") }
                scanner.skipSpace()
                _ = try scanner.value(depth: depth + 1)
            }
        case UInt8(ascii: "["):
            try sequence("[", "]") { scanner throws(MalformedJSON) in
                _ = try scanner.value(depth: depth + 1)
            }
        default: try word()
        }
        return start..<index
    }

    private mutating func sequence(
        _ open: Unicode.Scalar, _ close: Unicode.Scalar,
        _ item: (inout JSONScanner) throws(MalformedJSON) -> Void
    ) throws(MalformedJSON) {
        guard accept(open) else { throw malformed("'\(open)' was expected") }
        skipSpace()
        if accept(close) { return }
        while true {
            try item(&self)
            skipSpace()
            if accept(close) { return }
            guard accept(",") else { throw malformed("',' or '\(close)' was expected") }
            skipSpace()
        }
    }

    private mutating func string() throws(MalformedJSON) -> String {
        guard accept("\"") else { throw malformed("a word in quotes was expected") }
        let start = index
        while let byte, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw malformed("a control character is in a word") }
            index += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        guard byte != nil else { throw malformed("a word in quotes does not end") }
        defer { index += 1 }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    /// A number, true, false or null.
    private mutating func word() throws(MalformedJSON) {
        let start = index
        while let byte, byte.isJSONWord { index += 1 }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        let isNumber = text.first == "-" || text.first?.isNumber == true
        guard isNumber || ["true", "false", "null"].contains(text) else {
            throw malformed("a value was expected")
        }
    }

    private mutating func accept(_ scalar: Unicode.Scalar) -> Bool {
        guard byte == UInt8(ascii: scalar) else { return false }
        index += 1
        return true
    }

    private func malformed(_ problem: String) -> MalformedJSON {
        MalformedJSON(offset: index, problem: problem)
    }
}

/// Why bytes are no JSON, and where.
struct MalformedJSON: Error, Hashable {
    /// How many bytes came before.
    let offset: Int
    /// What is wrong, as a sentence without its full stop.
    let problem: String
}

extension UInt8 {
    fileprivate var isJSONSpace: Bool { [0x20, 0x09, 0x0a, 0x0d].contains(self) }

    fileprivate var isJSONWord: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "E"):
            true
        default: false
        }
    }
}
