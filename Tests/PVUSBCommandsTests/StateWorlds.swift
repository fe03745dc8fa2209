import Testing

/// The built-in world with one device in a state of its own.
struct StateWorld: Sendable, CustomTestStringConvertible {
    let state: String
    let device: String
    /// The device's line of `pvusb devices`, without what stands before the state.
    let line: String
    private let edit: @Sendable (inout JSONValue) -> Void

    var testDescription: String { line }

    /// The sound device, which has two interfaces, with these drivers.
    private init(sound drivers: [JSONValue], _ state: String, _ place: String) {
        self.state = state
        device = "1-4"
        line = place.isEmpty ? state : "\(state)  \(place)"
        edit = { world in world["usb"].device("1-4") { $0.setDrivers(drivers) } }
    }

    /// The stick, which was attached, and then changed.
    private init(
        _ state: String, _ place: String, _ edit: @escaping @Sendable (inout JSONValue) -> Void
    ) {
        self.state = state
        device = "1-3.2"
        line = place.isEmpty ? state : "\(state)  \(place)"
        self.edit = edit
    }

    /// A world of its own with the device in its state.
    func sandbox() throws -> Sandbox {
        let sandbox = try device == "1-4" ? Sandbox.withController() : Sandbox.with(device)
        try sandbox.edit(edit)
        return sandbox
    }

    // MARK: - The states

    private static let port = "/local/domain/0/backend/vusb/1/0/port"
    private static let goal = "/libxl/pvusb/device/1-3_2/goal"

    static let host = StateWorld(
        sound: ["snd-usb-audio", "snd-usb-audio"], "host", "snd-usb-audio")
    static let halfHost = StateWorld(sound: [nil, "snd-usb-audio"], "host", "snd-usb-audio")
    static let unbound = StateWorld(sound: [nil, nil], "unbound", "")
    static let captured = StateWorld(
        sound: ["usbback", "usbback"], "captured", "pvusb recover 1-4")
    static let mixed = StateWorld(
        sound: ["usbback", "snd-usb-audio"], "mixed", "pvusb recover 1-4")

    static let assigned = StateWorld("assigned", "pv1 0:1") { _ in }
    static let absent = StateWorld("assigned-absent", "pvusb recover 1-3.2") {
        $0["usb"].unplug("1-3.2")
    }
    static let uncaptured = StateWorld("assigned-uncaptured", "pvusb recover 1-3.2") {
        $0["usb"].setDriver("usb-storage", of: "1-3.2")
    }
    static let replaced = StateWorld("stale", "pvusb recover 1-3.2") { world in
        world["usb"].device("1-3.2") { $0["attributes"]["serial"] = "ANOTHER" }
        world["usb"].setDriver("usb-storage", of: "1-3.2")
    }
    static let cleared = StateWorld("stale", "pvusb recover 1-3.2") {
        $0["store"].write("\(port)/1", "")
        $0["usb"].setDriver("usb-storage", of: "1-3.2")
        $0["usbback"] = []
    }
    static let contested = StateWorld("contested", "pvusb recover 1-3.2") {
        $0["store"].write("\(port)/2", "1-3.2")
    }
    static let attaching = StateWorld("attaching", "interrupted: pvusb recover 1-3.2") {
        $0["store"].write(goal, "attach")
    }
    static let detaching = StateWorld("detaching", "interrupted: pvusb recover 1-3.2") {
        $0["store"].write(goal, "detach")
    }
    static let parked = StateWorld("parked", "") {
        $0["store"].write(goal, "parked")
        $0["store"].write("\(port)/1", "")
        $0["usb"].setDriver(nil, of: "1-3.2")
        $0["usbback"] = []
    }
    /// Attached by a tool that keeps no record.
    static let foreign = StateWorld("assigned", "pv1 0:1") { world in
        let record = "/libxl/pvusb/device/1-3_2"
        world["store"] = .object(world["store"].members.filter { !$0.key.hasPrefix(record) })
    }

    static let all = [
        host, halfHost, unbound, captured, mixed, assigned, absent, uncaptured, replaced, cleared,
        contested, attaching, detaching, parked, foreign,
    ]
}
