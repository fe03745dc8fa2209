internal import FoundationEssentials

/// A JSON value as QMP uses them; numbers are integers, as QEMU 9.2 and newer demand.
public enum QMPValue: Hashable, Sendable, Codable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// An integer.
    case number(Int)
    /// A text.
    case text(String)
    /// A list.
    case list([QMPValue])
    /// An object.
    case object([String: QMPValue])

    /// Reads any JSON value but a fraction.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let bool = try? container.decode(Bool.self) {
            self = .bool(bool)
        } else if let number = try? container.decode(Int.self) {
            self = .number(number)
        } else if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let list = try? container.decode([QMPValue].self) {
            self = .list(list)
        } else {
            self = .object(try container.decode([String: QMPValue].self))
        }
    }

    /// Writes the value as JSON.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let bool): try container.encode(bool)
        case .number(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        case .list(let list): try container.encode(list)
        case .object(let object): try container.encode(object)
        }
    }
}

/// A command of QMP, as `device_add` with its arguments.
public struct QMPCommand: Hashable, Sendable {
    /// The command's name.
    public let name: String
    /// Its arguments.
    public let arguments: [String: QMPValue]

    /// Makes a command.
    public init(_ name: String, _ arguments: [String: QMPValue] = [:]) {
        self.name = name
        self.arguments = arguments
    }

    /// The command as one line of JSON, marked with an id that its reply repeats.
    public func line(id: Int) throws(QMPFailure) -> [UInt8] {
        let object: QMPValue = .object([
            "execute": .text(name), "arguments": .object(arguments), "id": .number(id),
        ])
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(object)) + [UInt8(ascii: "\n")]
        } catch {
            throw .malformed("the command \(name) can't be written as JSON")
        }
    }
}

/// A message from QEMU.
public enum QMPMessage: Hashable, Sendable {
    /// The first line of a connection: QEMU is ready to negotiate.
    case greeting
    /// Something happened by itself, as `DEVICE_DELETED`; events come between replies.
    case event(name: String, data: [String: QMPValue])
    /// A command's result, with the command's id.
    case result(QMPValue, id: Int?)
    /// A command's refusal, with the command's id.
    case refusal(errorClass: String, description: String, id: Int?)

    /// Parses one line.
    public init(line: some Collection<UInt8>) throws(QMPFailure) {
        let value: QMPValue
        do {
            value = try JSONDecoder().decode(QMPValue.self, from: Data(line))
        } catch {
            throw .malformed(
                "a line is not JSON: \(String(decoding: line.prefix(80), as: UTF8.self))")
        }
        guard case .object(let object) = value, let message = QMPMessage(object) else {
            throw .malformed("a line is no QMP message")
        }
        self = message
    }

    private init?(_ object: [String: QMPValue]) {
        var id: Int?
        if case .number(let number)? = object["id"] { id = number }
        if object["QMP"] != nil {
            self = .greeting
        } else if case .text(let name)? = object["event"] {
            var data: [String: QMPValue] = [:]
            if case .object(let object)? = object["data"] { data = object }
            self = .event(name: name, data: data)
        } else if let result = object["return"] {
            self = .result(result, id: id)
        } else if case .object(let error)? = object["error"],
            case .text(let errorClass)? = error["class"],
            case .text(let description)? = error["desc"]
        {
            self = .refusal(errorClass: errorClass, description: description, id: id)
        } else {
            return nil
        }
    }
}
