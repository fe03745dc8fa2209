public import USBModel

/// A wish with a check: printed always, executed only if its check says not yet.
public enum Step: Hashable, Sendable {
    /// The nodes of a controller exist.
    case createController(ControllerID, ControllerSettings)
    /// The nodes of a controller exist, and the record of the device it is made for says so.
    case createControllerFor(Registration, ControllerID, ControllerSettings)
    /// The controller's backend is ready for its guest, or further.
    case awaitBackend(ControllerID, ControllerKind = .pv)
    /// The controller's two ends work.
    case awaitConnected(ControllerID, ControllerKind = .pv)
    /// The controller is asked to go, and holds no device.
    case closeController(ControllerID, ControllerKind = .pv)
    /// The controller's backend has gone.
    case awaitClosed(ControllerID, ControllerKind = .pv)
    /// The nodes of a controller are gone.
    case removeController(ControllerID, ControllerKind = .pv)
    /// The nodes of a controller are gone, whatever its ports hold.
    case destroyController(ControllerID, ControllerKind = .pv)
    /// The nodes of a backend are gone whose domain was destroyed.
    case removeOrphan(ControllerID, ControllerKind = .pv)
    /// QEMU emulates the controller.
    case plugController(ControllerID, ControllerSettings)
    /// QEMU has asked the guest to do without the controller that it emulates.
    case unplugController(ControllerID)
    /// QEMU emulates the controller no more.
    case awaitUnplugged(ControllerID)
    /// The port node holds the device, and the record says why.
    case claim(Claim)
    /// usbback knows that the device is for this port.
    case awaitListed(BusID, Place)
    /// QEMU has the device open.
    case awaitTaken(BusID, Place)
    /// QEMU has the device of this address, in the port of a controller that it emulates.
    case plug(BusID, Place, BusAddress)
    /// QEMU has nothing in the port of a controller that it emulates; the id that the device was
    /// given, where it is known.
    case unplug(BusID, Place, known: String?)
    /// QEMU has had the time to read that the port was cleared.
    case awaitForgotten(BusID, Place)
    /// QEMU does not have the device open any more.
    case awaitLetGo(BusID, Place)
    /// The interface is not with a driver.
    case unbind(InterfaceID, from: DriverName)
    /// The interface is with a driver.
    case bind(InterfaceID, to: DriverName)
    /// The interface is with whatever ordinary driver wants it.
    case probe(InterfaceID)
    /// The record says what is meant.
    case record(BusID, Record)
    /// The record is about the port that another tool gave the device.
    case adopt(Registration)
    /// The port node does not hold the device.
    case clear(BusID, Place)
    /// The record says what is meant, and the port node does not hold the device.
    case recall(BusID, Place, Record)
    /// usbback has forgotten the device.
    case awaitReleased(BusID)
    /// There is no record of the device, nor libxl's note of its drivers.
    case forget(BusID)
    /// There is no record of the device; libxl's note stays for another port's sake.
    case withdrawRecord(BusID)
    /// libxl's notes of the device's drivers are gone.
    case dropNotes(BusID)
    /// libxl's configuration of the domain, from which it makes the domain anew, says what the
    /// store says.
    case configure(ConfigurationItem)
}

extension Step {
    /// Tells whether the wish is fulfilled already.
    public func holds(in seen: Observation) -> Bool {
        switch self {
        case .createController(let id, _), .createControllerFor(_, let id, _):
            seen.controller(id)?.isOrphan == false
        case .awaitBackend(let id, _):
            seen.backend(of: id, isIn: [.initWait, .initialised, .connected])
        case .awaitConnected(let id, _): seen.backend(of: id, isIn: [.connected])
        case .closeController(let id, .deviceModel):
            seen.controller(id)?.isOffline ?? true
        case .closeController(let id, _): seen.isGone(id, or: [.closing, .closed])
        case .awaitClosed(let id, _): seen.isGone(id, or: [.closed])
        case .removeController(let id, _), .destroyController(let id, _),
            .removeOrphan(let id, _):
            seen.controller(id) == nil
        case .plugController(let id, _): seen.emulates(id) ?? false
        case .unplugController(let id), .awaitUnplugged(let id):
            seen.emulates(id).map { !$0 } ?? false
        case .awaitTaken(let device, let place), .plug(let device, let place, _):
            seen.isWithQEMU(device, of: place.controller.domain) == true
        case .unplug(_, let place, let known): seen.isUnplugged(place, known: known)
        // Nothing shows what QEMU has read: a port that it has not read as empty is in use for it,
        // and whatever is written there next would be ignored.
        case .awaitForgotten(_, let place): !seen.hasQEMU(place.controller.domain)
        case .awaitLetGo(let device, let place):
            seen.isWithQEMU(device, of: place.controller.domain) == false
        case .claim(let claim): claim.holds(in: seen)
        case .awaitListed(let device, let place): seen.isListed(device, at: place)
        case .awaitReleased(let device): !(seen.host.portTable?.lists(device) ?? false)
        case .unbind(let interface, let driver): seen.isFree(interface, of: driver)
        case .bind(let interface, let driver): seen.isBound(interface, to: driver)
        case .probe(let interface): seen.isWithOrdinaryDriver(interface)
        case .record(let device, let record): record.isSaid(by: seen.records[device])
        case .adopt(let new): new.record.isSaid(by: seen.records[new.device])
        case .clear(let device, let place): !seen.places(of: device).contains(place)
        case .recall(let device, let place, let record):
            record.isSaid(by: seen.records[device]) && !seen.places(of: device).contains(place)
        case .forget(let device), .withdrawRecord(let device): seen.records[device] == nil
        case .dropNotes(let device): seen.notes[device] == nil
        // It is not read before it is locked.
        case .configure: false
        }
    }
}

