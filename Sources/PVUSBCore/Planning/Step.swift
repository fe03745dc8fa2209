public import USBModel

/// A wish with a check: printed always, executed only if its check says not yet.
public enum Step: Hashable, Sendable {
    /// The nodes of a controller exist.
    case createController(ControllerID, ControllerSettings)
    /// The controller's backend is ready for its guest, or further.
    case awaitBackend(ControllerID)
    /// The controller's two ends work.
    case awaitConnected(ControllerID)
    /// The controller's backend is asked to go, and holds no device.
    case closeController(ControllerID)
    /// The controller's backend has gone.
    case awaitClosed(ControllerID)
    /// The nodes of a controller are gone.
    case removeController(ControllerID)
    /// The port node holds the device, and the record says why.
    case claim(Claim)
    /// usbback knows that the device is for this port.
    case awaitListed(BusID, Place)
    /// The interface is not with a driver.
    case unbind(InterfaceID, from: DriverName)
    /// The interface is with a driver.
    case bind(InterfaceID, to: DriverName)
    /// The interface is with whatever ordinary driver wants it.
    case probe(InterfaceID)
    /// The record says what is meant.
    case record(BusID, Record)
    /// The port node does not hold the device.
    case clear(BusID, Place)
    /// usbback has forgotten the device.
    case awaitReleased(BusID)
    /// There is no record of the device, nor libxl's note of its drivers.
    case forget(BusID)
    /// There is no record of the device; libxl's note stays for another port's sake.
    case withdrawRecord(BusID)
}

/// A device's way into a port, with all that must be known to undo it.
public struct Claim: Hashable, Sendable {
    /// The device.
    public let device: BusID
    /// The port it shall be in.
    public let place: Place
    /// The record that is written with the port node.
    public let record: Record

    /// Makes a claim; the record's goal is attach and its place the claimed one.
    public init(device: BusID, place: Place, record: Record) {
        self.device = device
        self.place = place
        self.record = record
    }
}

extension Step {
    /// Tells whether the wish is fulfilled already.
    public func holds(in seen: Observation) -> Bool {
        switch self {
        case .createController(let id, _): seen.controller(id) != nil
        case .awaitBackend(let id):
            seen.backend(of: id, isIn: [.initWait, .initialised, .connected])
        case .awaitConnected(let id): seen.backend(of: id, isIn: [.connected])
        case .closeController(let id): seen.isGone(id, or: [.closing, .closed])
        case .awaitClosed(let id): seen.isGone(id, or: [.closed])
        case .removeController(let id): seen.controller(id) == nil
        case .claim(let claim): claim.holds(in: seen)
        case .awaitListed(let device, let place): seen.isListed(device, at: place)
        case .awaitReleased(let device): !(seen.host.portTable?.lists(device) ?? false)
        case .unbind(let interface, let driver): seen.isFree(interface, of: driver)
        case .bind(let interface, let driver): seen.isBound(interface, to: driver)
        case .probe(let interface): seen.isWithOrdinaryDriver(interface)
        case .record(let device, let record): seen.records[device]?.goal == record.goal
        case .clear(let device, let place): seen.content(of: place) != .device(device)
        case .forget(let device), .withdrawRecord(let device): seen.records[device] == nil
        }
    }

    /// The interface whose driver the step changes.
    var interface: InterfaceID? {
        switch self {
        case .unbind(let interface, _), .bind(let interface, _), .probe(let interface): interface
        default: nil
        }
    }
}

extension Claim {
    /// The port holds the device, and the record of this very attach stands or is done.
    fileprivate func holds(in seen: Observation) -> Bool {
        guard let present = seen.records[device], present.place == place else { return false }
        return seen.content(of: place) == .device(device)
            && [.attach, .attached].contains(present.goal)
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

/// A step as people and programs read it.
public struct StepText: Hashable, Sendable {
    /// What is ensured, one word.
    public let action: String
    /// What it is about.
    public let target: String
    /// What the target shall have; empty where the action says it all.
    public let value: String
}

extension Step {
    /// The step in words.
    public var text: StepText {
        switch self {
        case .createController(let id, let settings):
            StepText(
                "create", id,
                "\(settings.kind.rawValue) usb\(settings.version) "
                    + "\(settings.ports) ports")
        case .awaitBackend(let id): StepText("await", id, "backend ready")
        case .awaitConnected(let id): StepText("await", id, "connected")
        case .closeController(let id): StepText("close", id, "")
        case .awaitClosed(let id): StepText("await", id, "closed")
        case .removeController(let id): StepText("remove", id, "")
        case .claim(let claim):
            StepText(
                "claim", claim.device,
                "domain \(claim.place.controller.domain) "
                    + "port \(claim.place.label)")
        case .awaitListed(let device, _): StepText("await", device, "listed by usbback")
        case .unbind(let interface, let driver): StepText("unbind", interface, driver.text)
        case .bind(let interface, let driver): StepText("bind", interface, driver.text)
        case .probe(let interface): StepText("probe", interface, "")
        case .record(let device, let record): StepText("record", device, record.goal.rawValue)
        case .clear(let device, let place):
            StepText("clear", device, "domain \(place.controller.domain) port \(place.label)")
        case .awaitReleased(let device): StepText("await", device, "released by usbback")
        case .forget(let device): StepText("forget", device, "")
        case .withdrawRecord(let device): StepText("withdraw", device, "")
        }
    }
}

extension StepText {
    fileprivate init(_ action: String, _ target: BusID, _ value: String) {
        self.init(action: action, target: target.description, value: value)
    }

    fileprivate init(_ action: String, _ target: InterfaceID, _ value: String) {
        self.init(action: action, target: target.description, value: value)
    }

    fileprivate init(_ action: String, _ target: ControllerID, _ value: String) {
        let name = "domain \(target.domain) controller \(target.number.number)"
        self.init(action: action, target: name, value: value)
    }
}
