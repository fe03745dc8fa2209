internal import FoundationEssentials

/// Documents as a program reads them: one object a line, sorted keys, `null` for the unknown.
enum JSONText {
    static func render(_ document: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(document) else {
            preconditionFailure("the documents hold texts and numbers only")
        }
        return String(decoding: data, as: UTF8.self) + "\n"
    }
}

/// A member that is `null` when it has no value, instead of being left out.
struct Nullable<Value: Encodable>: Encodable {
    let value: Value?

    init(_ value: Value?) {
        self.value = value
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let value {
            try container.encode(value)
        } else {
            try container.encodeNil()
        }
    }
}
