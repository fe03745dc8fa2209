public import USBModel
internal import XenStoreServer
internal import XenStoreWire

/// A controller as xl's commands name it.
public struct XLController: Hashable, Sendable {
    /// The guest's domid.
    public let domain: UInt16
    /// The devid.
    public let number: UInt32

    /// Names a controller.
    public init(domain: UInt16, number: UInt32) {
        self.domain = domain
        self.number = number
    }
}

/// One thing that xl does to a host in the course of a command, as libxl of 2026 does it
/// (tools/libs/light/libxl_usb.c, for kind `pv`).
///
/// A command is a list of these. A caller that stops after any of them leaves what an xl leaves
/// that was killed there.
public enum XLAction: Hashable, Sendable {
    /// Writes a device's bus id into a port node, free or not, there or not.
    case writePort(XLController, port: UInt8, BusID)
    /// Notes in `/libxl/usbback` which driver has an interface; without one an old note stays.
    case noteDriver(InterfaceID)
    /// Takes an interface from the driver that has it; usbback keeps what it has.
    case unbind(InterfaceID)
    /// Gives an interface to usbback, unless usbback has it.
    case bindToBackend(InterfaceID)
    /// Takes an interface from usbback, if usbback has it.
    case unbindFromBackend(InterfaceID)
    /// Empties a port node, even one that is gone.
    case clearPort(XLController, port: UInt8)
    /// Gives an interface to the driver that is noted, unless that has it; without a note nothing.
    case bindNoted(InterfaceID)
    /// Deletes the notes about a device.
    case removeNotes(BusID)
    /// Has the domain's QEMU add the device to a controller that it emulates.
    case plug(XLController, port: UInt8, BusID)
    /// Has the domain's QEMU remove the device by an id made of its address of now.
    case unplug(XLController, BusID)
    /// Writes all nodes of a controller, in one transaction.
    case createController(XLController, version: Int, ports: UInt8)
    /// Asks a controller to close: `online` becomes 0 and the backend's state 5, unless it is 6.
    case closeController(XLController)
    /// After ten seconds without state 6: deletes the guest's nodes and asks again.
    case forceController(XLController)
    /// Deletes all nodes of a controller, and the empty directories above them.
    case removeController(XLController)
}

/// xl's commands as lists of what they do.
///
/// The waits between are the caller's: ``World/react()`` and ``World/settle()`` let time pass. So
/// are xl's checks that the port is free and the device in no other: a list made before another
/// tool acted is what an xl has that looked before. xl finds no device that is not plugged in, and
/// does nothing then: the list is empty.
extension World {
    /// `xl usbdev-attach` of a device to a port of a controller.
    ///
    /// One interface after the other is noted, unbound and bound to usbback. When an action is
    /// refused, xl goes on with ``xlUndoAttach(_:domain:controller:port:)``.
    public func xlAttach(
        _ device: BusID, domain: UInt16, controller: UInt32, port: UInt8
    ) -> [XLAction] {
        guard usb.device(device) != nil else { return [] }
        let place = XLController(domain: domain, number: controller)
        switch kind(of: place) {
        case "qusb": return [.writePort(place, port: port, device)]
        case "devicemodel":
            return [.writePort(place, port: port, device), .plug(place, port: port, device)]
        default: break
        }
        let moves = interfaces(of: device).flatMap {
            [XLAction.noteDriver($0), .unbind($0), .bindToBackend($0)]
        }
        return [.writePort(place, port: port, device)] + moves
    }

    /// What xl does when an attach is refused halfway: the interfaces go back while the port is
    /// still set.
    public func xlUndoAttach(
        _ device: BusID, domain: UInt16, controller: UInt32, port: UInt8
    ) -> [XLAction] {
        guard usb.device(device) != nil else { return [] }
        let place = XLController(domain: domain, number: controller)
        return leaving(device) + returning(device) + [.clearPort(place, port: port)]
    }

    /// `xl usbdev-detach` of a device that a port of a controller holds.
    public func xlDetach(
        _ device: BusID, domain: UInt16, controller: UInt32, port: UInt8
    ) -> [XLAction] {
        guard usb.device(device) != nil else { return [] }
        let place = XLController(domain: domain, number: controller)
        switch kind(of: place) {
        case "qusb": return [.clearPort(place, port: port)]
        case "devicemodel": return [.clearPort(place, port: port), .unplug(place, device)]
        default: return leaving(device) + [.clearPort(place, port: port)] + returning(device)
        }
    }

    /// The kind of a controller, as libxl recorded it.
    private func kind(of place: XLController) -> String? {
        text(SimulatedController(place).record / "type")
    }

    /// `xl usbctrl-attach`, after which xl waits for the backend's state 2.
    public func xlAddController(
        domain: UInt16, controller: UInt32, version: Int = 2, ports: UInt8 = 8
    ) -> [XLAction] {
        let place = XLController(domain: domain, number: controller)
        return [.createController(place, version: version, ports: ports)]
    }

    /// `xl usbctrl-detach`: each device is detached, then the controller closed and removed.
    ///
    /// xl waits for the backend's state 6 after ``XLAction/closeController(_:)`` and, if it had
    /// to do that, after ``XLAction/forceController(_:)``. With a port that holds what is not
    /// plugged in it does nothing at all.
    public func xlRemoveController(domain: UInt16, controller: UInt32) -> [XLAction] {
        let place = XLController(domain: domain, number: controller)
        guard let detaches = xlDetachAll(from: place) else { return [] }
        return detaches
            + [.closeController(place), .forceController(place), .removeController(place)]
    }

    /// The detaches of all devices of a controller; nil when a port holds what is not plugged in.
    func xlDetachAll(from place: XLController) -> [XLAction]? {
        var actions: [XLAction] = []
        for (port, name) in held(by: place) {
            guard let device = BusID(name), usb.device(device) != nil else { return nil }
            actions += xlDetach(
                device, domain: place.domain, controller: place.number, port: port)
        }
        return actions
    }

    private func leaving(_ device: BusID) -> [XLAction] {
        interfaces(of: device).map { .unbindFromBackend($0) }
    }

    private func returning(_ device: BusID) -> [XLAction] {
        interfaces(of: device).map { .bindNoted($0) } + [.removeNotes(device)]
    }

    private func interfaces(of device: BusID) -> [InterfaceID] {
        usb.device(device)?.interfaces.map(\.id) ?? []
    }

    /// The ports of a controller that hold something, with what they hold.
    private func held(by controller: XLController) -> [(port: UInt8, name: String)] {
        let names = store.children(of: ports(of: controller)) ?? []
        return names.compactMap { UInt8(decimal: $0) }.sorted()
            .map { ($0, text(ports(of: controller) / StorePath.Component(UInt($0))) ?? "") }
            .filter { !$0.1.isEmpty }
    }
}

extension World {
    /// The directory of a controller's port nodes, by its kind.
    func ports(of controller: XLController) -> StorePath {
        let place = SimulatedController(controller)
        return switch kind(of: controller) {
        case "qusb":
            SimulatedController(domain: place.domain, number: place.number, kind: .qusb).backend
                / "port"
        case "devicemodel": place.record / "port"
        default: place.backend / "port"
        }
    }
}

extension SimulatedController {
    init(_ controller: XLController) {
        self.init(domain: controller.domain, number: controller.number)
    }
}
