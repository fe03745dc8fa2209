/// A reading of the host's USB devices, without I/O: it says what to read, and is told.
///
/// Two waves of requests suffice, the names and then all attributes. A third follows only when a
/// device lost some of its attributes meanwhile, to tell an unplugged device from a broken one; and
/// all begins anew, once, when a device that was known is not the one it was.
public struct HostScan: Hashable, Sendable {
    /// What comes next.
    public enum Step: Hashable, Sendable {
        /// Perform these requests, and call `next` with one reply for each, in order.
        case ask([FileRequest])
        /// That is the host.
        case finished(HostSnapshot)
        /// The host cannot be read at all, because of this file.
        case failed(FileErrno, path: String)
    }

    private enum State: Hashable, Sendable {
        case start
        case listing
        case reading(Names)
        case confirming(Draft)
        case ended(Step)
    }

    /// What the first wave found.
    private struct Names: Hashable, Sendable {
        var listed: [BusID] = []
        var devices: [DeviceNames] = []
        var drivers: [DriverName] = []
        var portTable: PortTable?
        var unreadable: [UnreadableDevice] = []
    }

    /// A snapshot in which some devices are still in doubt.
    private struct Draft: Hashable, Sendable {
        let names: Names
        var devices: [HostDevice] = []
        var unreadable: [UnreadableDevice]
        var inDoubt: [Doubt] = []

        init(_ names: Names) {
            self.names = names
            unreadable = names.unreadable
        }

        mutating func addUnreadable(_ id: BusID, _ reason: String) {
            unreadable.append(UnreadableDevice(name: id.description, reason: reason))
        }
    }

    private struct Doubt: Hashable, Sendable {
        let id: BusID
        let reason: String
    }

    private let only: [BusID]?
    private var before: HostSnapshot?
    private var isOfNames = false
    private var state = State.start

    /// A reading of which devices there are, and of nothing else.
    public static var ofNames: HostScan {
        var scan = HostScan(only: [])
        scan.isOfNames = true
        return scan
    }

    /// Starts a reading of all devices, or of some; drivers and port table are always read.
    ///
    /// - Parameter before: what was read a moment ago. Of a device that is still the same only its
    ///   interfaces' drivers are read: the rest can't have changed, and the kernel answers for some
    ///   of it only when nobody works on the device (drivers/usb/core/sysfs.c, `usb_string_attr`).
    ///   Nor is it read again which drivers are loaded.
    public init(only: [BusID]? = nil, after before: HostSnapshot? = nil) {
        self.only = only
        self.before = before
    }

    /// Takes the replies to the last requests, nil at first, and says what comes next.
    ///
    /// A missing reply counts as EIO; after the end, the end is repeated.
    public mutating func next(_ replies: [FileReply]?) -> Step {
        let replies = replies ?? []
        switch state {
        case .start:
            state = .listing
            return .ask(firstWave)
        case .listing: return readNames(replies)
        case .reading(let names): return readDevices(names, replies)
        case .confirming(let draft): return confirm(draft, replies)
        case .ended(let step): return step
        }
    }

    private var firstWave: [FileRequest] {
        let devices = FileRequest.list(SysfsPath.devices)
        let table = FileRequest.read(SysfsPath.portIDs)
        if isOfNames { return [devices] }
        return before == nil ? [devices, table, .list(SysfsPath.drivers)] : [devices, table]
    }

    private mutating func end(_ step: Step) -> Step {
        state = .ended(step)
        return step
    }
}

// MARK: - The waves

extension HostScan {
    private mutating func readNames(_ replies: [FileReply]) -> Step {
        var names = Names()
        switch replies.names(at: 0) {
        case .success(let found): sort(found, into: &names)
        case .failure(let error): return end(.failed(error, path: SysfsPath.devices))
        }
        // Any refusal means the same here: the table is of no use, and nobody else suffers.
        if case .bytes(let bytes) = replies.reply(at: 1) { names.portTable = PortTable(bytes) }
        switch before.map({ .success($0.drivers) }) ?? readDrivers(replies) {
        case .success(let drivers): names.drivers = drivers
        case .failure(let error): return end(.failed(error, path: SysfsPath.drivers))
        }
        let requests = names.devices.flatMap(\.requests)
        guard !requests.isEmpty else { return readDevices(names, []) }
        state = .reading(names)
        return .ask(requests)
    }

    private func readDrivers(_ replies: [FileReply]) -> Result<[DriverName], FileErrno> {
        guard !isOfNames else { return .success([]) }
        let found = replies.names(at: 2)
        if case .failure(.noEntry) = found { return .success([]) }
        return found.map { $0.compactMap { DriverName($0) } }
    }

    private mutating func readDevices(_ names: Names, _ replies: [FileReply]) -> Step {
        var draft = Draft(names)
        var rest = replies[...]
        for device in names.devices {
            let own = Array(rest.prefix(device.requests.count))
            rest = rest.dropFirst(own.count)
            switch device.read(own) {
            case .understood(let device): draft.devices.append(device)
            case .changed: return restart()
            case .gone: break
            case .partlyGone(let reason): draft.inDoubt.append(Doubt(id: device.id, reason: reason))
            case .broken(let reason): draft.addUnreadable(device.id, reason)
            }
        }
        guard !draft.inDoubt.isEmpty else { return finish(draft) }
        state = .confirming(draft)
        return .ask(draft.inDoubt.map { .list(SysfsPath.device($0.id)) })
    }

    /// Reads everything as if nothing were known.
    private mutating func restart() -> Step {
        before = nil
        state = .listing
        return .ask(firstWave)
    }

    private mutating func confirm(_ draft: Draft, _ replies: [FileReply]) -> Step {
        var draft = draft
        for (index, doubt) in draft.inDoubt.enumerated() {
            if case .failure(let error) = replies.reply(at: index), error.meansGone { continue }
            draft.addUnreadable(doubt.id, doubt.reason)
        }
        return finish(draft)
    }

    private mutating func finish(_ draft: Draft) -> Step {
        end(
            .finished(
                HostSnapshot(
                    devices: draft.devices, drivers: draft.names.drivers,
                    portTable: draft.names.portTable, unreadable: draft.unreadable,
                    names: draft.names.listed)))
    }

    /// Sorts what is listed into devices with their interfaces, and names that mean nothing.
    private func sort(_ listing: [String], into names: inout Names) {
        let interfaces = Dictionary(
            grouping: listing.compactMap { InterfaceID($0) }, by: \.device)
        names.listed = listing.compactMap { BusID($0) }.sorted()
        names.devices = names.listed.filter { only?.contains($0) ?? true }.map { id in
            DeviceNames(
                id: id, interfaces: (interfaces[id] ?? []).sorted(),
                known: before?.device(id))
        }
        guard only == nil else { return }
        let others = listing.filter { BusID($0) == nil && InterfaceID($0) == nil }
        let reason = "the name is neither a device's nor an interface's"
        names.unreadable = others.map { UnreadableDevice(name: $0, reason: reason) }
    }
}
