/// A list at the top of an object, which need not be there yet.
struct JSONList {
    /// What yajl indents by.
    static let indentation = "    "

    private let key: String
    private let bytes: [UInt8]
    private let members: [JSONScanner.Member]
    private let bodyStart: Int
    private let bodyEnd: Int
    /// Where the list is; nil when there is none.
    let value: Range<Int>?

    /// Finds a list.
    ///
    /// - Throws: where and why the bytes are no object, or the list is there twice, or is none.
    init(_ key: String, in bytes: [UInt8]) throws(MalformedJSON) {
        self.key = key
        self.bytes = bytes
        var scanner = JSONScanner(bytes)
        scanner.skipSpace()
        bodyStart = scanner.index + 1
        members = try scanner.members()
        bodyEnd = scanner.index - 1
        try scanner.end()
        let own = members.filter { $0.key == key }
        guard own.count < 2 else {
            throw MalformedJSON(offset: own[1].start, problem: "'\(key)' is there twice")
        }
        value = own.first?.value
        guard let value else { return }
        guard bytes[value.lowerBound] == UInt8(ascii: "[") else {
            throw MalformedJSON(offset: value.lowerBound, problem: "'\(key)' is no list")
        }
    }

    private var isOnLines: Bool { bytes.contains(UInt8(ascii: "\n")) }

    /// The bytes with one element replaced, removed (nil) or, where none is named, put last.
    func changing(at index: Int?, to json: JSONFragment?) throws(MalformedJSON) -> [UInt8] {
        guard let value else { return json.map { adding($0) } ?? bytes }
        var scanner = JSONScanner(bytes, at: value.lowerBound)
        let elements = try scanner.elements()
        let indentation = isOnLines ? Self.indentation + Self.indentation : nil
        guard let json else {
            return index.map { replacing(removal(of: $0, elements), with: "") } ?? bytes
        }
        let text = json.text(indented: indentation)
        if let index { return replacing(elements[index], with: text) }
        guard let last = elements.last else { return replacing(value, with: list(of: text)) }
        let separator = indentation.map { ",\n\($0)" } ?? ","
        return replacing(last.upperBound..<last.upperBound, with: separator + text)
    }

    /// The element with the separator on one of its sides; the last one takes the list with it, as
    /// libxl writes no empty lists.
    private func removal(of index: Int, _ elements: [Range<Int>]) -> Range<Int> {
        guard elements.count == 1 else { return Self.cut(elements[index], at: index, of: elements) }
        let own = members.firstIndex { $0.key == key } ?? 0
        let whole = members.map { $0.start..<$0.value.upperBound }
        guard whole.count > 1 else { return bodyStart..<bodyEnd }
        return Self.cut(whole[own], at: own, of: whole)
    }

    private static func cut(
        _ item: Range<Int>, at index: Int, of all: [Range<Int>]
    ) -> Range<Int> {
        all.indices.contains(index + 1)
            ? item.lowerBound..<all[index + 1].lowerBound
            : all[index - 1].upperBound..<item.upperBound
    }

    /// The list as the object's last member.
    private func adding(_ json: JSONFragment) -> [UInt8] {
        let indentation = isOnLines ? Self.indentation : nil
        let text = list(of: json.text(indented: indentation.map { $0 + Self.indentation }))
        let member = isOnLines ? "\"\(key)\": \(text)" : "\"\(key)\":\(text)"
        guard let last = members.last?.value.upperBound else {
            let body = indentation.map { "\n\($0)\(member)\n" } ?? member
            return replacing(bodyEnd..<bodyEnd, with: body)
        }
        return replacing(last..<last, with: indentation.map { ",\n\($0)\(member)" } ?? ",\(member)")
    }

    private func list(of element: String) -> String {
        guard isOnLines else { return "[\(element)]" }
        let outer = Self.indentation
        return "[\n\(outer)\(outer)\(element)\n\(outer)]"
    }

    private func replacing(_ range: Range<Int>, with text: String) -> [UInt8] {
        Array(bytes[..<range.lowerBound]) + Array(text.utf8) + Array(bytes[range.upperBound...])
    }
}
