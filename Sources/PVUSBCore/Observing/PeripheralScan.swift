/// Whom a command to a QEMU is for.
struct QEMUAddress: Hashable, Sendable {
    let domain: DomainID
    /// The domain's uuid, where the store tells it.
    let uuid: String?

    func command(_ action: DeviceModelCommand.Action) -> DeviceModelCommand {
        DeviceModelCommand(domain: domain, uuid: uuid, action: action)
    }
}

extension Observation {
    /// Whom a command to a domain's QEMU is for; `vm` is `/vm/` and the uuid (libxl_create.c).
    func qemuAddress(_ domain: DomainID) -> QEMUAddress {
        let vm = self.domain(domain)?.vm ?? ""
        let uuid = vm.hasPrefix("/vm/") ? String(vm.dropFirst(4)) : ""
        let isSound = uuid.utf8.count == 36 && uuid.allSatisfy { $0.isHexDigit || $0 == "-" }
        return QEMUAddress(domain: domain, uuid: isSound ? uuid : nil)
    }
}

/// A look at what was added to a QEMU while it ran: controllers and devices with libxl's ids.
///
/// One command asks for the names, two more for each device: which bus it is on, and which port.
struct PeripheralScan: Hashable, Sendable {
    /// The node of QEMU's object tree that has them (QEMU, qdev-monitor.c).
    static let path = "/machine/peripheral"

    private let qemu: QEMUAddress
    private var names: [String]?
    private var values: [String] = []

    init(_ qemu: QEMUAddress) {
        self.qemu = qemu
    }

    /// Takes the answer to the command asked last, nil at the start.
    ///
    /// - Returns: nil in the end when QEMU could not be asked.
    mutating func next(_ answer: Answer?) -> Progress<[Peripheral]?> {
        switch answer {
        case nil: return ask(.list(path: Self.path))
        case .deviceModel(.names(let names)) where self.names == nil:
            self.names = names.filter { $0.hasPrefix("xenusb-") }.sorted()
            return follow()
        case .deviceModel(.unreachable): return .finished(nil)
        case .deviceModel where names == nil: return .finished(nil)
        case .deviceModel(.text(let text)):
            values.append(text)
            return follow()
        // What went away meanwhile has no properties.
        case .deviceModel:
            values.append("")
            return follow()
        default: return .finished(nil)
        }
    }

    /// The ids of devices, which have an address in them.
    private var devices: [String] { (names ?? []).filter { $0.split(separator: "-").count == 3 } }

    private func ask(_ action: DeviceModelCommand.Action) -> Progress<[Peripheral]?> {
        .ask(.deviceModel(qemu.command(action)))
    }

    private func follow() -> Progress<[Peripheral]?> {
        guard values.count < 2 * devices.count else { return .finished(peripherals) }
        let id = devices[values.count / 2]
        let property = values.count.isMultiple(of: 2) ? "parent_bus" : "port"
        return ask(.get(path: "\(Self.path)/\(id)", property: property))
    }

    private var peripherals: [Peripheral] {
        (names ?? []).map { name in
            guard let index = devices.firstIndex(of: name) else {
                return Peripheral(id: name, bus: nil, port: nil)
            }
            let bus = values[2 * index].split(separator: "/").last.map(String.init)
            let port = values[2 * index + 1]
            return Peripheral(id: name, bus: bus, port: port.isEmpty ? nil : port)
        }
    }
}
