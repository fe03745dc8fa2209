internal import FoundationEssentials
internal import USBModel
internal import XenStoreServer
internal import XenStoreWire

/// A world as its file holds it: one JSON document.
///
/// It has no clock, no locks and no generations: what they are for is found out anew by each
/// process (docs/decisions/0002-world-file.md), so a world that is back where it was is the same
/// file again, byte for byte.
struct WorldDocument: Codable {
    static let schemaVersion = 1
    static let kind = "World"

    var schemaVersion = Self.schemaVersion
    var kind = Self.kind
    var domains: [Domain]
    var store: [String: Node]
    var usb: Tree
    var usbback: [String]
    /// Absent in a world in which no QEMU runs.
    var qemus: [QEMU]?
    /// Absent in a world in which libxl keeps nothing of the domains.
    var userdata: [String: String]?

    struct QEMU: Codable {
        var domid: UInt16
        var process: Int32
        var name: String
        var user: UInt32
        var root: String
        var opening: String
        var answers: Bool
        var guestEjects: Bool
        var slots: [Slot]
        var peripherals: [Peripheral]
    }

    struct Slot: Codable {
        var controller: UInt32
        var port: UInt8
        var busId: String
        var number: UInt8?
    }

    struct Peripheral: Codable {
        var id: String
        var driver: String
        var ports: Int
        var controller: String?
        var port: String?
        var busId: String?
        var number: UInt8?
        var isLeaving: Bool
    }

    struct Domain: Codable {
        var domid: UInt16
        var hasFrontend: Bool
        var frontend: String?
    }

    /// A node's value is text where it can be, else hex digits.
    struct Node: Codable {
        var value: String?
        var hex: String?
        var permissions: [String]
    }

    struct Tree: Codable {
        var drivers: [String]
        var devices: [Device]
    }

    struct Device: Codable {
        var busId: String
        var attributes: [String: String]
        var descriptors: String
        var interfaces: [Interface]
    }

    struct Interface: Codable {
        var id: String
        var attributes: [String: String]
        var driver: String?
        var matches: [String]
        var siblings: [String]?
        var siblingTie: String?
    }

    /// What every version of the document has.
    private struct Heading: Decodable {
        var schemaVersion: Int?
        var kind: String?
    }

    /// Reads a document.
    ///
    /// - Throws: a sentence that says why these bytes are no world this build can read.
    static func decode(_ bytes: [UInt8]) throws(WorldFailure) -> WorldDocument {
        let data = Data(bytes)
        let heading: Heading
        do {
            heading = try JSONDecoder().decode(Heading.self, from: data)
        } catch DecodingError.typeMismatch, DecodingError.valueNotFound {
            throw .otherJSON
        } catch {
            throw .notJSON(length: bytes.count)
        }
        guard heading.kind == kind, let version = heading.schemaVersion else { throw .otherJSON }
        guard version <= schemaVersion else { throw .newer(version) }
        guard version >= 1 else {
            throw WorldFailure(
                "its schemaVersion is \(version), this pvusb reads \(schemaVersion)")
        }
        do {
            return try JSONDecoder().decode(WorldDocument.self, from: data)
        } catch {
            throw WorldFailure("a part is missing or of the wrong type: \(error.place)")
        }
    }

    func encode() throws(WorldFailure) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
        } catch {
            throw WorldFailure("it can't be written as JSON: \(error)")
        }
    }
}

/// Why a world can't be read or written; a sentence without its subject, the file, and full stop.
public struct WorldFailure: Error, Hashable, Sendable {
    /// The sentence.
    public let message: String
    /// What to do about it.
    public let remedy: String?

    /// Makes a failure.
    public init(_ message: String, remedy: String? = nil) {
        self.message = message
        self.remedy = remedy
    }

    static func notJSON(length: Int) -> WorldFailure {
        WorldFailure(
            length == 0 ? "it is empty" : "it is no whole JSON document (\(length) bytes)",
            remedy: "make a new one: pvusb sandbox new FILE")
    }

    static let otherJSON = WorldFailure(
        "it is JSON, but no world: its \"kind\" is not \"World\"")

    static func newer(_ version: Int) -> WorldFailure {
        WorldFailure(
            "its schemaVersion is \(version), this pvusb reads \(WorldDocument.schemaVersion)",
            remedy: "use a newer pvusb")
    }
}

extension Error {
    /// Where in a document a decoding error is, as `usb.devices.3.busId`.
    fileprivate var place: String {
        guard let error = self as? DecodingError else { return "\(self)" }
        let context: DecodingError.Context
        var key: [any CodingKey] = []
        switch error {
        case .keyNotFound(let missing, let found):
            (key, context) = ([missing], found)
        case .typeMismatch(_, let found), .valueNotFound(_, let found), .dataCorrupted(let found):
            context = found
        @unknown default: return "\(error)"
        }
        let path = context.codingPath + key
        // The decoder tells no place of a number that its type can't hold.
        guard !path.isEmpty else { return "a number is out of range" }
        return path.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
    }
}
