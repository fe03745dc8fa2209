import Testing
import XenStoreWire

@Suite struct MessageDecoderTests {
    /// Messages with every kind of payload: none, one byte, the longest.
    static let messages = [0, 1, 4096, 17, 0].enumerated().map { index, count in
        Message(
            MessageType(rawValue: UInt32(index) * 1000), requestID: UInt32(index),
            transactionID: .max - UInt32(index),
            payload: (0..<count).map { UInt8(truncatingIfNeeded: $0) })
    }
    static let stream = messages.flatMap(\.bytes)

    @Test func `a batch in one piece is decoded`() throws {
        var decoder = MessageDecoder()
        decoder.append(Self.stream)
        #expect(try drain(&decoder) == Self.messages)
        #expect(!decoder.hasPartialMessage)
    }

    @Test(arguments: [1, 2, 3, 15, 16, 17, 31, 1000])
    func `a batch in pieces of any size is decoded`(_ size: Int) throws {
        var decoder = MessageDecoder()
        var received: [Message] = []
        for start in stride(from: 0, to: Self.stream.count, by: size) {
            decoder.append(Self.stream[start..<min(start + size, Self.stream.count)])
            received += try drain(&decoder)
        }
        #expect(received == Self.messages)
    }

    @Test func `a message split at any byte waits for its rest`() throws {
        let message = Message(.read, requestID: 1, transactionID: 2, payload: [1, 2, 3])
        for cut in 0..<message.bytes.count {
            var decoder = MessageDecoder()
            decoder.append(message.bytes[..<cut])
            #expect(try decoder.next() == nil)
            #expect(decoder.hasPartialMessage == (cut > 0))
            decoder.append(message.bytes[cut...])
            #expect(try decoder.next() == message)
            #expect(try decoder.next() == nil)
        }
    }

    @Test func `more than fits the buffer's spare room is decoded in order`() throws {
        let long = Message(
            .directory, requestID: 1, transactionID: 0,
            payload: [UInt8](repeating: 7, count: 90_000)
        )
        var decoder = MessageDecoder.client()
        decoder.append(long.bytes + Self.stream + long.bytes + Self.stream.dropLast())
        #expect(
            try drain(&decoder) == [long] + Self.messages + [long] + Self.messages.dropLast())
        decoder.append(Self.stream.suffix(1))
        #expect(try decoder.next() == Self.messages.last)
    }

    @Test(arguments: [
        (MessageDecoder(), MessageType.read, 4097),
        (MessageDecoder(), .directory, 4097),
        (MessageDecoder(payloadMax: 10), .read, 11),
        (.client(), .read, 4097),
        (.client(), .directory, 1 << 20 + 1),
    ])
    func `a payload over the limit is refused at its header`(
        decoder: MessageDecoder, type: MessageType, length: Int
    ) {
        var decoder = decoder
        let header = MessageHeader(
            type: type, requestID: 1, transactionID: 0, length: UInt32(length))
        decoder.append(header.bytes)
        let error = #expect(throws: WireError.self) { try decoder.next() }
        #expect(error?.code == .oversize)
        decoder.append(Self.stream)
        let again = #expect(throws: WireError.self) { try decoder.next() }
        #expect(again == error)
    }

    @Test func `the greatest length is no trap`() {
        var decoder = MessageDecoder()
        decoder.append([UInt8](repeating: 0xff, count: 16))
        #expect(throws: WireError.self) { try decoder.next() }
    }

    private func drain(_ decoder: inout MessageDecoder) throws -> [Message] {
        var messages: [Message] = []
        while let message = try decoder.next() { messages.append(message) }
        return messages
    }
}
