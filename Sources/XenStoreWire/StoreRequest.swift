/// One thing asked of a xenstore.
///
/// Everything between ``begin`` and the next ``commit`` or ``abort`` on a connection runs in that
/// transaction: an operation has one open at most, so no identifier is carried about.
public enum StoreRequest: Hashable, Sendable {
    /// The names of a node's children.
    case directory(StorePath)
    /// A node's value.
    case read(StorePath)
    /// A node's permission list.
    case permissions(StorePath)
    /// Sets a node's value; missing parents are created with empty values.
    case write(StorePath, [UInt8])
    /// Creates a node with an empty value unless it exists.
    case makeDirectory(StorePath)
    /// Removes a node and everything below it.
    case remove(StorePath)
    /// Replaces a node's permission list, which must not be empty.
    case setPermissions(StorePath, [StorePermission])
    /// Asks for events about a path and everything below it, marked with a token.
    case watch(StorePath, token: String)
    /// Ends a watch.
    case unwatch(StorePath, token: String)
    /// Makes a domain known to the server, as a toolstack does when it has built one.
    ///
    /// The page of its ring and the port of its event channel are not ours to give: the request is
    /// for servers that run without Xen. Others may refuse it.
    case introduce(UInt16)
    /// Opens a transaction.
    case begin
    /// Ends the transaction and makes its changes visible, all or none.
    case commit
    /// Ends the transaction and drops its changes.
    case abort
}

extension StoreRequest {
    /// Tells whether the request, once a transaction around it ends well, changes the store.
    public var changesStore: Bool {
        switch self {
        case .write, .makeDirectory, .remove, .setPermissions: true
        case .directory, .read, .permissions, .watch, .unwatch, .introduce, .begin, .commit, .abort:
            false
        }
    }

    /// A write of text, as every node of a toolstack's is.
    public static func write(_ path: StorePath, text: String) -> StoreRequest {
        .write(path, Array(text.utf8))
    }
}

/// What a store answered to one request.
public enum StoreReply: Hashable, Sendable {
    /// The request is done and has no value.
    case done
    /// The names of a node's children, in the server's order.
    case children([String])
    /// A node's value.
    case value([UInt8])
    /// A node's permission list.
    case permissions([StorePermission])
    /// The request was refused.
    case failure(StoreErrorName)
}

extension StoreReply {
    /// The value as text, when the reply is a value and valid UTF-8.
    public var text: String? {
        guard case .value(let bytes) = self else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The refusal's name, when the reply is one.
    public var failure: StoreErrorName? {
        guard case .failure(let name) = self else { return nil }
        return name
    }
}

/// The name under which a store refuses a request, as in `ENOENT`.
///
/// Servers send names, not numbers; a name this type does not list is kept as it came
/// (oxenstored's `EQUOTA` is one).
public struct StoreErrorName: Hashable, Sendable {
    /// The name as it came over the wire.
    public let text: String

    /// Keeps a name as it came.
    public init(_ text: String) {
        self.text = text
    }

    /// The node does not exist.
    public static let noEntry = StoreErrorName("ENOENT")
    /// The connection's domain may not do that.
    public static let accessDenied = StoreErrorName("EACCES")
    /// A malformed request.
    public static let invalid = StoreErrorName("EINVAL")
    /// The transaction lost against a concurrent change and may be tried again.
    public static let again = StoreErrorName("EAGAIN")
    /// The thing exists already.
    public static let exists = StoreErrorName("EEXIST")
    /// A transaction inside a transaction.
    public static let busy = StoreErrorName("EBUSY")
    /// The request or its reply is too large.
    public static let tooBig = StoreErrorName("E2BIG")
    /// A quota is used up.
    public static let noSpace = StoreErrorName("ENOSPC")
    /// The server does not know the request.
    public static let unsupported = StoreErrorName("ENOSYS")
    /// Something broke inside the server.
    public static let inputOutput = StoreErrorName("EIO")
    /// The caller does not own the node.
    public static let notPermitted = StoreErrorName("EPERM")
}
