internal import CLinux
internal import SystemPackage

/// An open file that closes itself.
struct Descriptor: ~Copyable {
    /// The number, for one call of the kernel: never keep it.
    let number: Int32

    /// Takes over a result of CLinux; nil for an errno below zero.
    init?(owning result: Int32) {
        guard result >= 0 else { return nil }
        number = result
    }

    deinit {
        _ = pvusb_close(number)
    }
}

/// A socket that listens at a path, and removes the path with itself.
struct ListeningSocket: ~Copyable {
    let socket: Descriptor
    private let path: String
    private let file: SocketFile

    /// C xenstored has 1; here a burst of clients is no error.
    private static let backlog: Int32 = 128

    /// Listens at a path; what nobody listens at any more is removed first.
    ///
    /// The directory is locked meanwhile, so that of two servers that start at a time one sees the
    /// other.
    init(path: String) throws(StoreServerError) {
        guard !path.utf8.contains(0), let socket = Descriptor(owning: pvusb_stream_socket()) else {
            throw StoreServerError(.failed, "no socket can be made for \(path)")
        }
        let lock = try DirectoryLock(of: path)
        try removeStaleSocket(path)
        try check(unsafe pvusb_stream_bind(socket.number, path), "binding \(path)")
        guard let file = SocketFile(at: path) else {
            throw StoreServerError(.failed, "\(path) is gone")
        }
        do throws(StoreServerError) {
            try check(pvusb_stream_listen(socket.number, Self.backlog), "listening at \(path)")
        } catch {
            _ = unsafe pvusb_unlink(path)
            throw error
        }
        lock.release()
        self.socket = socket
        self.path = path
        self.file = file
    }

    deinit {
        // Somebody else's socket may be there by now.
        guard let lock = try? DirectoryLock(of: path) else { return }
        if SocketFile(at: path) == file { _ = unsafe pvusb_unlink(path) }
        lock.release()
    }

    /// Accepts one client; nil when none waits.
    func accept() throws(AcceptFailure) -> Descriptor? {
        let result = pvusb_stream_accept(socket.number)
        guard result < 0 else { return Descriptor(owning: result) }
        switch -result {
        case PVUSB_EAGAIN, PVUSB_EINTR, PVUSB_ECONNABORTED: return nil
        default: throw AcceptFailure(errno: -result)
        }
    }
}

/// Why a client that waits cannot be accepted: mostly for want of descriptors.
struct AcceptFailure: Error {
    let errno: Int32
}

/// Which file a path named, to tell it from a later one of the same name.
private struct SocketFile: Equatable {
    let device: UInt64
    let inode: UInt64

    /// Looks at a path; nil when there is no socket.
    init?(at path: String) {
        var identity: [UInt64] = [0, 0]
        guard unsafe pvusb_socket_identity(path, &identity) == 1 else { return nil }
        device = identity[0]
        inode = identity[1]
    }
}

/// A lock on the directory a path is in.
private struct DirectoryLock: ~Copyable {
    private let directory: Descriptor

    init(of path: String) throws(StoreServerError) {
        let parent = FilePath(path).removingLastComponent()
        // The dot lets the directory itself be a symbolic link, as /var/run is.
        let name = parent.isEmpty ? "." : "\(parent.string)/."
        let result = unsafe pvusb_open_directory(name)
        guard let directory = Descriptor(owning: result) else {
            throw StoreServerError("opening \(name)", result)
        }
        var locked = pvusb_flock_wait(directory.number)
        while -locked == PVUSB_EINTR { locked = pvusb_flock_wait(directory.number) }
        try check(locked, "locking \(name)")
        self.directory = directory
    }

    /// Ends the lock here and not earlier: a value may go after its last use.
    consuming func release() {}
}

private func removeStaleSocket(_ path: String) throws(StoreServerError) {
    var identity: [UInt64] = [0, 0]
    switch unsafe pvusb_socket_identity(path, &identity) {
    case -PVUSB_ENOENT: return
    case 1: break
    case 0: throw StoreServerError(.notSocket, "\(path) is no socket")
    case let result: throw StoreServerError("looking at \(path)", result)
    }
    guard let probe = Descriptor(owning: pvusb_stream_socket()) else {
        throw StoreServerError(.failed, "no socket can be made")
    }
    // A queue that is full (EAGAIN) is a server's, too.
    guard unsafe pvusb_stream_connect(probe.number, path) == -PVUSB_ECONNREFUSED else {
        throw StoreServerError(.inUse, "somebody listens at \(path)", errno: PVUSB_EADDRINUSE)
    }
    try check(unsafe pvusb_unlink(path), "removing \(path)")
}

/// Throws the errno that a wrapper of CLinux returned below zero.
private func check(_ result: Int32, _ what: String) throws(StoreServerError) {
    guard result >= 0 else { throw StoreServerError(what, result) }
}
