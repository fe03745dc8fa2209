public import USBModel

/// What a plan shall reach for a device or a controller.
public enum Goal: Hashable, Sendable {
    /// The device is in this port.
    case assigned(BusID, Place)
    /// The device is with its host drivers.
    case host(BusID)
    /// The device is without a driver, on purpose.
    case parked(BusID)
    /// The port, one of several that hold the device, holds it no more.
    case withdrawn(BusID, from: Place)
    /// The controller exists and its backend is ready.
    case controllerAdded(ControllerID, ControllerSettings)
    /// The controller does not exist.
    case controllerRemoved(ControllerID)

    /// The device the goal is about.
    public var device: BusID? {
        switch self {
        case .assigned(let device, _), .host(let device), .parked(let device),
            .withdrawn(let device, _):
            device
        case .controllerAdded, .controllerRemoved: nil
        }
    }

    /// The domain the goal is about.
    public var domain: DomainID? {
        switch self {
        case .assigned(_, let place), .withdrawn(_, let place): place.controller.domain
        case .host, .parked: nil
        case .controllerAdded(let id, _), .controllerRemoved(let id): id.domain
        }
    }

    /// The goal as people read it, given what they call its domain.
    func label(_ domain: String) -> String {
        switch self {
        case .assigned(let device, let place): "\(device) in \(domain) at \(place.label)"
        case .host(let device): "\(device) with its host drivers"
        case .parked(let device): "\(device) without a driver"
        case .withdrawn(let device, let place):
            "\(device) no longer claimed for \(domain) at \(place.label)"
        case .controllerAdded(let id, _): "controller \(id.number.number) in \(domain)"
        case .controllerRemoved(let id): "no controller \(id.number.number) in \(domain)"
        }
    }
}

/// The steps that lead to a goal, all of them, in order.
public struct Plan: Hashable, Sendable {
    /// What the steps reach.
    public let goal: Goal
    /// The goal as people read it.
    public let label: String
    /// The steps; none when the goal is reached already.
    public let steps: [Step]

    /// Makes a plan; one whose every step holds already has none.
    init(_ goal: Goal, _ steps: [Step], given seen: Observation) {
        self.goal = goal
        let domain = goal.domain.map { seen.domain($0)?.label ?? "domain \($0)" }
        label = goal.label(domain ?? "the host")
        self.steps = steps.allSatisfy { $0.holds(in: seen) } ? [] : steps
    }
}
