import Testing
import XenStoreWire

@testable import XenStore

/// Which messages of a batch may leave.
struct ExchangeTests {
    private static func message(_ number: UInt32) -> Message {
        Message(
            .read, requestID: number, transactionID: 0, payload: [UInt8](repeating: 0, count: 4))
    }

    @Test func `a window is filled again when it is half empty, and not before`() throws {
        let messages = (1...150).map(Self.message)
        let size = messages[0].bytes.count
        var exchange = Exchange(messages)
        #expect(exchange.takeOutgoing(atMost: .max).count == 64 * size)
        for number in 1...31 {
            try exchange.receive(Self.message(UInt32(number)))
            #expect(exchange.takeOutgoing(atMost: .max) == [])
        }
        try exchange.receive(Self.message(32))
        #expect(exchange.takeOutgoing(atMost: .max).count == 32 * size)
        for number in 33...150 {
            try exchange.receive(Self.message(UInt32(number)))
            _ = exchange.takeOutgoing(atMost: .max)
        }
        #expect(exchange.isDone)
        #expect(exchange.answers.map(\.header.requestID) == Array(1...150))
    }
}
