internal import USBModel
internal import XenStoreServer
internal import XenStoreWire

/// A state of the XenBus handshake as a simulated end writes it (xenbus.h).
enum HandshakeState: String {
    case initialising = "1"
    case initWait = "2"
    case initialised = "3"
    case connected = "4"
    case closing = "5"
    case closed = "6"
}

/// Where a simulated controller's two ends are.
struct SimulatedController: Hashable {
    /// Who serves it: usbback, or the domain's QEMU.
    enum Backend: String, CaseIterable {
        case vusb
        case qusb
    }

    let domain: UInt16
    let number: UInt32
    let kind: Backend

    init(domain: UInt16, number: UInt32, kind: Backend = .vusb) {
        self.domain = domain
        self.number = number
        self.kind = kind
    }

    init(_ entry: PortTableEntry) {
        self.init(domain: entry.domain, number: entry.controller)
    }

    static let allBackends = allBackends(.vusb)

    static func allBackends(_ kind: Backend) -> StorePath {
        StorePath.root / "local" / "domain" / "0" / "backend" / (kind == .vusb ? "vusb" : "qusb")
    }

    var backend: StorePath {
        Self.allBackends(kind) / StorePath.Component(UInt(domain))
            / StorePath.Component(UInt(number))
    }

    var frontend: StorePath {
        .root / "local" / "domain" / StorePath.Component(UInt(domain)) / "device" / "vusb"
            / StorePath.Component(UInt(number))
    }

    func port(_ number: UInt8) -> StorePath {
        backend / "port" / StorePath.Component(UInt(number))
    }
}

extension World {
    /// Lets every backend and every guest do the next thing it would do by itself.
    ///
    /// - Returns: whether anybody did anything; false means that all is quiet.
    public mutating func react() -> Bool {
        let ours = controllers(.vusb)
        var isBusy = forgetsPorts(ofAllBut: ours)
        for controller in ours {
            isBusy = frontendReacts(controller) || isBusy
            isBusy = backendReacts(controller) || isBusy
        }
        let served = controllers(.qusb)
        isBusy = qemusReact(served) || isBusy
        for controller in served where text(controller.frontend / "backend") != nil {
            isBusy = frontendReacts(controller) || isBusy
        }
        for controller in served { isBusy = qusbReacts(controller) || isBusy }
        return isBusy
    }

    /// Lets them go on until all is quiet.
    public mutating func settle() {
        while react() {}
    }

    /// A backend whose nodes are gone is unregistered, and with it go its lines of the port table
    /// (xenbus_probe.c, `xenbus_cleanup_devices`; xenbus.c of usbback, `usbback_remove`).
    private mutating func forgetsPorts(ofAllBut controllers: [SimulatedController]) -> Bool {
        let count = ports.count
        ports.removeAll { !controllers.contains(SimulatedController($0)) }
        return ports.count < count
    }

    func controllers(_ kind: SimulatedController.Backend) -> [SimulatedController] {
        let all = SimulatedController.allBackends(kind)
        return numbers(below: all).flatMap { domain in
            numbers(below: all / StorePath.Component(UInt(domain))).compactMap { number in
                UInt16(exactly: domain).map {
                    SimulatedController(domain: $0, number: number, kind: kind)
                }
            }
        }.filter { $0.domain <= PortTableEntry.domainMax }
    }

    private func numbers(below path: StorePath) -> [UInt32] {
        (store.children(of: path) ?? []).compactMap { UInt32(decimal: $0) }.sorted()
    }

    func state(of end: StorePath) -> HandshakeState? {
        text(end / "state").flatMap(HandshakeState.init)
    }

    mutating func set(_ end: StorePath, _ state: HandshakeState) -> Bool {
        write(end / "state", state.rawValue)
        return true
    }

    // MARK: - The guest's driver

    /// Linux's xen-hcd: shares its rings when the backend waits, goes when the backend goes.
    private mutating func frontendReacts(_ controller: SimulatedController) -> Bool {
        // A guest looks at one backend only, the one that its own directory names.
        let backend = text(controller.frontend / "backend")
        guard backend == nil || backend == controller.backend.text,
            let guest = guests.firstIndex(where: { $0.domain == controller.domain }),
            guests[guest].hasFrontend, let own = state(of: controller.frontend),
            let other = guestReadsState(of: controller)
        else { return false }
        switch (own, other) {
        case (.initialising, .initWait), (.initialising, .initialised), (.initialising, .connected):
            return guestWrites(
                [
                    ("urb-ring-ref", "8"), ("conn-ring-ref", "9"), ("event-channel", "8"),
                    ("state", HandshakeState.connected.rawValue),
                ], of: controller)
        case (.connected, .closing), (.initialising, .closing), (.initialised, .closing):
            guard guests[guest].frontend != .neverCloses else { return false }
            return guestWrites([("state", HandshakeState.closed.rawValue)], of: controller)
        case (.closed, .closed):
            guard guests[guest].frontend == .connectsTwice, isOnline(controller),
                guestWrites([("state", HandshakeState.initialising.rawValue)], of: controller)
            else { return false }
            guests[guest].frontend = .wellBehaved
            return true
        default: return false
        }
    }

