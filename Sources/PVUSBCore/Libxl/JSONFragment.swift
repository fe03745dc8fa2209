/// The members of one object, to be looked at.
struct JSONFields {
    private let bytes: [UInt8]
    private let members: [JSONScanner.Member]

    init(_ bytes: [UInt8], _ range: Range<Int>) throws(MalformedJSON) {
        self.bytes = bytes
        var scanner = JSONScanner(bytes, at: range.lowerBound)
        members = try scanner.members()
    }

    private func value(_ key: String) -> Range<Int>? { members.first { $0.key == key }?.value }

    func number(_ key: String) -> Int? {
        value(key).flatMap { Int(String(decoding: bytes[$0], as: UTF8.self)) }
    }

    func text(_ key: String) -> String? {
        guard let range = value(key), bytes[range.lowerBound] == UInt8(ascii: "\"") else {
            return nil
        }
        return String(decoding: bytes[range].dropFirst().dropLast(), as: UTF8.self)
    }

    func object(_ key: String) -> JSONFields? {
        value(key).flatMap { try? JSONFields(bytes, $0) }
    }
}

/// A value to be written.
indirect enum JSONFragment: Hashable {
    case text(String)
    case number(Int)
    case members([Member])

    struct Member: Hashable {
        let key: String
        let value: JSONFragment
    }

    static func object(_ members: [(String, JSONFragment?)]) -> JSONFragment {
        .members(members.compactMap { key, value in value.map { Member(key: key, value: $0) } })
    }

    /// A number, or nothing where it has its default.
    static func number(_ number: Int, unless usual: Int) -> JSONFragment? {
        number == usual ? nil : .number(number)
    }

    /// The value as text; with an indentation, on lines of their own as yajl writes them.
    func text(indented indentation: String?) -> String {
        switch self {
        case .text(let text): return "\"\(text)\""
        case .number(let number): return "\(number)"
        case .members(let members):
            guard let indentation else {
                let inner = members.map { "\"\($0.key)\":\($0.value.text(indented: nil))" }
                return "{\(inner.joined(separator: ","))}"
            }
            let deeper = indentation + JSONList.indentation
            let inner = members.map { member in
                "\(deeper)\"\(member.key)\": \(member.value.text(indented: deeper))"
            }
            return "{\n\(inner.joined(separator: ",\n"))\n\(indentation)}"
        }
    }
}
