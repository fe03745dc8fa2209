import Testing
import XenStoreServer
import XenStoreWire

/// Who talks in a conversation: two privileged clients and two guests.
enum Client: Int, CaseIterable {
    case tool, other, guest5, guest6

    var domain: UInt16 {
        switch self {
        case .tool, .other: 0
        case .guest5: 5
        case .guest6: 6
        }
    }
}

/// A store and its clients.
struct Party {
    var store: StoreEngine
    private var connections: [Client: ConnectionID] = [:]

    init(_ store: StoreEngine = StoreEngine()) {
        self.store = store
        for client in Client.allCases {
            connections[client] = self.store.connect(domain: client.domain)
        }
    }

    func connection(_ client: Client) throws -> ConnectionID {
        try #require(connections[client])
    }

    @discardableResult
    mutating func ask(_ client: Client, _ request: StoreRequest) throws -> StoreReply {
        store.perform(request, from: try connection(client))
    }

    mutating func write(_ path: String, _ value: String, as client: Client = .tool) throws {
        #expect(try ask(client, .write(at(path), text: value)) == .done)
    }

    mutating func permit(_ path: String, _ list: String...) throws {
        let entries = list.compactMap { StorePermission($0) }
        #expect(try ask(.tool, .setPermissions(at(path), entries)) == .done)
    }

    mutating func watch(_ path: String, as client: Client, token: String = "t") throws {
        #expect(try ask(client, .watch(at(path), token: token)) == .done)
        #expect(try events(client) == ["\(path) \(token)"])
    }

    /// The events that wait, as path and token.
    mutating func events(_ client: Client) throws -> [String] {
        store.takeEvents(for: try connection(client)).map { "\($0.path) \($0.token)" }
    }

    mutating func hold(_ lines: [Line], _ location: SourceLocation = #_sourceLocation) throws {
        for (number, line) in lines.enumerated() {
            let reply = try ask(line.client, line.request)
            #expect(
                reply == line.reply, "line \(number): \(line.request)", sourceLocation: location)
        }
    }
}

/// One line of a conversation: who asks what, and what the answer must be.
struct Line {
    let client: Client
    let request: StoreRequest
    let reply: StoreReply

    init(_ client: Client, _ request: StoreRequest, _ reply: StoreReply = .done) {
        self.client = client
        self.request = request
        self.reply = reply
    }

    init(_ client: Client, _ request: StoreRequest, _ name: StoreErrorName) {
        self.init(client, request, .failure(name))
    }

    init(_ request: StoreRequest, _ reply: StoreReply = .done) {
        self.init(.tool, request, reply)
    }

    init(_ request: StoreRequest, _ name: StoreErrorName) {
        self.init(.tool, request, .failure(name))
    }
}

extension StoreReply {
    static func text(_ text: String) -> StoreReply { .value(Array(text.utf8)) }
}

/// A path that the test's author knows to be good.
func at(_ text: String) -> StorePath {
    guard let path = StorePath(text) else {
        Issue.record("\(text) is no store path")
        return .root
    }
    return path
}

func list(_ entries: String...) -> [StorePermission] {
    entries.compactMap { StorePermission($0) }
}
