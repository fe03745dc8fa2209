internal import XenStoreWire

/// What a store has answered so far, by path.
///
/// A survey asks in waves: each wave asks whatever the answers so far make necessary. Keeping the
/// answers apart from what they mean lets one pure function decide what is wanted and another say
/// what it means.
struct StoreAnswers: Hashable, Sendable {
    private var values: [StorePath: [UInt8]?] = [:]
    private var directories: [StorePath: [String]?] = [:]
    /// The domains that were asked about one by one, and are there.
    private(set) var presentDomains: Set<DomainID> = []
    /// What follows from the answers, as of the last wave.
    private(set) var lists = StoreLists()

    /// Nothing is known yet.
    init() {}

    /// Tells whether a request's answer is here already.
    func has(_ request: StoreRequest) -> Bool {
        switch request {
        case .read(let path): values[path] != nil
        case .directory(let path): directories[path] != nil
        default: true
        }
    }

    /// Takes the replies of a wave in.
    ///
    /// - Throws: a refusal, unless it only says that there is no such node.
    mutating func absorb(
        _ replies: [StoreReply], to requests: [StoreRequest]
    ) throws(PVUSBError) {
        for (request, reply) in zip(requests, replies) { try absorb(reply, to: request) }
        lists = StoreLists(self)
    }

    /// Takes a reply in; throws the refusal unless it only says that there is no such node.
    mutating func absorb(
        _ reply: StoreReply, to request: StoreRequest
    ) throws(PVUSBError) {
        switch (request, reply) {
        case (.read(let path), .value(let value)):
            values[path] = .some(value)
            if let domain = StoreLayout.domain(at: path) { presentDomains.insert(domain) }
        case (.read(let path), .failure(.noEntry)): values[path] = .some(nil)
        case (.directory(let path), .children(let names)): directories[path] = .some(names)
        case (.directory(let path), .failure(.noEntry)): directories[path] = .some(nil)
        default: throw .unexpected(reply, to: request)
        }
    }

    /// A node's value as text; nil when there is no such node or it is no text.
    func text(_ path: StorePath) -> String? {
        guard let value = values[path] ?? nil else { return nil }
        return String(validating: value, as: UTF8.self)
    }

    /// Tells whether a node that was read exists.
    func exists(_ path: StorePath) -> Bool {
        (values[path] ?? nil) != nil
    }

    /// The names of a node's children, sorted; none when there is no such node.
    func children(_ path: StorePath) -> [String] {
        (directories[path] ?? nil)?.sorted() ?? []
    }
}

extension PVUSBError {
    /// A reply that does not answer the request, or refuses what domain 0 may always do.
    static func unexpected(_ reply: StoreReply, to request: StoreRequest) -> PVUSBError {
        let path = request.path?.text ?? "the transaction"
        let cause = reply.failure?.text ?? "an answer of another kind"
        let code: Code = reply.failure == .accessDenied ? .permission : .failed
        return PVUSBError(
            code, "xenstored refused \(request.verb) of \(path)", cause: cause,
            remedy: code == .permission ? "run pvusb as root in domain 0" : nil)
    }
}

extension StoreRequest {
    /// What the request does, as a noun for messages.
    var verb: String {
        switch self {
        case .directory: "the listing"
        case .read: "the reading"
        case .permissions, .setPermissions: "the permissions"
        case .write, .makeDirectory: "the writing"
        case .remove: "the removal"
        case .watch, .unwatch: "the watch"
        case .introduce: "the introduction"
        case .begin: "the start"
        case .commit: "the commit"
        case .abort: "the abort"
        }
    }
}
