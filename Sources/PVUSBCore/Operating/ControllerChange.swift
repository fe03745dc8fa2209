internal import USBModel
internal import XenStoreWire

extension StoreChange {
    /// The controller must not exist; what an earlier one left behind is looked for.
    static func creationReads(_ id: ControllerID, _ kind: ControllerKind) -> [StoreRequest] {
        [
            .directory(StoreLayout.controllers(of: id.domain)),
            .read(StoreLayout.domain(id.domain)),
        ] + ends(of: id, kind).map { .read($0) }
    }

    /// The directories of the two ends; a controller that QEMU emulates has none.
    private static func ends(of id: ControllerID, _ kind: ControllerKind) -> [StorePath] {
        guard kind.backend != nil else { return [] }
        return [StoreLayout.frontend(of: id), StoreLayout.backend(of: id, kind)]
    }

    static func creating(
        _ id: ControllerID, _ settings: ControllerSettings, _ new: Registration?, _ seen: Values
    ) -> Decision {
        guard seen[StoreLayout.domain(id.domain)] != nil else {
            return .lost(PVUSBError(.notFound, "domain \(id.domain) is gone"))
        }
        let numbers = seen.children(of: StoreLayout.controllers(of: id.domain))
        guard numbers.allSatisfy({ UInt8(decimal: $0).map { $0 < id.number.number } ?? true })
        else {
            return .lost(
                PVUSBError(
                    .busy,
                    "controller \(id.number.number) of domain \(id.domain) was made by "
                        + "another tool a moment ago", remedy: "pvusb list"))
        }
        guard new == nil || seen.recordsAreOurs else { return .refuse(.newerRecords) }
        guard let record = new.map({ $0.writes(given: seen) }) ?? [] else {
            return .lost(new.map { overtaken($0.device) } ?? occupied(id))
        }
        let debris = ends(of: id, settings.kind)
            .filter { seen[$0] != nil }.map { StoreRequest.remove($0) }
        return .write(debris + nodes(of: id, settings) + record)
    }

    /// libxl's nodes, in libxl's order (libxl_device.c, `libxl__device_generic_add`).
    static func nodes(of id: ControllerID, _ settings: ControllerSettings) -> [StoreRequest] {
        let record = StoreLayout.record(of: id)
        guard settings.kind.backend != nil else { return description(settings, below: record) }
        let frontend = StoreLayout.frontend(of: id)
        let backend = StoreLayout.backend(of: id, settings.kind)
        let guest = id.domain.number
        let guestOwns = [StorePermission(.none, guest), StorePermission(.read, 0)]
        let hostOwns = [StorePermission(.none, 0), StorePermission(.read, guest)]
        let front: [StoreRequest] = [
            .makeDirectory(frontend), .setPermissions(frontend, guestOwns),
            .write(frontend / ControllerKey.backend, text: backend.text),
            .write(frontend / "backend-id", text: "0"),
            .write(frontend / ControllerKey.state, text: "1"),
        ]
        let back: [StoreRequest] = [
            .makeDirectory(backend), .setPermissions(backend, hostOwns),
            .write(backend / "frontend", text: frontend.text),
        ]
        let links: [StoreRequest] = [
            .write(record / "frontend", text: frontend.text),
            .write(record / ControllerKey.backend, text: backend.text),
        ]
        return links + front + back + details(of: id, settings, below: backend)
            + details(of: id, settings, below: record)
    }

    private static func details(
        of id: ControllerID, _ settings: ControllerSettings, below path: StorePath
    ) -> [StoreRequest] {
        let keys: [StoreRequest] = [
            .write(path / "frontend-id", text: id.domain.description),
            .write(path / ControllerKey.online, text: "1"),
            .write(path / ControllerKey.state, text: "1"),
        ]
        return keys + description(settings, below: path)
    }

    /// All that there is of a controller that QEMU emulates, and a part of any other.
    private static func description(
        _ settings: ControllerSettings, below path: StorePath
    ) -> [StoreRequest] {
        let ports = path / "port"
        let keys: [StoreRequest] = [
            .write(path / ControllerKey.type, text: settings.kind.rawValue),
            .write(path / ControllerKey.version, text: String(settings.version)),
            .write(path / ControllerKey.portCount, text: String(settings.ports)),
            .write(ports, text: ""),
        ]
        return keys
            + PortNumber.all(settings.ports).map {
                .write(ports / $0.component, text: "")
            }
    }

    /// Every port: a controller that holds a device is not asked to go.
    static func closingReads(_ id: ControllerID, _ kind: ControllerKind) -> [StoreRequest] {
        let backend = StoreLayout.backend(of: id, kind)
        let second = kind.backend == nil ? ControllerKey.type : ControllerKey.state
        let ends = [ControllerKey.online, second].map { backend / $0 }
        return ends.map { .read($0) } + portReads(id, kind)
    }

