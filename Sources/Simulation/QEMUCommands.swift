internal import USBModel

/// A command to a simulated QEMU, as QMP has it.
public enum QEMURequest: Hashable, Sendable {
    /// A property's value.
    public enum Property: Hashable, Sendable {
        /// A text.
        case text(String)
        /// A number.
        case number(Int)
    }

    /// `device_add`.
    case add(driver: String, id: String, properties: [String: Property])
    /// `device_del`.
    case remove(id: String)
    /// `qom-list`.
    case list(path: String)
    /// `qom-get`.
    case get(path: String, property: String)
    /// `query-status`.
    case status
}

/// What a simulated QEMU answers.
public enum QEMUAnswer: Hashable, Sendable {
    /// The command is done.
    case done
    /// The names in a listing.
    case names([String])
    /// A property.
    case text(String)
    /// It refused: its error class and sentence.
    case refused(errorClass: String, description: String)
    /// Nobody answers.
    case unreachable(String)

    fileprivate static func generic(_ description: String) -> QEMUAnswer {
        .refused(errorClass: "GenericError", description: description)
    }
}

extension World {
    /// Asks the QEMU of a domain to do something.
    public mutating func ask(_ request: QEMURequest, domain: UInt16) -> QEMUAnswer {
        guard let index = qemus.firstIndex(where: { $0.domain == domain }) else {
            return .unreachable("QEMU's socket for domain \(domain) is not there")
        }
        guard qemus[index].answers else { return .unreachable("QEMU does not answer") }
        switch request {
        case .add("usb-host", let id, let properties):
            return addDevice(id, properties, to: index)
        case .add(let driver, let id, let properties):
            return addController(driver, id, properties, to: index)
        case .remove(let id): return remove(id, from: index)
        case .list("/machine/peripheral"):
            return .names(["type"] + qemus[index].peripherals.map(\.id))
        case .list(let path), .get(let path, "type"): return notFound(path)
        case .get(let path, let property): return get(path, property, from: index)
        case .status: return .text("running")
        }
    }

    private func notFound(_ path: String) -> QEMUAnswer {
        .refused(errorClass: "DeviceNotFound", description: "Device '\(path)' not found")
    }

    private func get(_ path: String, _ property: String, from index: Int) -> QEMUAnswer {
        let root = "/machine/peripheral/"
        guard path.hasPrefix(root),
            let item = qemus[index].peripherals.first(where: {
                $0.id == path.dropFirst(root.count)
            })
        else { return notFound(path) }
        switch property {
        case "parent_bus": return .text(item.controller.map { "\(root)\($0)/\($0).0" } ?? "")
        case "port": return .text(item.port ?? "")
        default: return .generic("Property '\(item.driver).\(property)' not found")
        }
    }

    // MARK: - Adding

    /// The USB controllers that an HVM guest can be given (QEMU, hw/usb).
    private mutating func addController(
        _ driver: String, _ id: String, _ properties: [String: QEMURequest.Property], to index: Int
    ) -> QEMUAnswer {
        guard !qemus[index].has(id) else { return .generic("Duplicate device ID '\(id)'") }
        var item = SimulatedQEMU.Peripheral(id: id, driver: driver)
        switch driver {
        case "piix3-usb-uhci": item.ports = 2
        case "usb-ehci": item.ports = 6
        case "nec-usb-xhci":
            guard case .number(let count)? = properties["p2"] else {
                return .generic("Invalid parameter type for 'p2', expected: uint64")
            }
            item.ports = count
        default: return .generic("'\(driver)' is not a valid device model name")
        }
        qemus[index].peripherals.append(item)
        return .done
    }

    private mutating func addDevice(
        _ id: String, _ properties: [String: QEMURequest.Property], to index: Int
    ) -> QEMUAnswer {
        guard !qemus[index].has(id) else { return .generic("Duplicate device ID '\(id)'") }
        guard case .number(let bus)? = properties["hostbus"],
            case .number(let number)? = properties["hostaddr"]
        else { return .generic("Invalid parameter type for 'hostbus', expected: uint64") }
        guard case .text(let name)? = properties["bus"],
            let controller = qemus[index].peripherals.first(where: {
                "\($0.id).0" == name && $0.ports > 0
            })
        else { return .generic("Bus '\(properties["bus"]?.text ?? "")' not found") }
        guard case .text(let port)? = properties["port"],
            let place = Int(port), (1...controller.ports).contains(place),
            !qemus[index].peripherals.contains(where: {
                $0.controller == controller.id && $0.port == port
            })
        else {
            let port = properties["port"]?.text ?? ""
            return .generic("usb port \(port) (bus \(name)) not found (in use?)")
        }
        let address = UInt8(exactly: bus).flatMap { bus in
            UInt8(exactly: number).map { BusAddress(bus: bus, device: $0) }
        }
        var item = SimulatedQEMU.Peripheral(id: id, driver: "usb-host")
        item.controller = controller.id
        item.port = port
        return open(item, address, at: controller, in: index)
    }

    private mutating func open(
        _ item: SimulatedQEMU.Peripheral, _ address: BusAddress?,
        at controller: SimulatedQEMU.Peripheral, in index: Int
    ) -> QEMUAnswer {
        let words = address.map { "\($0.bus):\($0.device)" } ?? "?"
        guard let device = usb.devices.first(where: { $0.address == address }) else {
            return .generic("failed to find host usb device \(words)")
        }
        guard controller.carries(device) else {
            return .generic(
                "Warning: speed mismatch trying to attach usb device to bus \"\(controller.id).0\"")
        }
        var item = item
        item.device = device.id
        let opens = qemus[index].opening == .opens
        item.number = opens ? open(device.id, claims: false) : nil
        guard item.number != nil || qemus[index].opening == .fails else {
            return .generic("failed to open host usb device \(words)")
        }
        qemus[index].peripherals.append(item)
        return .done
    }

    // MARK: - Removing

    /// A device goes at once, a controller when the guest has let go of it.
    private mutating func remove(_ id: String, from index: Int) -> QEMUAnswer {
        guard let item = qemus[index].peripherals.firstIndex(where: { $0.id == id }) else {
            return notFound(id)
        }
        guard qemus[index].peripherals[item].ports > 0 else {
            removePeripheral(id, of: index)
            return .done
        }
        guard !qemus[index].peripherals[item].isLeaving else {
            return .generic("Device \(id) is already in the process of unplug")
        }
        qemus[index].peripherals[item].isLeaving = true
        return .done
    }
}

extension SimulatedQEMU {
    fileprivate func has(_ id: String) -> Bool { peripherals.contains { $0.id == id } }
}

extension SimulatedQEMU.Peripheral {
    /// UHCI has low and full speed, EHCI without companions only high speed, xHCI all; a device
    /// faster than that falls back.
    fileprivate func carries(_ device: SimulatedDevice) -> Bool {
        guard let speed = device.speed else { return true }
        return switch driver {
        case "piix3-usb-uhci": speed <= .full
        case "usb-ehci": speed >= .high
        default: true
        }
    }
}

extension QEMURequest.Property {
    fileprivate var text: String {
        switch self {
        case .text(let text): text
        case .number(let number): String(number)
        }
    }
}
