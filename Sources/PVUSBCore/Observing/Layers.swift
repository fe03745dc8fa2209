public import USBModel

/// One of the places where something is said of a device, and whether it fits the others.
public struct Layer: Hashable, Sendable {
    /// A place where something is said.
    public enum Name: String, Hashable, Sendable, CaseIterable {
        /// The host's bus.
        case host
        /// The drivers of the interfaces.
        case drivers
        /// Our record.
        case record
        /// xl's notes of the drivers.
        case notes
        /// The port node.
        case port
        /// The backend of the controller.
        case backend
        /// The guest's end of it.
        case frontend
    }

    /// Where it is said.
    public let name: Name
    /// What is said, for people.
    public let message: String
    /// Why it does not fit, one word; nil when it does.
    public let reason: String?
    /// The one command to type; nil when nothing is to be done.
    public let remedy: String?

    init(_ name: Name, _ message: String, not reason: String? = nil, remedy: String? = nil) {
        self.name = name
        self.message = message
        self.reason = reason
        self.remedy = remedy
    }
}

extension Observation {
    /// All that is said of a device, from the host's end to the guest's.
    public func layers(of id: BusID) -> [Layer] {
        let status = status(of: id)
        return [hostLayer(status), driverLayer(status), recordLayer(status), noteLayer(status)]
            + portLayers(status)
    }

    private func hostLayer(_ status: DeviceStatus) -> Layer {
        if let reason = unreadableReason(of: status.id) {
            return Layer(.host, "can't be read: \(reason)", not: "unreadable")
        }
        guard let device = status.device else {
            return Layer(.host, "not plugged in", not: "absent", remedy: status.remedy)
        }
        let speed = device.speed.map { ", \($0) Mbit/s" } ?? ""
        let serial = device.serial.map { ", serial \($0)" } ?? ""
        return Layer(
            .host,
            "\(device.vendorProduct) \(device.name)\(serial)\(speed), address \(device.address)")
    }

    private func driverLayer(_ status: DeviceStatus) -> Layer {
        let interfaces = status.device?.interfaces ?? []
        let message = interfaces.map { "\($0.id) \($0.driver?.text ?? "none")" }
            .joined(separator: ", ")
        let isSettled = [.host, .unbound, .assigned, .parked, .hub].contains(status.state)
        return Layer(
            .drivers, message.isEmpty ? "none" : message,
            not: isSettled || interfaces.isEmpty ? nil : status.state.rawValue,
            remedy: isSettled ? nil : status.remedy)
    }

    private func recordLayer(_ status: DeviceStatus) -> Layer {
        guard let record = status.record else { return Layer(.record, "none") }
        let place = record.place.map { " at \($0.label) of \(name(of: $0.controller.domain))" }
        let drivers = record.interfaces.map { "\($0.id) \($0.driver?.text ?? "none")" }
        let message =
            "\(record.goal.rawValue)\(place ?? ""); drivers: "
            + (drivers.isEmpty ? "none" : drivers.joined(separator: ", "))
        return Layer(.record, message, not: recordFault(record, status), remedy: status.remedy)
    }

    private func recordFault(_ record: Record, _ status: DeviceStatus) -> String? {
        if let identity = record.identity, let device = status.device,
            identity != device.identity
        {
            return "another-device"
        }
        if status.pending != nil { return "interrupted" }
        return status.recordIsDead && status.state != .parked ? "outdated" : nil
    }

    private func noteLayer(_ status: DeviceStatus) -> Layer {
        guard let notes = notes[status.id] else { return Layer(.notes, "none") }
        let drivers = notes.interfaces.map { "\($0.id) \($0.driver?.text ?? "no driver")" }
        let isLeft = status.record == nil && places(of: status.id).isEmpty
        return Layer(
            .notes, drivers.isEmpty ? "empty" : drivers.joined(separator: ", "),
            not: isLeft ? "left-over" : nil, remedy: isLeft ? status.remedy : nil)
    }

    private func portLayers(_ status: DeviceStatus) -> [Layer] {
        let places = places(of: status.id)
        guard let place = status.place else { return [Layer(.port, "none")] }
        let labels = places.map { "\($0.label) of \(name(of: $0.controller.domain))" }
        let isGone = isLeftBehind(place)
        let fault = places.count > 1 ? "contested" : isGone ? "domain-gone" : nil
        let port = Layer(
            .port, labels.joined(separator: ", "), not: fault,
            remedy: fault == nil ? nil : status.remedy)
        return [port] + endLayers(of: place.controller)
    }

    /// The two ends of a controller.
    public func endLayers(of id: ControllerID) -> [Layer] {
        guard let controller = controller(id), controller.kind != .deviceModel else { return [] }
        let isLeft = isLeftClosing(controller)
        return [
            isLeft
                ? Layer(
                    .backend, "\(controller.backendState?.label ?? "gone"), asked to go",
                    not: "being-removed", remedy: "pvusb recover")
                : endLayer(.backend, controller.backendState),
            endLayer(.frontend, controller.frontendState?.forShowing),
        ]
    }

    private func endLayer(_ name: Layer.Name, _ state: XenbusState?) -> Layer {
        Layer(name, state?.label ?? "gone", not: state == .connected ? nil : "not-connected")
    }

    private func name(of id: DomainID) -> String {
        domain(id)?.label ?? "domain \(id), which is gone"
    }
}
