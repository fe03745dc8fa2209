internal import USBModel
internal import XenStoreServer
internal import XenStoreWire

/// Domains that come and go, as libxl leaves the store (libxl_create.c, libxl_domain.c).
extension World {
    /// Makes a domain without devices.
    ///
    /// - Precondition: no domain has the domid; one that was destroyed may have had it.
    public mutating func create(
        _ domain: UInt16, name: String, type: SimulatedGuestType, uuid: String
    ) {
        precondition(
            domain > 0 && !guests.contains { $0.domain == domain }, "a domid is one domain's")
        store.addGuest(domain, name: name, type: type, uuid: uuid)
        guests.append(Guest(domain: domain))
        guests.sort { $0.domain < $1.domain }
    }

    /// Ends a domain as `xl destroy` does: its devices go back, its nodes are removed, and
    /// xenstored drops its rights.
    ///
    /// pvusb's records stay, and libxl's notes about devices that did not go back.
    ///
    /// - Parameter leavingBackend: whether no device goes back and the backends' nodes stay, as
    ///   when one could not be given back: the ports in them then still hold devices.
    public mutating func destroy(_ domain: UInt16, leavingBackend: Bool = false) {
        let number = StorePath.Component(UInt(domain))
        let own = StorePath.root / "local" / "domain" / number
        stopQEMU(of: domain)
        if !leavingBackend { removeBackends(of: domain) }
        if let vm = text(own / "vm").flatMap({ StorePath($0) }), vm.components.first == "vm" {
            remove(vm)
        }
        remove(own)
        remove(.root / "libxl" / number)
        remove(.root / "local" / "domain" / "0" / "device-model" / number)
        guests.removeAll { $0.domain == domain }
        dropUserdata(of: domain)
        store.releaseDomain(domain)
    }

    private mutating func removeBackends(of domain: UInt16) {
        let number = StorePath.Component(UInt(domain))
        let controllers = store.children(of: SimulatedController.allBackends / number) ?? []
        for controller in controllers.compactMap({ UInt32(decimal: $0) }).sorted() {
            let place = XLController(domain: domain, number: controller)
            perform(xlDetachAll(from: place) ?? [])
        }
        for kind in ["vusb", "qusb"] as [StorePath.Component] {
            removeWithEmptyParents(.root / "local" / "domain" / "0" / "backend" / kind / number)
        }
    }

    mutating func remove(_ path: StorePath) {
        _ = store.perform(.remove(path), from: kernel)
    }

    /// Removes a node, and then each parent that has neither a value nor another child
    /// (libxl_xshelp.c, `libxl__xs_path_cleanup`).
    mutating func removeWithEmptyParents(_ path: StorePath) {
        guard store.value(at: path) != nil else { return }
        remove(path)
        guard let parent = path.parent, parent != .root, text(parent) == "",
            store.children(of: parent) == []
        else { return }
        removeWithEmptyParents(parent)
    }
}