    private func isOnline(_ controller: SimulatedController) -> Bool {
        text(controller.backend / "online") == "1"
    }

    /// The backend's state, as far as the guest may read it.
    private mutating func guestReadsState(of controller: SimulatedController) -> HandshakeState? {
        let guest = store.connect(domain: controller.domain)
        defer { store.disconnect(guest) }
        let reply = store.perform(.read(controller.backend / "state"), from: guest)
        return reply.text.flatMap(HandshakeState.init)
    }

    /// Writes nodes of the frontend with the rights that the guest was given.
    ///
    /// - Returns: whether they sufficed.
    private mutating func guestWrites(
        _ nodes: [(name: StorePath.Component, text: String)], of controller: SimulatedController
    ) -> Bool {
        let guest = store.connect(domain: controller.domain)
        defer { store.disconnect(guest) }
        return nodes.allSatisfy { node in
            let request = StoreRequest.write(controller.frontend / node.name, text: node.text)
            return store.perform(request, from: guest) == .done
        }
    }

    // MARK: - usbback

    private mutating func backendReacts(_ controller: SimulatedController) -> Bool {
        guard usb.drivers.contains(.usbback), let own = state(of: controller.backend) else {
            return false
        }
        switch (own, state(of: controller.frontend)) {
        case (.initialising, .initialising):
            return set(controller.backend, isSensible(controller) ? .initWait : .closing)
        case (.initWait, .connected), (.initialised, .connected):
            return set(controller.backend, .connected)
        case (.connected, .connected): return readsPorts(of: controller)
        case (.closed, .initialising):
            guard isOnline(controller) else { return false }
            return set(controller.backend, .initWait)
        case (.closing, .closed), (.closing, nil), (.connected, .closed), (.connected, nil):
            ports.removeAll { SimulatedController($0) == controller }
            return set(controller.backend, .closed)
        default: return false
        }
    }

    /// usbback's probe takes 1 to 31 ports and the versions 1 and 2 (xenbus.c, `usbback_probe`).
    private func isSensible(_ controller: SimulatedController) -> Bool {
        guard let version = text(controller.backend / "usb-ver") else { return false }
        let count = ports(of: controller)
        return ["1", "2"].contains(version) && (1...PortTableEntry.portMax).contains(count)
    }

    private func ports(of controller: SimulatedController) -> UInt8 {
        text(controller.backend / "num-ports").flatMap { UInt8(decimal: $0) } ?? 0
    }

    /// The watch on the port nodes, set when the frontend has connected (xenbus.c of usbback).
    ///
    /// A device that is registered already, a port changed without being cleared, a port cleared
    /// while its device is bound and a port node that is gone are fatal: the controller closes.
    private mutating func readsPorts(of controller: SimulatedController) -> Bool {
        var isBusy = false
        for port in 0..<min(ports(of: controller), PortTableEntry.portMax) {
            guard let change = readsPort(port + 1, of: controller) else {
                return set(controller.backend, .closing)
            }
            isBusy = change || isBusy
        }
        return isBusy
    }

    /// Whether reading one port changed the table; nil when it was fatal.
    private mutating func readsPort(_ port: UInt8, of controller: SimulatedController) -> Bool? {
        guard let value = text(controller.port(port)) else { return nil }
        let known = ports.first { SimulatedController($0) == controller && $0.port == port }
        switch (known?.device, value) {
        case (nil, ""): return false
        case (nil, let name):
            guard let device = BusID(name) else { return false }
            guard !ports.contains(where: { $0.device == device }) else { return nil }
            register(device, at: port, of: controller)
            return true
        case (let device?, ""):
            guard !isCaptured(device) else { return nil }
            ports.removeAll { $0.device == device }
            return true
        case (let device?, let name): return name == device.description ? false : nil
        }
    }

    private mutating func register(
        _ device: BusID, at port: UInt8, of controller: SimulatedController
    ) {
        ports.append(
            PortTableEntry(
                device: device, domain: controller.domain, controller: controller.number,
                port: port))
        ports.sort { $0.device < $1.device }
    }
}
