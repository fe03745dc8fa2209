import Testing
import XenStoreServer
import XenStoreWire

/// The bytes of a message, put together without the code under test.
func frame(
    _ type: UInt32, _ payload: String, request: UInt32 = 1, transaction: UInt32 = 0
) -> [UInt8] {
    frame(type, bytes: Array(payload.utf8), request: request, transaction: transaction)
}

func frame(
    _ type: UInt32, bytes payload: [UInt8], request: UInt32 = 1, transaction: UInt32 = 0
) -> [UInt8] {
    let words = [type, request, transaction, UInt32(payload.count)]
    let header = words.flatMap { word in
        [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: word >> $0) }
    }
    return header + payload
}

func error(_ name: String, request: UInt32 = 1, transaction: UInt32 = 0) -> [UInt8] {
    frame(16, name + "\0", request: request, transaction: transaction)
}

func event(_ path: String, _ token: String) -> [UInt8] {
    frame(15, "\(path)\0\(token)\0", request: 0)
}

/// A service and clients that talk to it in bytes.
struct ServiceParty {
    var service: StoreService
    let tool: StoreService.Client
    let other: StoreService.Client
    let guest: StoreService.Client

    init(eagainEvery: Int? = nil) {
        service = StoreService(eagainEvery: eagainEvery)
        tool = service.connect()
        other = service.connect()
        service.introduceDomain(7)
        guest = service.connect(domain: 7)
    }

    /// Sends one message and returns all there is to take.
    mutating func ask(_ bytes: [UInt8], from client: StoreService.Client? = nil) -> [UInt8] {
        service.receive(bytes, from: client ?? tool)
        return take(client ?? tool)
    }

    mutating func take(_ client: StoreService.Client) -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let more = service.takeOutput(for: client)
            if more.isEmpty { return bytes }
            bytes += more
        }
    }

    mutating func hold(
        _ lines: [ServiceLine], _ location: SourceLocation = #_sourceLocation
    ) {
        for (number, line) in lines.enumerated() {
            let answer = ask(line.sent)
            #expect(
                answer == line.expected,
                "line \(number): \(String(decoding: answer, as: UTF8.self))",
                sourceLocation: location)
        }
    }
}

/// What a client sends, and every byte it must be answered.
struct ServiceLine {
    let sent: [UInt8]
    let expected: [UInt8]

    init(_ type: UInt32, _ payload: String, in transaction: UInt32 = 0, _ reply: String) {
        sent = frame(type, payload, transaction: transaction)
        expected = frame(type, reply, transaction: transaction)
    }

    init(_ type: UInt32, _ payload: String, in transaction: UInt32 = 0, fails name: String) {
        sent = frame(type, payload, transaction: transaction)
        expected = error(name, transaction: transaction)
    }
}
