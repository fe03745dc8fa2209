@testable import PVUSBCore

extension Observation {
    /// What would be seen if every step of a plan that does not hold yet were done as it says.
    ///
    /// A probe gives an interface to usbhid, or to usbback while that still lists the device.
    func after(_ plan: Plan) -> Observation {
        var seen = self
        for step in plan.steps where !step.holds(in: seen) { seen.apply(step) }
        return seen
    }

    private mutating func apply(_ step: Step) {
        switch step {
        case .createController(let id, let settings): create(id, settings)
        case .createControllerFor(let new, let id, let settings):
            create(id, settings)
            records[new.device] = new.record
        case .awaitBackend(let id, _): set(id, .initWait)
        case .awaitConnected(let id, _): set(id, .connected)
        case .closeController(let id, _): set(id, .closing)
        case .awaitClosed(let id, _): set(id, .closed)
        case .removeController(let id, _), .destroyController(let id, _),
            .removeOrphan(let id, _):
            controllers.removeAll { $0.id == id }
        case .claim(let claim):
            records[claim.device] = claim.record
            set(claim.place, .device(claim.device))
        case .awaitListed(let device, let place):
            let controller = place.controller
            let line =
                "\(device):\(controller.domain):\(controller.number.number):\(place.port.number)"
            list(entries + [spelled(PortTableEntry(line), line)])
        case .awaitReleased(let device): list(entries.filter { $0.device != device })
        case .unbind(let interface, _): give(interface, nil)
        case .bind(let interface, let driver): give(interface, driver)
        case .probe(let interface):
            let isListed = host.portTable?.lists(interface.device) ?? false
            give(interface, isListed ? .usbback : driverName("usbhid"))
        case .record(let device, let record): note(record, of: device)
        case .adopt(let new): records[new.device] = new.record
        case .clear(_, let place): set(place, .free)
        case .recall(let device, let place, let record):
            note(record, of: device)
            set(place, .free)
        case .forget(let device):
            records[device] = nil
            notes[device] = nil
        case .withdrawRecord(let device): records[device] = nil
        case .dropNotes(let device): notes[device] = nil
        case .plugController(let id, _):
            peripherals[id.domain, default: []].append(
                Peripheral(id: "xenusb-\(id.number.number)", bus: nil, port: nil))
        case .unplugController(let id), .awaitUnplugged(let id):
            peripherals[id.domain, default: []].removeAll { $0.id == "xenusb-\(id.number.number)" }
        case .awaitTaken(let device, let place), .plug(let device, let place, _):
            hand(device, to: place.controller.domain)
        case .unplug(_, let place, _): peripherals[place.controller.domain] = []
        case .awaitForgotten, .configure: break
        case .awaitLetGo(let device, let place): takeBack(device, from: place.controller.domain)
        }
    }

    /// QEMU opens a device and claims its interfaces.
    private mutating func hand(_ device: BusID, to domain: DomainID) {
        for interface in host.device(device)?.interfaces ?? [] { give(interface.id, .usbfs) }
        guard let address = host.device(device)?.address,
            case .running(let process, var open) = qemus[domain]?.process
        else { return }
        open.insert(address)
        qemus[domain]?.process = .running(process, open: open)
    }

    /// QEMU closes it; the kernel is asked to look for drivers, and finds none here.
    private mutating func takeBack(_ device: BusID, from domain: DomainID) {
        for interface in host.device(device)?.interfaces ?? [] where interface.driver == .usbfs {
            give(interface.id, nil)
        }
        guard let address = host.device(device)?.address,
            case .running(let process, var open) = qemus[domain]?.process
        else { return }
        open.remove(address)
        qemus[domain]?.process = .running(process, open: open)
    }

    /// Of a record that is there, only the goal, the place and who made the controller change.
    private mutating func note(_ record: Record, of device: BusID) {
        guard var present = records[device] else {
            records[device] = record
            return
        }
        present.goal = record.goal
        if let place = record.place, place != present.place {
            present.place = place
            present.vm = record.vm
        }
        if record.created == nil { present.created = nil }
        records[device] = present
    }

    private mutating func create(_ id: ControllerID, _ settings: ControllerSettings) {
        let ports = [String](repeating: "", count: Int(settings.ports))
        controllers.append(
            ControllerView(ports, id: id, version: settings.version, state: .initialising))
    }

    private mutating func set(_ id: ControllerID, _ state: XenbusState) {
        change(id) { old in (state, old.ports) }
    }

    private mutating func set(_ place: Place, _ content: PortContent) {
        change(place.controller) { old in
            var ports = old.ports
            ports[Int(place.port.number) - 1] = content
            return (old.backendState, ports)
        }
    }

    private mutating func change(
        _ id: ControllerID, _ body: (ControllerView) -> (XenbusState?, [PortContent])
    ) {
        guard let index = controllers.firstIndex(where: { $0.id == id }) else { return }
        let old = controllers[index]
        let (state, ports) = body(old)
        controllers[index] = ControllerView(
            id: old.id, kind: old.kind, version: old.version, backendDomain: old.backendDomain,
            backendState: state, frontendState: old.frontendState, ports: ports,
            isOrphan: old.isOrphan, isOffline: old.isOffline)
    }

    private var entries: [PortTableEntry] { host.portTable?.entries ?? [] }

    private mutating func list(_ entries: [PortTableEntry]) {
        guard host.portTable != nil else { return }
        host = HostSnapshot(
            devices: host.devices, drivers: host.drivers, portTable: PortTable(entries: entries),
            unreadable: host.unreadable)
    }

    private mutating func give(_ interface: InterfaceID, _ driver: DriverName?) {
        let devices = host.devices.map { device in
            guard device.id == interface.device else { return device }
            let interfaces = device.interfaces.map {
                $0.id == interface
                    ? HostInterface(
                        id: $0.id, interfaceClass: $0.interfaceClass, driver: driver) : $0
            }
            return HostDevice(
                id: device.id, address: device.address, vendorProduct: device.vendorProduct,
                deviceClass: device.deviceClass, speed: device.speed,
                manufacturer: device.manufacturer, product: device.product,
                serial: device.serial, descriptorHash: device.descriptorHash,
                interfaces: interfaces)
        }
        host = HostSnapshot(
            devices: devices, drivers: host.drivers, portTable: host.portTable,
            unreadable: host.unreadable)
    }
}
