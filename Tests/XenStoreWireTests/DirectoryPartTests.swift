import Testing
import XenStoreWire

@Suite struct DirectoryPartTests {
    static let table: [(names: [String], offset: Int, payload: String)] = [
        ([], 0, "9\0\0"),  // an empty list is one empty name
        (["a"], 0, "9\0a\0\0"),
        (["a", "bc"], 0, "9\0a\0bc\0\0"),
        (["a", "bc"], 2, "9\0bc\0\0"),  // behind the first name
        (["a", "bc"], 3, "9\0c\0\0"),  // inside a name
        (["a", "bc"], 1, "9\0\0bc\0\0"),  // at a name's NUL
        (["a", "bc"], 5, "9\0\0"),  // at the end
        (["a", "bc"], 99, "9\0\0"),  // behind the end
        (["a", "bc"], -1, "9\0a\0bc\0\0"),  // before the start
    ]

    @Test(arguments: table)
    func `a part begins at its offset`(names: [String], offset: Int, payload: String) {
        let part = DirectoryPart(of: names, from: offset, generation: 9)
        #expect(part.payload == Array(payload.utf8))
    }

    @Test func `a part that is full is not the last`() {
        // "9" and its NUL, 4 092 bytes of names, one for the end: the list fills a reply but for 1.
        let fitting = [String(repeating: "x", count: 3000), String(repeating: "y", count: 1090)]
        let whole = DirectoryPart(of: fitting, from: 0, generation: 9)
        #expect(whole.isLast)
        #expect(whole.payload.count == 4095)
        let exact = DirectoryPart(of: fitting + [""], from: 0, generation: 9)
        #expect(exact.isLast && exact.payload.count == 4096)
        let part = DirectoryPart(of: fitting + ["z"], from: 0, generation: 9)
        #expect(part == DirectoryPart(generation: 9, names: fitting, isLast: false))
        let rest = DirectoryPart(of: fitting + ["z"], from: part.byteCount, generation: 9)
        #expect(rest == DirectoryPart(generation: 9, names: ["z"], isLast: true))
    }

    @Test(arguments: [1, 10, 1000, 20_000])
    func `the parts are the list`(_ count: Int) throws {
        let names = (0..<count).map { "name-\($0)" }
        var seen: [String] = []
        var offset = 0
        while true {
            let sent = DirectoryPart(of: names, from: offset, generation: .max)
            let message = Message(
                .directoryPart, requestID: 1, transactionID: 0, payload: sent.payload)
            #expect(message.payload.count <= Message.payloadMax)
            let part = try DirectoryPart(decoding: message)
            #expect(part == sent)
            seen += part.names
            offset += part.byteCount
            if part.isLast { break }
            try #require(!part.names.isEmpty)
        }
        #expect(seen == names)
    }

    static let bad: [(MessageType, String, WireError.Code)] = [
        (.directory, "9\0a\0\0", .unexpected),  // another type
        (.directoryPart, "", .malformed),  // no generation
        (.directoryPart, "\0a\0\0", .malformed),  // an empty generation
        (.directoryPart, "-1\0a\0\0", .malformed),  // a sign
        (.directoryPart, "9\0a", .malformed),  // no NUL at the end
        (.directoryPart, "9\0a.b\0\0", .malformed),  // no name
        (.directoryPart, "9\0a\0\0b\0", .malformed),  // an end inside
        (.directoryPart, "9\0\0\0", .malformed),  // two ends
        (.directoryPart, "18446744073709551616\0\0", .malformed),  // more than 64 bits
    ]

    @Test(arguments: bad)
    func `a malformed part is refused`(type: MessageType, payload: String, code: WireError.Code) {
        let message = Message(type, requestID: 1, transactionID: 0, payload: Array(payload.utf8))
        let error = #expect(throws: WireError.self) { try DirectoryPart(decoding: message) }
        #expect(error?.code == code)
    }
}
