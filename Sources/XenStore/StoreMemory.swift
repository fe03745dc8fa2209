internal import XenStoreWire

/// What a store answered about nodes below a few directories, until something may have changed it.
///
/// It does no I/O: ``WatchedStore`` tells it of replies and of watch events.
struct StoreMemory {
    /// The most replies that are remembered; one more, and it begins anew.
    ///
    /// A host with 1 000 guests has fewer, and one who looks for weeks must not grow with every guest
    /// that came and went.
    static let repliesMax = 65_536

    /// Only what is asked about these and what lies below them is remembered.
    let directories: [StorePath]

    private var replies: [StoreRequest: StoreReply] = [:]

    init(below directories: [StorePath]) {
        self.directories = directories
    }

    /// How many replies are remembered.
    var count: Int { replies.count }

    /// Tells whether the reply to a request can be remembered.
    func covers(_ request: StoreRequest) -> Bool {
        guard let path = request.remembered else { return false }
        return directories.contains { $0.contains(path) }
    }

    /// The reply to a request, if it is remembered.
    func reply(to request: StoreRequest) -> StoreReply? {
        replies[request]
    }

    /// Remembers a reply that says what is there, or that nothing is.
    ///
    /// Other refusals say more of the server's moment than of the node.
    mutating func remember(_ reply: StoreReply, to request: StoreRequest) {
        guard reply.failure ?? .noEntry == .noEntry, covers(request) else { return }
        if replies.count >= Self.repliesMax { forgetAll() }
        replies[request] = reply
    }

    /// Forgets what a change at a path may have changed: what is said of the path, of what lies
    /// above and of what lies below.
    ///
    /// A write creates what is missing above it without an event of its own, and a removal tells
    /// only of its top. Below, all replies are gone through: some 0.1 ms among 2 600, less than ten
    /// requests take. An index would make each remembering dearer for the few events of a command.
    mutating func forget(about path: StorePath) {
        var above: StorePath? = path
        while let ancestor = above {
            replies[.read(ancestor)] = nil
            replies[.directory(ancestor)] = nil
            above = ancestor.parent
        }
        let start = path == .root ? "/" : "\(path)/"
        let below = replies.keys.filter { $0.remembered?.text.hasPrefix(start) == true }
        for request in below { replies[request] = nil }
    }

    /// Forgets what the change may have changed that an event tells of.
    mutating func forget(about event: WatchEvent) {
        guard let path = StorePath(event.path) else { return forgetAll() }
        forget(about: path)
    }

    /// Forgets everything.
    mutating func forgetAll() {
        replies = [:]
    }
}

extension StoreRequest {
    /// The node whose value or children are asked for; nil for every other request.
    var remembered: StorePath? {
        switch self {
        case .read(let path), .directory(let path): path
        default: nil
        }
    }

    /// Tells whether the request only looks.
    var isLook: Bool {
        if case .permissions = self { return true }
        return remembered != nil
    }
}
