import Foundation

/// A JSON Schema (2020-12), as far as the schemas of this project go.
///
/// A keyword that is not known here is a problem of its own: no rule goes unchecked.
struct JSONSchema {
    private static let notes: Set = ["$schema", "title", "description", "$defs"]

    private let root: JSONValue

    init(_ text: String) throws {
        root = try JSONValue(text)
    }

    /// The schema of a kind of document, from `docs/schema`.
    init(kind: String) throws {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let file = package.appendingPathComponent("docs/schema/\(kind).json")
        try self.init(String(contentsOf: file, encoding: .utf8))
    }

    /// What is wrong with a document, each with its place; nothing when it fits.
    func problems(of document: JSONValue) -> [String] {
        problems(of: document, by: root, at: "$")
    }

    private func problems(
        of value: JSONValue, by schema: JSONValue, at place: String
    ) -> [String] {
        schema.members.sorted { $0.key < $1.key }.flatMap { keyword, rule in
            problems(of: value, by: keyword, rule, schema, at: place)
        }
    }

    private func problems(
        of value: JSONValue, by keyword: String, _ rule: JSONValue, _ schema: JSONValue,
        at place: String
    ) -> [String] {
        switch keyword {
        case "$ref": return reference(rule, value, place)
        case "properties": return properties(rule, value, place)
        case "additionalProperties": return additional(rule, schema, value, place)
        case "required": return required(rule, value, place)
        case "items":
            return value.elements.enumerated().flatMap { index, element in
                problems(of: element, by: rule, at: "\(place)[\(index)]")
            }
        case _ where Self.notes.contains(keyword): return []
        default:
            guard let fits = fits(value, keyword, rule) else {
                return ["\(place): the keyword '\(keyword)' is not known"]
            }
            return fits ? [] : ["\(place): \(keyword)"]
        }
    }

    /// Whether a value keeps a rule that is about itself; nil for an unknown keyword.
    private func fits(_ value: JSONValue, _ keyword: String, _ rule: JSONValue) -> Bool? {
        switch (keyword, rule, value) {
        case ("const", _, _): value == rule
        case ("enum", .list(let values), _): values.contains(value)
        case ("type", .text(let name), _): value.isOf(type: name)
        case ("type", .list(let names), _):
            names.compactMap(\.string).contains { value.isOf(type: $0) }
        case ("pattern", .text(let pattern), .text(let text)): matches(text, pattern)
        case ("minimum", .number(let least), .number(let number)): number >= least
        case ("maximum", .number(let most), .number(let number)): number <= most
        case ("pattern", .text, _), ("minimum", .number, _), ("maximum", .number, _): true
        default: nil
        }
    }

    /// Patterns here describe the whole text; one that does not say so matches nothing.
    private func matches(_ text: String, _ pattern: String) -> Bool {
        guard pattern.hasPrefix("^"), pattern.hasSuffix("$"),
            let regex = try? Regex(String(pattern.dropFirst().dropLast()))
        else { return false }
        return text.wholeMatch(of: regex) != nil
    }
}

extension JSONSchema {
    /// Only definitions of the same file can be referred to.
    private func reference(_ rule: JSONValue, _ value: JSONValue, _ place: String) -> [String] {
        let prefix = "#/$defs/"
        guard let path = rule.string, path.hasPrefix(prefix),
            let target = root["$defs"].members[String(path.dropFirst(prefix.count))]
        else { return ["\(place): the reference leads nowhere"] }
        return problems(of: value, by: target, at: place)
    }

    private func properties(_ rule: JSONValue, _ value: JSONValue, _ place: String) -> [String] {
        rule.members.sorted { $0.key < $1.key }.flatMap { name, schema -> [String] in
            guard let member = value.members[name] else { return [] }
            return problems(of: member, by: schema, at: "\(place).\(name)")
        }
    }

    private func additional(
        _ rule: JSONValue, _ schema: JSONValue, _ value: JSONValue, _ place: String
    ) -> [String] {
        guard rule == .bool(false) else {
            return ["\(place): additionalProperties is false here, or left out"]
        }
        let known = schema["properties"].members
        return value.members.keys.filter { known[$0] == nil }.sorted()
            .map { "\(place).\($0): additionalProperties" }
    }

    private func required(_ rule: JSONValue, _ value: JSONValue, _ place: String) -> [String] {
        guard case .object(let members) = value else { return [] }
        return rule.elements.compactMap(\.string).filter { members[$0] == nil }
            .map { "\(place).\($0): required" }
    }
}

extension JSONValue {
    fileprivate func isOf(type: String) -> Bool {
        switch (type, self) {
        case ("null", .null), ("boolean", .bool), ("number", .number), ("string", .text),
            ("array", .list), ("object", .object):
            true
        case ("integer", .number(let number)): number == number.rounded()
        default: false
        }
    }
}