extension Record {
    /// Tells whether what is recorded means the same; the place of a way back counts if known.
    fileprivate func isSaid(by present: Record?) -> Bool {
        guard let present, present.goal == goal else { return false }
        return (place == nil || present.place == place) && (vm == nil || present.vm == vm)
    }
}

extension Claim {
    /// The port holds the device, and the record of this very attach stands or is done.
    fileprivate func holds(in seen: Observation) -> Bool {
        guard let present = seen.records[device], present.place == place else { return false }
        // Another tool takes no lock: whether it was at the same device is seen afterwards.
        return seen.places(of: device) == [place] && [.attach, .attached].contains(present.goal)
    }
}

extension Observation {
    /// The driver of an interface; nil when it has none or does not exist.
    func driver(of interface: InterfaceID) -> DriverName? {
        host.device(interface.device)?.interfaces.first { $0.id == interface }?.driver
    }

    /// Tells whether an interface exists.
    func has(_ interface: InterfaceID) -> Bool {
        host.device(interface.device)?.interfaces.contains { $0.id == interface } ?? false
    }

    /// An interface of a device that can't be read is with a driver that nobody knows.
    fileprivate func isFree(_ interface: InterfaceID, of driver: DriverName) -> Bool {
        !isUnreadable(interface.device) && self.driver(of: interface) != driver
    }

    /// Any ordinary driver is home: another one than recorded may have been quicker.
    fileprivate func isBound(_ interface: InterfaceID, to driver: DriverName) -> Bool {
        guard driver == SysfsPath.usbback else { return isWithOrdinaryDriver(interface) }
        return self.driver(of: interface) == driver
    }

    /// An interface that is gone has nothing left to give back.
    fileprivate func isWithOrdinaryDriver(_ interface: InterfaceID) -> Bool {
        guard !isUnreadable(interface.device) else { return false }
        guard has(interface) else { return true }
        guard let driver = driver(of: interface) else { return false }
        return driver != SysfsPath.usbback
    }

    /// Without a table to read, the first bind finds out.
    fileprivate func isListed(_ device: BusID, at place: Place) -> Bool {
        guard let table = host.portTable else { return true }
        return table.entries.contains { $0.device == device && $0.place == place }
    }

    /// Tells whether a domain's QEMU has a controller; nil when it was not looked at since.
    fileprivate func emulates(_ id: ControllerID) -> Bool? {
        guard hasQEMU(id.domain) else { return false }
        return peripherals[id.domain].map { all in all.contains { $0.id == id.qemuID } }
    }

    /// A QEMU that is gone has nothing; one that was not looked at may have anything.
    fileprivate func isUnplugged(_ place: Place, known: String?) -> Bool {
        guard hasQEMU(place.controller.domain) else { return true }
        return peripherals(at: place, known: known)?.isEmpty ?? false
    }

    /// The controller does not exist, has no backend, or one in these states.
    fileprivate func isGone(_ id: ControllerID, or states: [XenbusState]) -> Bool {
        guard let controller = controller(id), let state = controller.backendState else {
            return true
        }
        return states.contains(state)
    }

    fileprivate func backend(of id: ControllerID, isIn states: [XenbusState]) -> Bool {
        controller(id)?.backendState.map(states.contains) ?? false
    }
}

extension PortTableEntry {
    /// The place that usbback has the device registered for; nil where we know no such.
    var place: Place? {
        guard let domain = DomainID(domain), let number = UInt8(exactly: controller),
            let port = PortNumber(port)
        else { return nil }
        let controller = ControllerID(domain: domain, number: ControllerNumber(number))
        return Place(controller: controller, port: port)
    }
}
