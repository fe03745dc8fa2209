public import USBModel
internal import XenStoreServer
internal import XenStoreWire

extension World {
    /// Does what xl does one after the other, and stops as xl does when one is refused: after a
    /// bind to a noted driver the device's notes are deleted all the same.
    ///
    /// - Returns: the errno of the refusal; nil when all was done.
    @discardableResult
    public mutating func perform(_ actions: [XLAction]) -> FileErrno? {
        for action in actions {
            do throws(FileErrno) {
                try perform(action)
            } catch {
                if case .bindNoted(let interface) = action {
                    remove(.notes / interface.device.component)
                }
                return error
            }
        }
        return nil
    }

    /// Does what xl does, with domain 0's rights.
    ///
    /// - Throws: the errno with which the kernel refused a bind or an unbind.
    public mutating func perform(_ action: XLAction) throws(FileErrno) {
        switch action {
        case .writePort(let place, let port, let device):
            write(ports(of: place) / StorePath.Component(UInt(port)), device.description)
        case .noteDriver(let interface): noteDriver(of: interface)
        case .unbind(let interface):
            guard let driver = driver(of: interface), driver != .usbback else { return }
            try unbind(interface.description, from: driver)
        case .bindToBackend(let interface): try bind(interface, .usbback)
        case .unbindFromBackend(let interface):
            guard driver(of: interface) == .usbback else { return }
            try unbind(interface.description, from: .usbback)
        case .clearPort(let place, let port):
            write(ports(of: place) / StorePath.Component(UInt(port)), "")
        case .plug(let place, let port, let device): plug(place, port, device)
        case .unplug(let place, let device):
            guard let address = usb.device(device)?.address else { return }
            _ = ask(
                .remove(id: "xenusb-\(address.bus)-\(address.device)"), domain: place.domain)
        case .bindNoted(let interface):
            guard let driver = notedDriver(of: interface) else { return }
            try bind(interface, driver)
        case .removeNotes(let device): remove(.notes / device.component)
        case .createController(let place, let version, let ports):
            create(SimulatedController(place), version: version, ports: ports)
        case .closeController(let place): close(SimulatedController(place))
        case .forceController(let place): force(SimulatedController(place))
        case .removeController(let place): removeNodes(of: SimulatedController(place))
        }
    }

    private mutating func plug(_ place: XLController, _ port: UInt8, _ device: BusID) {
        guard let address = usb.device(device)?.address else { return }
        _ = ask(
            .add(
                driver: "usb-host", id: "xenusb-\(address.bus)-\(address.device)",
                properties: [
                    "bus": .text("xenusb-\(place.number).0"), "port": .text("\(port)"),
                    "hostbus": .number(Int(address.bus)),
                    "hostaddr": .number(Int(address.device)),
                ]), domain: place.domain)
    }

    // MARK: - Drivers

    private func driver(of interface: InterfaceID) -> DriverName? {
        usb.interface(interface)?.driver
    }

    private mutating func bind(
        _ interface: InterfaceID, _ driver: DriverName
    ) throws(FileErrno) {
        guard self.driver(of: interface) != driver else { return }
        try write(interface.description, to: "/sys/bus/usb/drivers/\(driver)/bind")
    }

    /// The path behind the link `driver`.
    private mutating func noteDriver(of interface: InterfaceID) {
        guard let driver = driver(of: interface), driver != .usbback else { return }
        write(.note(of: interface), "/sys/bus/usb/drivers/\(driver)")
    }

    /// The driver that libxl has noted for an interface.
    func notedDriver(of interface: InterfaceID) -> DriverName? {
        let root = "/sys/bus/usb/drivers/"
        guard let note = text(.note(of: interface)), note.hasPrefix(root) else { return nil }
        return DriverName(note.dropFirst(root.count))
    }

    // MARK: - Controllers

    /// The nodes of libxl_device.c, `libxl__device_generic_add`: libxl's own record, the guest's
    /// directory and the backend's.
    private mutating func create(_ place: SimulatedController, version: Int, ports: UInt8) {
        let guest = place.domain
        for path in [place.record, place.frontend, place.backend] { remove(path) }
        write(place.record / "frontend", place.frontend.text)
        write(place.record / "backend", place.backend.text)
        make(place.frontend, [StorePermission(.none, guest), StorePermission(.read, 0)])
        write(place.frontend / "backend", place.backend.text)
        write(place.frontend / "backend-id", "0")
        write(place.frontend / "state", HandshakeState.initialising.rawValue)
        make(place.backend, [StorePermission(.none, 0), StorePermission(.read, guest)])
        write(place.backend / "frontend", place.frontend.text)
        for directory in [place.backend, place.record] {
            write(directory / "frontend-id", String(guest))
            write(directory / "online", "1")
            write(directory / "state", HandshakeState.initialising.rawValue)
            write(directory / "type", "pv")
            write(directory / "usb-ver", String(version))
            write(directory / "num-ports", String(ports))
            write(directory / "port", "")
            for port in 0..<ports {
                write(directory / "port" / StorePath.Component(UInt(port) + 1), "")
            }
        }
    }

    private mutating func make(_ path: StorePath, _ permissions: [StorePermission]) {
        write(path, "")
        _ = store.perform(.setPermissions(path, permissions), from: kernel)
    }

    /// libxl_device.c, `libxl__initiate_device_generic_remove`.
    private mutating func close(_ place: SimulatedController) {
        guard let state = text(place.backend / "state") else { return }
        write(place.backend / "online", "0")
        guard state != HandshakeState.closed.rawValue else { return }
        write(place.backend / "state", HandshakeState.closing.rawValue)
    }

    private mutating func force(_ place: SimulatedController) {
        let state = text(place.backend / "state")
        guard state != nil, state != HandshakeState.closed.rawValue else { return }
        removeWithEmptyParents(place.frontend)
        close(place)
    }

    private mutating func removeNodes(of place: SimulatedController) {
        for path in [place.frontend, place.record, place.backend] {
            removeWithEmptyParents(path)
        }
    }
}

extension SimulatedController {
    /// libxl's own record of the controller.
    var record: StorePath {
        .root / "libxl" / StorePath.Component(UInt(domain)) / "device" / "vusb"
            / StorePath.Component(UInt(number))
    }
}

extension StorePath {
    /// libxl's directory of the drivers to give back.
    fileprivate static let notes = root / "libxl" / "usbback"

    fileprivate static func note(of interface: InterfaceID) -> StorePath {
        notes / interface.device.component / Component(encoding: interface.description)
            / "driver_path"
    }
}

extension BusID {
    fileprivate var component: StorePath.Component { .init(encoding: description) }
}

extension StorePath.Component {
    /// A sysfs name in xenstore's letters (libxl_usb.c, `usb_interface_xenstore_encode`).
    fileprivate init(encoding name: String) {
        let encoded = String(name.map { $0 == "." ? "_" : $0 == ":" ? "@" : $0 })
        guard let component = StorePath.Component(encoded) else {
            preconditionFailure("a sysfs name has digits, letters, dashes, dots and a colon only")
        }
        self = component
    }
}
