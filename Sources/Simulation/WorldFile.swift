internal import HostUSB
internal import USBModel
internal import XenStoreServer

/// A world in a file, in which each effect is visible at once to whoever else uses the file.
///
/// Every effect is: lock `FILE.lock`, load the file if another process has replaced it, apply the
/// rules, write `FILE.tmp`, rename it over the file, unlock. A process that is killed leaves what
/// it would leave on a real host.
public final class WorldFile {
    /// The file's path.
    public let path: String

    private let file: SharedFile
    private var world: World?

    /// Opens a file that holds a world.
    ///
    /// - Throws: why it holds none.
    public init(_ path: String) throws(WorldFailure) {
        self.path = path
        do throws(FileErrno) {
            guard try Self.exists(path) else { throw .noEntry }
            file = try SharedFile(path)
        } catch {
            throw .unusable(error)
        }
        try update { _ in }
    }

    /// Writes a world into a new file.
    ///
    /// - Throws: that the file exists already, or why it can't be written.
    public static func create(_ path: String, _ world: World) throws(WorldFailure) {
        let bytes = try world.json()
        try checkFree(path)
        do throws(FileErrno) {
            try SharedFile(path).replace(with: bytes)
        } catch {
            throw error == .noEntry
                ? WorldFailure("its folder does not exist") : .unusable(error)
        }
    }

    /// Makes sure that a new file may have this path.
    ///
    /// - Throws: that there is one already.
    public static func checkFree(_ path: String) throws(WorldFailure) {
        var isTaken = false
        do throws(FileErrno) {
            isTaken = try exists(path)
        } catch {
            throw .unusable(error)
        }
        guard !isTaken else {
            throw WorldFailure("it exists already", remedy: "name another file, or remove it")
        }
    }

    /// Whether there is a file; one that is too long for the seam is one as well.
    private static func exists(_ path: String) throws(FileErrno) -> Bool {
        do throws(FileErrno) {
            _ = try SystemFiles().read(path)
            return true
        } catch {
            if error == .noEntry { return false }
            if error == .tooLarge { return true }
            throw error
        }
    }
}

extension WorldFile {
    /// Looks at the world as it is now, while every other process waits that wants an effect.
    public func look<Value>(_ body: (World) -> Value) throws(WorldFailure) -> Value {
        try update { body($0) }
    }

    /// Lets the backends and the guests do what they would do by themselves, until all is quiet.
    public func letTimePass() throws(WorldFailure) {
        try update { $0.settle() }
    }
}

extension WorldFile: WorldKeeper {
    /// Loads the world if it was replaced, changes it, and writes it back if that changed it.
    @discardableResult
    func update<Value>(_ body: (inout World) -> Value) throws(WorldFailure) -> Value {
        try file.exclusively { () throws(WorldFailure) -> Value in
            var world = try loaded()
            let before = world.store.generation
            let (usb, guests, ports) = (world.usb, world.guests, world.ports)
            let (qemus, userdata) = (world.qemus, world.userdata)
            let value = body(&world)
            self.world = world
            // Reads change nothing that is in the file.
            if world.store.generation != before || world.usb != usb || world.guests != guests
                || world.ports != ports || world.qemus != qemus
                || world.userdata != userdata
            {
                try save(world)
            }
            return value
        } else: {
            WorldFailure.unusable($0)
        }
    }

    private func loaded() throws(WorldFailure) -> World {
        let bytes: [UInt8]?
        do {
            bytes = try file.readIfReplaced()
        } catch {
            throw .unusable(error)
        }
        guard let bytes else { return try known() }
        let fresh = try World(json: bytes)
        guard var known = world else { return fresh }
        known.adopt(fresh)
        return known
    }

    private func known() throws(WorldFailure) -> World {
        guard let world else { throw WorldFailure("it was never read") }
        return world
    }

    private func save(_ world: World) throws(WorldFailure) {
        let bytes = try world.json()
        do {
            try file.replace(with: bytes)
        } catch {
            throw .unusable(error)
        }
    }
}

extension World {
    /// Takes over what another process made of the world; connections and transactions stay.
    mutating func adopt(_ other: World) {
        usb = other.usb
        guests = other.guests
        ports = other.ports
        qemus = other.qemus
        userdata = other.userdata
        store.adopt(nodesOf: other.store)
    }
}

extension WorldFailure {
    fileprivate static func unusable(_ errno: FileErrno) -> WorldFailure {
        switch errno {
        case .noEntry:
            WorldFailure("it does not exist", remedy: "make it: pvusb sandbox new FILE")
        case .accessDenied, .notPermitted:
            WorldFailure("it may not be used by this user (\(errno))")
        default: WorldFailure("it can't be used (\(errno))")
        }
    }
}
