internal import USBModel

extension Observation {
    /// Takes in what a plan will have changed, as far as it is in another plan's way.
    mutating func expect(_ plan: Plan) {
        switch plan.goal {
        case .host(let device), .parked(let device): take(device, outOf: places(of: device))
        case .withdrawn(let device, let place): take(device, outOf: [place])
        case .assigned(let device, let place):
            for case .createControllerFor(_, let id, let settings) in plan.steps {
                add(id, settings)
            }
            replace(place, with: .device(device))
        case .controllerAdded(let id, let settings): add(id, settings)
        case .controllerRemoved(let id): controllers.removeAll { $0.id == id }
        }
    }

    private mutating func take(_ device: BusID, outOf places: [Place]) {
        for place in places where content(of: place) == .device(device) {
            replace(place, with: .free)
        }
    }

    private mutating func add(_ id: ControllerID, _ settings: ControllerSettings) {
        guard controller(id) == nil else { return }
        controllers.append(
            ControllerView(
                id: id, kind: settings.kind, version: settings.version, backendDomain: .zero,
                backendState: .initWait, frontendState: nil,
                ports: Array(repeating: .free, count: Int(settings.ports))))
        controllers.sort { $0.id < $1.id }
        greatestNumbers[id.domain] = max(greatestNumbers[id.domain] ?? 0, id.number.number)
    }
}
