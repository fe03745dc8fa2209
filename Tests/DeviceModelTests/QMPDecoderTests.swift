import DeviceModel
import Testing

struct QMPDecoderTests {
    /// What QEMU says in a short conversation, with an event between a command and its reply.
    private static let stream = Array(
        (#"{"QMP": {"version": {}, "capabilities": []}}"# + "\r\n"
            + #"{"return": {}, "id": 1}"# + "\r\n"
            + #"{"event": "DEVICE_DELETED", "data": {"device": "d"}}"# + "\r\n\r\n"
            + #"{"return": {}, "id": 2}"# + "\n"
            + #"{"error": {"class": "GenericError", "desc": "ö"}, "id": 3}"# + "\n").utf8)

    private static let messages: [QMPMessage] = [
        .greeting, .result(.object([:]), id: 1),
        .event(name: "DEVICE_DELETED", data: ["device": .text("d")]),
        .result(.object([:]), id: 2),
        .refusal(errorClass: "GenericError", description: "ö", id: 3),
    ]

    private func drain(_ decoder: inout QMPDecoder) throws -> [QMPMessage] {
        var messages: [QMPMessage] = []
        while let message = try decoder.next() { messages.append(message) }
        return messages
    }

    @Test func `events come between replies`() throws {
        var decoder = QMPDecoder()
        decoder.append(Self.stream)
        #expect(try drain(&decoder) == Self.messages)
        #expect(decoder == QMPDecoder())
    }

    @Test func `a stream is decoded when it is split at every byte`() throws {
        for split in 0...Self.stream.count {
            var decoder = QMPDecoder()
            decoder.append(Self.stream[..<split])
            var messages = try drain(&decoder)
            decoder.append(Self.stream[split...])
            messages += try drain(&decoder)
            #expect(messages == Self.messages, "split at \(split)")
        }
    }

    @Test func `a stream is decoded byte by byte`() throws {
        var decoder = QMPDecoder()
        var messages: [QMPMessage] = []
        for byte in Self.stream {
            decoder.append(CollectionOfOne(byte))
            messages += try drain(&decoder)
        }
        #expect(messages == Self.messages)
    }

    @Test func `half a message is none yet`() throws {
        var decoder = QMPDecoder()
        #expect(try decoder.next() == nil)
        decoder.append(Array(#"{"return": {}}"#.utf8))
        #expect(try decoder.next() == nil)
        #expect(try decoder.next() == nil)
        decoder.append(CollectionOfOne(UInt8(ascii: "\n")))
        #expect(try decoder.next() == .result(.object([:]), id: nil))
    }

    @Test func `empty lines are nothing`() throws {
        var decoder = QMPDecoder()
        decoder.append(Array("\r\n\n\r\n\n".utf8))
        #expect(try decoder.next() == nil)
        #expect(decoder == QMPDecoder())
    }

    @Test func `a bad line is an error once, and the next line is read`() throws {
        var decoder = QMPDecoder()
        decoder.append(Array("nonsense\n{\"return\": 1}\n".utf8))
        #expect(throws: QMPFailure.malformed("a line is not JSON: nonsense")) {
            try decoder.next()
        }
        #expect(try decoder.next() == .result(.number(1), id: nil))
    }

    /// A result whose line has so many bytes before its newline.
    private func line(length: Int) -> [UInt8] {
        let (head, tail) = (Array(#"{"return": ""#.utf8), Array("\"}".utf8))
        let filler = [UInt8](
            repeating: UInt8(ascii: "x"), count: length - head.count - tail.count)
        return head + filler + tail
    }

    @Test(arguments: [true, false])
    func `the longest line is a message, a longer one is refused`(isWhole: Bool) throws {
        let tooLong = QMPFailure.malformed("a line is longer than 1048576 bytes")
        for (length, isGood) in [(QMPDecoder.lineMax, true), (QMPDecoder.lineMax + 1, false)] {
            var decoder = QMPDecoder()
            decoder.append(line(length: length))
            if !isWhole {
                if isGood {
                    #expect(try decoder.next() == nil)
                } else {
                    #expect(throws: tooLong) { try decoder.next() }
                }
            }
            decoder.append(CollectionOfOne(UInt8(ascii: "\n")))
            if isGood {
                #expect(try decoder.next() != nil)
            } else {
                #expect(throws: tooLong) { try decoder.next() }
                #expect(throws: tooLong) { try decoder.next() }
            }
        }
    }
}
