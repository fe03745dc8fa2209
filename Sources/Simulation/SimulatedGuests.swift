public import XenStoreServer
internal import XenStoreWire

/// What kind of guest a simulated domain is, as libxl notes it.
public enum SimulatedGuestType: String, Hashable, Sendable {
    /// A PV guest.
    case pv
    /// A PVH guest.
    case pvh
    /// An HVM guest.
    case hvm
}

extension StoreEngine {
    /// A store as a toolstack leaves it on a host with domain 0 and no guest.
    ///
    /// pvusb's own two directories are there, as on a host where it has been used before.
    public static func hostStore() -> StoreEngine {
        var store = StoreEngine()
        store.build { build in
            let zero = StorePath.root / "local" / "domain" / "0"
            build(zero / "name", "Domain-0")
            build(zero / "domid", "0")
            build(zero / "vm", "/vm/00000000-0000-0000-0000-000000000000")
            build(zero / "backend", "")
            build(.root / "libxl" / "pvusb" / "version", "1")
            build(.root / "libxl" / "pvusb" / "device", "")
            build(.root / "libxl" / "usbback", "")
        }
        return store
    }

    /// Adds the nodes of a guest that libxl created (libxl_create.c, `libxl__domain_make`).
    public mutating func addGuest(
        _ domain: UInt16, name: String, type: SimulatedGuestType, uuid: String
    ) {
        let number = StorePath.Component(UInt(domain))
        let path = StorePath.root / "local" / "domain" / number
        build { build in
            build(path / "name", name)
            build(path / "domid", String(domain))
            build(path / "vm", "/vm/\(uuid)")
            build(path / "device", "")
            build(.root / "libxl" / number / "type", type.rawValue)
            build(.root / "libxl" / number / "dm-version", "qemu_xen")
            build(.root / "libxl" / number / "device", "")
        }
        let guestReads = [StorePermission(.none, 0), StorePermission(.read, domain)]
        let connection = connect(domain: 0)
        _ = perform(.setPermissions(path, guestReads), from: connection)
        _ = perform(.setPermissions(path / "device", guestReads), from: connection)
        disconnect(connection)
    }

    private mutating func build(_ body: ((StorePath, String) -> Void) -> Void) {
        var nodes: [(StorePath, String)] = []
        body { nodes.append(($0, $1)) }
        let connection = connect(domain: 0)
        for (path, text) in nodes { _ = perform(.write(path, text: text), from: connection) }
        disconnect(connection)
    }
}
