public import XenStoreWire

/// A node whose value makes no sense; it is shown and otherwise passed over.
public struct Oddity: Hashable, Sendable {
    /// The node.
    public let path: StorePath
    /// What it holds.
    public let value: Untrusted<String>
    /// What it should hold, as people read it.
    public let expected: String

    /// Notes a node.
    public init(path: StorePath, value: Untrusted<String>, expected: String) {
        self.path = path
        self.value = value
        self.expected = expected
    }

    /// The node, what it holds and what it should, as a sentence without its full stop.
    public var message: String {
        "\(path) holds '\(value.forShowing)', which is no \(expected)"
    }
}

extension StoreAnswers {
    /// Every value read so far that makes no sense, by path.
    var oddities: [Oddity] {
        let found =
            controllers.flatMap { oddities(of: $0) }
            + BackendKind.allCases.flatMap { kind in
                orphans(kind).flatMap { portOddities(of: $0, kind.kind) }
            }
            + notedDevices.flatMap { oddNotes(of: $0) }
            + recordedDevices.flatMap { oddFields(of: $0) } + [oddVersion].compactMap { $0 }
        return found.sorted { $0.path < $1.path }
    }

    private var oddVersion: Oddity? {
        odd(
            StoreLayout.version, "version of the records that this pvusb writes",
            isSound: Record.isOurs(version: text(StoreLayout.version)))
    }

    private func oddities(of id: ControllerID) -> [Oddity] {
        let record = StoreLayout.record(of: id)
        let kind = text(record / ControllerKey.type).flatMap { ControllerKind(rawValue: $0) }
        let count = odd(
            record / ControllerKey.portCount, "number from 1 to \(PortNumber.max)",
            isSound: portCount(of: id) != nil)
        let type = odd(record / ControllerKey.type, "kind of controller", isSound: kind != nil)
        let version = text(record / ControllerKey.version).flatMap { UInt8(decimal: $0) }
        let own = [
            count, type,
            odd(record / ControllerKey.version, "USB version", isSound: version != nil),
            odd(record / ControllerKey.backend, "backend's path", isSound: hasSoundBackend(id)),
        ]
        return own.compactMap { $0 }
            + (kindInDomainZero(id).map { portOddities(of: id, $0) } ?? [])
    }

    /// A path of the kind, in whichever domain the backend is.
    private func hasSoundBackend(_ id: ControllerID) -> Bool {
        guard let words = backend(of: id)?.components, words.count == 7 else { return false }
        let names = ["vusb", "qusb"].map { kind in
            ["local", "domain", words[2], "backend", kind, "\(id.domain)", "\(id.number.number)"]
        }
        return names.contains(words) && UInt16(decimal: words[2]).flatMap(DomainID.init) != nil
    }

    private func portOddities(of id: ControllerID, _ kind: ControllerKind) -> [Oddity] {
        let directory = StoreLayout.ports(of: id, kind)
        return PortNumber.all(PortNumber.max).compactMap { port in
            let node = directory / port.component
            let value = text(node)
            return odd(
                node, "device", isSound: value.map { $0.isEmpty || BusID($0) != nil } ?? false)
        }
    }

    private func oddNotes(of device: BusID) -> [Oddity] {
        children(StoreLayout.driverPaths(of: device)).compactMap { InterfaceID(component: $0) }
            .filter { $0.device == device }
            .compactMap { interface in
                odd(
                    StoreLayout.driverPath(of: interface), "USB driver's directory",
                    isSound: notedDriver(of: interface) != nil)
            }
    }

    private func oddFields(of device: BusID) -> [Oddity] {
        let path = StoreLayout.record(of: device)
        let goal = path / RecordKey.goal
        let port = path / RecordKey.port
        let knowsGoal = text(goal).flatMap { RecordGoal(rawValue: $0) } != nil
        let knowsPort = text(port).flatMap { StoreLayout.place(recorded: $0) } != nil
        let interfaces = children(path / RecordKey.interface).compactMap { StorePath.Component($0) }
            .compactMap { name -> Oddity? in
                let node = path / RecordKey.interface / name
                let value = text(node)
                return odd(
                    node, "driver",
                    isSound: value.map { $0.isEmpty || DriverName($0) != nil } ?? false)
            }
        let domain = text(path / RecordKey.domain).flatMap { UInt16(decimal: $0) }
        let identity = text(path / RecordKey.identity).flatMap { DeviceIdentity($0) }
        return [
            odd(path / RecordKey.domain, "domain", isSound: domain.flatMap(DomainID.init) != nil),
            odd(path / RecordKey.identity, "device's identity", isSound: identity != nil),
            odd(goal, "goal that this pvusb knows", isSound: knowsGoal),
            odd(port, "port node's path", isSound: knowsPort),
        ].compactMap { $0 } + interfaces
    }

    /// A node that is there and makes no sense.
    private func odd(_ path: StorePath, _ expected: String, isSound: Bool) -> Oddity? {
        guard !isSound, exists(path) else { return nil }
        let value = text(path) ?? "bytes that are no text"
        return Oddity(path: path, value: Untrusted(value), expected: expected)
    }
}
