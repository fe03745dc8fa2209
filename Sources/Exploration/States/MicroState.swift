internal import PVUSBCore

/// Where a device is, as exactly as anybody can tell: what is recorded, what is bound, what is shown.
struct MicroState: Hashable {
    /// The word that `devices` shows.
    let state: DeviceState
    /// What `devices` says to type; nil when nothing is half done.
    let remedy: String?
    /// What the record says; nil when there is none.
    let record: String?
    /// The ports that hold the device.
    let ports: [String]
    /// Whether the device is plugged in.
    let isThere: Bool
    /// Each interface's driver, by interface; nil for none.
    let drivers: [String?]
    /// Whether usbback waits for the device.
    let isListed: Bool
    /// The controllers of the guest, with the states of both ends.
    let controllers: [String]
}

extension MicroState {
    /// Reads a device's state off what was seen of a host.
    init(of device: BusID, in seen: Observation) {
        let status = seen.status(of: device)
        state = status.state
        remedy = status.remedy
        record = seen.records[device].map(Self.words)
        ports = seen.places(of: device).map(\.label)
        isThere = status.device != nil
        drivers = status.device?.interfaces.map { $0.driver?.text } ?? []
        isListed = seen.host.portTable?.lists(device) ?? false
        controllers = seen.controllers.map { Self.words($0) }
    }

    private static func words(_ record: Record) -> String {
        var words = record.goal.rawValue
        if let place = record.place { words += " \(place.label)" }
        if record.created != nil { words += ", made controller" }
        return words
    }

    private static func words(_ controller: ControllerView) -> String {
        let number = controller.id.number.number
        guard !controller.isOrphan else { return "\(number) left behind" }
        let ends = [controller.backendState, controller.frontendState.map(\.forShowing)]
        return "\(number) " + ends.map { $0.map { "\($0.rawValue)" } ?? "-" }.joined(separator: "/")
    }
}
