internal import XenStoreWire

extension StoreService {
    /// Carries out one request.
    mutating func answer(_ message: Message, from client: Client) -> Message {
        let header = message.header
        do throws(StoreErrorName) {
            guard let known = clients[client] else { throw .inputOutput }
            let request = try decode(message, from: known)
            let connection = try connection(for: request, header, known)
            if case .node(.begin) = request { return try begin(header, client) }
            return perform(request, header, on: connection, client).message(answering: header)
        } catch {
            return StoreReply.failure(error).message(answering: header)
        }
    }

    private func decode(
        _ message: Message, from client: StoreServiceClient
    ) throws(StoreErrorName) -> ServerRequest {
        let request = try ServerRequest(decoding: message, home: client.home)
        guard client.domain == 0 || !request.isPrivileged else { throw .accessDenied }
        return request
    }

    /// The connection a request belongs to: a transaction's, or the client's own.
    private func connection(
        for request: ServerRequest, _ header: MessageHeader, _ client: StoreServiceClient
    ) throws(StoreErrorName) -> ConnectionID {
        guard header.transactionID != 0, request.heedsTransaction else { return client.main }
        guard let connection = client.transactions[header.transactionID] else { throw .noEntry }
        return connection
    }

    private mutating func begin(
        _ header: MessageHeader, _ client: Client
    ) throws(StoreErrorName) -> Message {
        guard header.transactionID == 0 else { throw .busy }
        guard let known = clients[client], known.transactions.count < Self.transactionsMax else {
            throw .noSpace
        }
        let connection = engine.connect(domain: known.domain)
        let reply = engine.perform(.begin, from: connection)
        let number = clients[client]?.open(connection) ?? 0
        return reply.message(answering: header, startedTransaction: number)
    }

    private mutating func perform(
        _ request: ServerRequest, _ header: MessageHeader, on connection: ConnectionID,
        _ client: Client
    ) -> StoreReply {
        switch request {
        case .node(.commit): return commit(header.transactionID, of: client)
        case .node(.abort): return finish(header.transactionID, of: client, with: .abort)
        case .node(let request): return engine.perform(request, from: connection)
        case .directoryPart(let path, let offset): return list(path, from: offset, on: connection)
        case .watchDomains(let change, let token):
            return clients[client]?.watch(change, token) ?? .failure(.inputOutput)
        case .unwatchDomains(let change, let token):
            return clients[client]?.unwatch(change, token) ?? .failure(.inputOutput)
        case .resetWatches: return reset(client)
        case .domainPath(let domain): return .text("/local/domain/\(domain)")
        case .isIntroduced(let domain): return .text(introduced.contains(domain) ? "T" : "F")
        case .introduce(let domain):
            introduceDomain(domain)
            return .done
        case .release(0): return .failure(.invalid)
        case .release(let domain):
            return releaseDomain(domain) ? .done : .failure(.noEntry)
        case .resume(let domain): return introduced.contains(domain) ? .done : .failure(.noEntry)
        }
    }

    private mutating func commit(_ transaction: UInt32, of client: Client) -> StoreReply {
        guard let connection = clients[client]?.transactions[transaction],
            let every = eagainEvery, every > 0, engine.wouldCommit(connection)
        else { return finish(transaction, of: client, with: .commit) }
        goodCommits += 1
        guard goodCommits.isMultiple(of: every) else {
            return finish(transaction, of: client, with: .commit)
        }
        _ = finish(transaction, of: client, with: .abort)
        return .failure(.again)
    }

    /// Ends a transaction one way or the other; its number is unknown afterwards.
    private mutating func finish(
        _ transaction: UInt32, of client: Client, with request: StoreRequest
    ) -> StoreReply {
        guard let connection = clients[client]?.close(transaction) else {
            return .failure(.noEntry)
        }
        defer { engine.disconnect(connection) }
        return engine.perform(request, from: connection)
    }

    private mutating func list(
        _ path: StorePath, from offset: Int, on connection: ConnectionID
    ) -> StoreReply {
        let reply = engine.perform(.directory(path), from: connection)
        guard case .children(let names) = reply else { return reply }
        let generation = engine.generation(of: path, for: connection) ?? 0
        return .value(DirectoryPart(of: names, from: offset, generation: generation).payload)
    }

    private mutating func reset(_ client: Client) -> StoreReply {
        guard let known = clients[client] else { return .failure(.inputOutput) }
        for connection in known.connections { engine.disconnect(connection) }
        clients[client]?.reset(main: engine.connect(domain: known.domain))
        return .done
    }
}

extension StoreService {
    /// Makes a domain known; watches on `@introduceDomain` fire unless it was.
    public mutating func introduceDomain(_ domain: UInt16) {
        guard introduced.insert(domain).inserted else { return }
        announce(.introduced)
    }

    /// Lets a domain die: its nodes, its entries in permission lists and its clients go, and
    /// watches on `@releaseDomain` fire.
    ///
    /// Returns false, and does nothing, when the domain is not known or is domain 0.
    @discardableResult
    public mutating func releaseDomain(_ domain: UInt16) -> Bool {
        guard domain != 0, introduced.remove(domain) != nil else { return false }
        for client in clients.keys where clients[client]?.domain == domain { end(client) }
        engine.releaseDomain(domain)
        announce(.released)
        return true
    }

    /// Tells every client; their order shows nowhere.
    private mutating func announce(_ change: DomainChange) {
        for client in clients.keys { clients[client]?.announce(change) }
    }
}

extension ServerRequest {
    /// Tells whether the transaction in the header means something (C xenstored,
    /// `XS_FLAG_NOTID`).
    fileprivate var heedsTransaction: Bool {
        switch self {
        case .node(.watch), .node(.unwatch): false
        case .node, .directoryPart: true
        default: false
        }
    }
}

extension StoreReply {
    /// A text with its NUL, as answers about domains are.
    fileprivate static func text(_ text: String) -> StoreReply {
        .value(Array(text.utf8) + [0])
    }
}