    /// Asks the backend to go as libxl does (libxl_device.c, `libxl__initiate_device_generic_remove`).
    ///
    /// Of a controller that QEMU emulates, `online` is ours: libxl has neither it nor a handshake.
    static func closing(
        _ id: ControllerID, _ kind: ControllerKind, _ seen: Values
    ) -> Decision {
        guard !holdsDevice(id, kind, seen) else { return .lost(occupied(id)) }
        let backend = StoreLayout.backend(of: id, kind)
        guard kind.backend != nil else {
            let isThere = seen[backend / ControllerKey.type] != nil
            let isDone = !isThere || seen[backend / ControllerKey.online] == "0"
            return isDone ? .leave : .write([.write(backend / ControllerKey.online, text: "0")])
        }
        guard let state = seen[backend / ControllerKey.state] else { return .leave }
        let offline = StoreRequest.write(backend / ControllerKey.online, text: "0")
        let closed = String(XenbusState.closed.rawValue)
        guard state != closed else { return .write([offline]) }
        let closing = String(XenbusState.closing.rawValue)
        return .write([offline, .write(backend / ControllerKey.state, text: closing)])
    }

    private static func portReads(_ id: ControllerID, _ kind: ControllerKind) -> [StoreRequest] {
        PortNumber.all(PortNumber.max).map {
            .read(StoreLayout.port(Place(controller: id, port: $0, kind: kind)))
        }
    }

    private static func holdsDevice(
        _ id: ControllerID, _ kind: ControllerKind, _ seen: Values
    ) -> Bool {
        ports(of: id, kind, seen).contains { !$0.isEmpty }
    }

    /// What the port nodes hold, those that there are.
    private static func ports(
        of id: ControllerID, _ kind: ControllerKind, _ seen: Values
    ) -> [String] {
        PortNumber.all(PortNumber.max).compactMap { port in
            seen[StoreLayout.port(Place(controller: id, port: port, kind: kind))]
        }
    }

    private static func occupied(_ id: ControllerID) -> PVUSBError {
        PVUSBError(
            .busy, "controller \(id.number.number) of domain \(id.domain) holds a device",
            remedy: "pvusb list")
    }

    private static func revived(_ id: ControllerID) -> PVUSBError {
        PVUSBError(
            .busy,
            "controller \(id.number.number) of domain \(id.domain) was made anew a moment ago",
            remedy: "pvusb list")
    }

    /// All three trees, their parents, and every port: a controller that holds a device stays.
    static func removalReads(_ id: ControllerID, _ kind: ControllerKind) -> [StoreRequest] {
        let type = StoreLayout.record(of: id) / ControllerKey.type
        return trees(of: id, kind).map { .read($0) } + parents(of: id, kind).map { .directory($0) }
            + portReads(id, kind) + [.read(type)]
    }

    static func removing(
        _ id: ControllerID, _ removal: Removal, _ kind: ControllerKind, _ seen: Values
    ) -> Decision {
        guard !removal.isKept(by: ports(of: id, kind, seen)) else { return .lost(occupied(id)) }
        let type = StoreLayout.record(of: id) / ControllerKey.type
        guard removal != .orphan || seen[type] == nil else { return .lost(revived(id)) }
        let present = trees(of: id, kind).filter { seen[$0] != nil }
        return present.isEmpty ? .leave : .write(present.flatMap { pruning($0, seen) })
    }

    /// Removes a tree, then one by one the directories above it that nothing else is in, as libxl
    /// does (libxl_xshelp.c, `libxl__xs_path_cleanup`).
    ///
    /// Were only the topmost one removed, its event would be the only one, and a Linux guest does
    /// not look at events so far above its devices (drivers/xen/xenbus/xenbus_probe.c,
    /// `xenbus_dev_changed`): it would keep the device, and never answer the next controller.
    private static func pruning(_ tree: StorePath, _ seen: Values) -> [StoreRequest] {
        guard let parent = tree.parent, seen.children(of: parent) == [tree.lastComponent] else {
            return [.remove(tree)]
        }
        return [.remove(tree)] + pruning(parent, seen)
    }

    private static func parents(of id: ControllerID, _ kind: ControllerKind) -> [StorePath] {
        let record = StoreLayout.record(of: id).parent
        guard kind.backend != nil else { return [record].compactMap { $0 } }
        let backend = StoreLayout.backend(of: id, kind).parent
        return [StoreLayout.frontend(of: id).parent, record, backend, backend?.parent]
            .compactMap { $0 }
    }

    private static func trees(of id: ControllerID, _ kind: ControllerKind) -> [StorePath] {
        let record = StoreLayout.record(of: id)
        guard kind.backend != nil else { return [record] }
        return [StoreLayout.frontend(of: id), record, StoreLayout.backend(of: id, kind)]
    }
}

extension StoreChange.Removal {
    /// Tells whether what ports hold keeps the controller; of one whose domain is gone, only a
    /// device does, that has to be taken back first.
    fileprivate func isKept(by ports: [String]) -> Bool {
        switch self {
        case .free: ports.contains { !$0.isEmpty }
        case .forced: false
        case .orphan: ports.contains { BusID($0) != nil }
        }
    }
}
