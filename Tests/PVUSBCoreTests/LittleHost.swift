import Testing

@testable import PVUSBCore

/// A host for conversations, with no rules beyond what they need.
///
/// It has a store of texts, the device 1-1 with one interface, and a usbback that takes notice of
/// a port node at once.
struct LittleHost {
    static let port = "/local/domain/0/backend/vusb/5/0/port/1"
    static let interface = "1-1:1.0"

    var nodes: [String: String]
    var driver: String? = "usbhid"
    /// What every request to the store is refused with.
    var refused: StoreErrorName?
    var hasSysfs = true
    /// Which process but ours has a lock, by the lock's name.
    var lockHolders: [String: Int32] = [:]
    /// Whether a wait ends because something changed.
    var wakes = true
    /// What we hold: locks by name, an open transaction's writes.
    private(set) var locks: Set<String> = []
    private(set) var transaction: [StoreRequest]?

    init() {
        nodes = [
            "/libxl/pvusb/version": "1", "/local/domain/5/name": "win10",
            "/local/domain/5/vm": "/vm/a",
        ]
        addController(5, ports: 2)
    }

    mutating func addGuest(_ domain: UInt16, ports: Int) {
        nodes["/local/domain/\(domain)/name"] = "guest\(domain)"
        nodes["/local/domain/\(domain)/vm"] = "/vm/\(domain)"
        addController(domain, ports: ports)
    }

    private mutating func addController(_ domain: UInt16, ports: Int) {
        let record = "/libxl/\(domain)/device/vusb/0"
        let backend = "/local/domain/0/backend/vusb/\(domain)/0"
        nodes["\(record)/type"] = "pv"
        nodes["\(record)/backend"] = backend
        nodes["\(record)/num-ports"] = String(ports)
        nodes["\(record)/usb-ver"] = "2"
        nodes["\(backend)/online"] = "1"
        nodes["\(backend)/state"] = "4"
        nodes["/local/domain/\(domain)/device/vusb/0/state"] = "4"
        for port in 1...ports { nodes["\(backend)/port/\(port)"] = "" }
    }

    /// Tells whether the device is where it was at first, and nothing is held.
    var isUntouched: Bool {
        driver == "usbhid" && nodes == LittleHost().nodes && holdsNothing
    }

    var holdsNothing: Bool { locks.isEmpty && transaction == nil }
}

extension LittleHost {
    mutating func perform(_ effect: Effect) -> Answer {
        switch effect {
        case .store(let batch): return .store(batch.map { perform($0) })
        case .files(let requests): return .files(requests.map { perform($0) })
        case .lock(let lock):
            if let holder = lockHolders[lock.name] { return .lockHeld(by: holder) }
            if !lock.isTest { locks.insert(lock.name) }
            return .locked
        case .unlock(let lock):
            locks.remove(lock.name)
            return .unlocked
        case .wait: return wakes ? .woken : .timedOut
        case .deviceModel, .finished: return .stop
        }
    }

    /// The connection to the store breaks; what was open there is dropped.
    mutating func loseStore() -> Answer {
        transaction = nil
        return .storeLost("EOF")
    }

    // MARK: - The store

    /// Carries out writes and removals.
    mutating func apply(_ requests: [StoreRequest]) {
        for request in requests {
            switch request {
            case .write(let path, let value):
                nodes[path.text] = String(decoding: value, as: UTF8.self)
            case .remove(let path):
                nodes = nodes.filter { !path.contains(node($0.key)) }
            default: break
            }
        }
    }

    private mutating func perform(_ request: StoreRequest) -> StoreReply {
        if let refused { return .failure(refused) }
        switch request {
        case .read(let path): return read(path)
        case .directory(let path): return list(path)
        case .begin: transaction = []
        case .abort: transaction = nil
        case .commit:
            apply(transaction ?? [])
            transaction = nil
        default: transaction?.append(request)
        }
        return .done
    }

    private func read(_ path: StorePath) -> StoreReply {
        if let value = nodes[path.text] { return .value(Array(value.utf8)) }
        return nodes.keys.contains { path.contains(node($0)) } ? .value([]) : .failure(.noEntry)
    }

    private func list(_ path: StorePath) -> StoreReply {
        let depth = path.components.count
        let names = nodes.keys.map(node).filter { path.contains($0) && $0 != path }
            .map { $0.components[depth] }
        return names.isEmpty ? .failure(.noEntry) : .children(Set(names).sorted())
    }

    // MARK: - sysfs

    private static let attributes = [
        "idVendor": "046d", "idProduct": "c52b", "busnum": "1", "devnum": "2",
        "bDeviceClass": "00", "speed": "12", "descriptors": "D", "bInterfaceClass": "03",
    ]

    private mutating func perform(_ request: FileRequest) -> FileReply {
        guard hasSysfs else { return .failure(.noEntry) }
        switch request {
        case .list("/sys/bus/usb/devices"): return .names(["1-1", Self.interface])
        case .list("/sys/bus/usb/drivers"): return .names(["uas", "usbback", "usbhid"])
        case .read("/sys/bus/usb/drivers/usbback/port_ids"):
            return .bytes(Array((nodes[Self.port] == "1-1" ? "1-1:5:0:1\n" : "").utf8))
        case .read(let path):
            let name = path.split(separator: "/").last.map(String.init) ?? ""
            return Self.attributes[name].map { .bytes(Array("\($0)\n".utf8)) }
                ?? .failure(.noEntry)
        case .readLink: return driver.map { .link("../drivers/\($0)") } ?? .failure(.noEntry)
        case .write(let path, Self.interface): return move(path)
        default: return .failure(.noEntry)
        }
    }

    private mutating func move(_ path: String) -> FileReply {
        let words = path.split(separator: "/").map(String.init)
        switch words.last {
        case "bind" where driver == nil: driver = words[words.count - 2]
        case "unbind" where driver == words[words.count - 2]: driver = nil
        default: return .failure(.noDevice)
        }
        return .done
    }
}
