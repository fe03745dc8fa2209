/// A part of the names of a node's children: the reply to `DIRECTORY_PART`.
///
/// For a list that is too long for one `DIRECTORY` reply. A client asks with the sum of the parts'
/// ``byteCount`` as the next offset until a part is the last, and starts anew when the generation
/// is another one than before (xenstore.txt).
public struct DirectoryPart: Hashable, Sendable {
    /// The number of the node's last change.
    public let generation: UInt64
    /// The names, in the server's order.
    public let names: [String]
    /// Tells whether the list ends here.
    public let isLast: Bool

    /// Makes a part from what it says.
    public init(generation: UInt64, names: [String], isLast: Bool) {
        self.generation = generation
        self.names = names
        self.isLast = isLast
    }

    /// Takes as many names from an offset, in bytes, as one reply holds.
    ///
    /// Each name counts with its NUL. An offset inside a name gives the rest of that name, one
    /// behind the list an empty last part, as in C xenstored.
    public init(of names: [String], from offset: Int, generation: UInt64) {
        let room = Message.payloadMax - String(generation).utf8.count - 2
        var skipped = max(0, offset)
        var count = 0
        var part: [String] = []
        for name in names {
            let size = name.utf8.count + 1
            guard skipped < size else {
                skipped -= size
                continue
            }
            count += size - skipped
            guard count <= room else { break }
            part.append(String(decoding: name.utf8.dropFirst(skipped), as: UTF8.self))
            skipped = 0
        }
        self.init(generation: generation, names: part, isLast: count <= room)
    }

    /// How far the offset moves on, in bytes.
    public var byteCount: Int {
        names.reduce(0) { $0 + $1.utf8.count + 1 }
    }

    /// The part as it goes over the wire: an empty name ends the list.
    public var payload: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(string: String(generation))
        for name in names { bytes.append(string: name) }
        if isLast { bytes.append(0) }
        return bytes
    }

    /// Parses a reply.
    ///
    /// - Throws: ``WireError`` with the code `unexpected` for another type, `malformed` when the
    ///   payload is not a generation and the names of children.
    public init(decoding message: Message) throws(WireError) {
        guard message.header.type == .directoryPart else {
            throw WireError(
                .unexpected, "type \(message.header.type.rawValue) is no part of a directory")
        }
        guard let strings = message.payload.strings, let first = strings.first,
            let generation = decimal(first)
        else { throw DirectoryPart.malformed(message) }
        let isLast = strings.count > 1 && strings.last == ""
        let names = Array(strings.dropFirst().dropLast(isLast ? 1 : 0))
        guard names.allSatisfy({ StorePath.Component($0) != nil }) else {
            throw DirectoryPart.malformed(message)
        }
        self.init(generation: generation, names: names, isLast: isLast)
    }

    private static func malformed(_ message: Message) -> WireError {
        WireError(
            .malformed, "a part of a directory of \(message.payload.count) bytes is malformed")
    }
}
