internal import CLinux

/// Where a xenstored is: a unix socket, or the kernel's device that leads to one.
public enum StoreAddress: Hashable, Sendable {
    /// A unix stream socket, as in domain 0 or the domain that runs xenstored.
    case socket(String)
    /// The kernel's device, as in a guest: `/dev/xen/xenbus`.
    case device(String)

    /// The places where a xenstored may be, in the order in which libxenstore tries them
    /// (tools/libs/store/xs.c, `xs_open`): the environment's, the compiled-in sockets, the
    /// kernel's devices.
    public static func candidates(environment: (String) -> String?) -> [String] {
        if let path = environment("XENSTORED_PATH"), !path.isEmpty { return [path] }
        var sockets = ["/run/xenstored/socket", "/var/run/xenstored/socket"]
        if let directory = environment("XENSTORED_RUNDIR"), !directory.isEmpty {
            sockets = ["\(directory)/socket"]
        }
        return sockets + ["/dev/xen/xenbus", "/proc/xen/xenbus"]
    }

    /// The first place where there is one; nil when there is none.
    public static func find(environment: (String) -> String?) -> StoreAddress? {
        candidates(environment: environment).lazy.compactMap(StoreAddress.init(existing:)).first
    }

    /// What a path names; nil when it is neither a socket nor a character device.
    public init?(existing path: String) {
        switch unsafe pvusb_stream_kind(path) {
        case 1: self = .socket(path)
        case 2: self = .device(path)
        default: return nil
        }
    }

    /// The path.
    public var path: String {
        switch self {
        case .socket(let path), .device(let path): path
        }
    }
}
