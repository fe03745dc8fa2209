internal import USBModel
internal import XenStoreServer
internal import XenStoreWire

extension World {
    /// Reads a world from its file's bytes.
    ///
    /// - Throws: why these bytes are no world.
    public init(json bytes: [UInt8]) throws(WorldFailure) {
        let document = try WorldDocument.decode(bytes)
        self.init(
            usb: try SimulatedUSB(document.usb), store: try StoreEngine(nodes: document.store),
            guests: try document.domains.map { domain throws(WorldFailure) in
                try Guest(domain)
            },
            ports: try document.usbback.map { line throws(WorldFailure) in
                try PortTableEntry(line).orFail("usbback", line)
            })
        qemus = try (document.qemus ?? []).map { qemu throws(WorldFailure) in
            try SimulatedQEMU(qemu)
        }
        userdata = (document.userdata ?? [:]).mapValues { Array($0.utf8) }
    }

    /// The world as its file's bytes: two-space indent, sorted keys, a final newline.
    public func json() throws(WorldFailure) -> [UInt8] {
        let document = WorldDocument(
            domains: guests.map(\.document), store: store.documentNodes, usb: usb.document,
            usbback: ports.map(\.description),
            qemus: qemus.isEmpty ? nil : qemus.map(\.document),
            userdata: userdata.isEmpty
                ? nil : userdata.mapValues { String(decoding: $0, as: UTF8.self) })
        return try document.encode()
    }
}

extension Optional {
    /// The value, or a failure that names the place and the bad word there.
    func orFail(_ place: String, _ word: String) throws(WorldFailure) -> Wrapped {
        guard let self else { throw WorldFailure("'\(word)' at \(place) makes no sense") }
        return self
    }
}

extension World.Guest {
    fileprivate init(_ domain: WorldDocument.Domain) throws(WorldFailure) {
        self.init(domain: domain.domid, hasFrontend: domain.hasFrontend)
        guard let word = domain.frontend else { return }
        frontend = try Frontend(rawValue: word).flatMap {
            ($0 != .none) == domain.hasFrontend ? $0 : nil
        }.orFail("domains.frontend", word)
    }

    /// A well-behaved driver needs no word, nor does none.
    fileprivate var document: WorldDocument.Domain {
        WorldDocument.Domain(
            domid: domain, hasFrontend: hasFrontend,
            frontend: [.none, .wellBehaved].contains(frontend) ? nil : frontend.rawValue)
    }
}

extension SimulatedUSB {
    fileprivate init(_ tree: WorldDocument.Tree) throws(WorldFailure) {
        self.init(
            devices: try tree.devices.map { device throws(WorldFailure) in
                try SimulatedDevice(device)
            },
            drivers: try tree.drivers.map { name throws(WorldFailure) in
                try DriverName(name).orFail("usb.drivers", name)
            })
    }

    fileprivate var document: WorldDocument.Tree {
        WorldDocument.Tree(drivers: drivers.map(\.text), devices: devices.map(\.document))
    }
}

extension SimulatedDevice {
    fileprivate init(_ device: WorldDocument.Device) throws(WorldFailure) {
        self.init(
            id: try BusID(device.busId).orFail("usb.devices.busId", device.busId),
            attributes: device.attributes,
            descriptors: try [UInt8](hexDigits: device.descriptors)
                .orFail("usb.devices.descriptors", device.descriptors),
            interfaces: try device.interfaces.map { interface throws(WorldFailure) in
                try SimulatedInterface(interface)
            })
    }

    fileprivate var document: WorldDocument.Device {
        WorldDocument.Device(
            busId: id.description, attributes: attributes, descriptors: descriptors.hexDigits,
            interfaces: interfaces.map(\.document))
    }
}

extension SimulatedInterface {
    fileprivate init(_ interface: WorldDocument.Interface) throws(WorldFailure) {
        let place = "usb.devices.interfaces"
        let id = try InterfaceID(interface.id).orFail("\(place).id", interface.id)
        self.init(
            id: id, attributes: interface.attributes,
            driver: try interface.driver.map { name throws(WorldFailure) in
                try DriverName(name).orFail("\(place).driver", name)
            },
            matches: try interface.matches.map { name throws(WorldFailure) in
                try DriverName(name).orFail("\(place).matches", name)
            },
            siblings: try (interface.siblings ?? []).map { name throws(WorldFailure) in
                try InterfaceID(name).flatMap { $0.isSibling(of: id) ? $0 : nil }
                    .orFail("\(place).siblings", name)
            },
            siblingTie: try interface.siblingTie.map { word throws(WorldFailure) in
                try SiblingTie(rawValue: word).orFail("\(place).siblingTie", word)
            } ?? .loose)
    }

    /// What is as in most interfaces is left out: files from before there were siblings are whole.
    fileprivate var document: WorldDocument.Interface {
        WorldDocument.Interface(
            id: id.description, attributes: attributes, driver: driver?.text,
            matches: matches.map(\.text),
            siblings: siblings.isEmpty ? nil : siblings.map(\.description),
            siblingTie: siblingTie == .loose ? nil : siblingTie.rawValue)
    }
}

extension InterfaceID {
    fileprivate func isSibling(of other: InterfaceID) -> Bool {
        device == other.device && self != other
    }
}

extension StoreEngine {
    fileprivate init(nodes: [String: WorldDocument.Node]) throws(WorldFailure) {
        var entries: [StoreEntry] = []
        for (name, node) in nodes.sorted(by: { $0.key < $1.key }) {
            entries.append(try StoreEntry(name, node))
        }
        do {
            try self.init(entries: entries)
        } catch {
            throw WorldFailure("its store is not whole: \(error.sentence)")
        }
    }

    fileprivate var documentNodes: [String: WorldDocument.Node] {
        var nodes: [String: WorldDocument.Node] = [:]
        for entry in entries {
            let text = String(validating: entry.value, as: UTF8.self)
            nodes[entry.path.text] = WorldDocument.Node(
                value: text, hex: text == nil ? entry.value.hexDigits : nil,
                permissions: entry.permissions.map(\.description))
        }
        return nodes
    }
}

extension StoreEntriesError {
    /// What is wrong, with the path in a person's words.
    fileprivate var sentence: String {
        switch reason {
        case .missingParent where path == .root: "there is no '/'"
        case .missingParent: "the parent of '\(path.text)' is missing"
        case .badPermissions: "'\(path.text)' has no permissions"
        default: "'\(path.text)' makes no sense"
        }
    }
}

extension StoreEntry {
    fileprivate init(_ name: String, _ node: WorldDocument.Node) throws(WorldFailure) {
        let permissions = try node.permissions.map { text throws(WorldFailure) in
            try StorePermission(text).orFail("store.\(name).permissions", text)
        }
        let value: [UInt8]
        if let text = node.value {
            value = Array(text.utf8)
        } else {
            value = try [UInt8](hexDigits: node.hex ?? "").orFail("store.\(name)", node.hex ?? "")
        }
        self.init(
            path: try StorePath(name).orFail("store", name), value: value,
            permissions: permissions)
    }
}

extension [UInt8] {
    /// The bytes as lower-case hex digits.
    var hexDigits: String {
        map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    /// Reads hex digits; nil when they are not pairs of them.
    init?(hexDigits: String) {
        let digits = Array(hexDigits.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: digits.count, by: 2) {
            let pair = String(decoding: digits[start...start + 1], as: UTF8.self)
            guard pair.allSatisfy(\.isHexDigit), let byte = UInt8(pair, radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        self = bytes
    }
}
