/// Changes of a world file that no pvusb makes.
extension JSONValue {
    /// Changes a device of a world's USB tree.
    mutating func device(_ busID: String, _ body: (inout JSONValue) -> Void) {
        self["devices"] = .list(
            self["devices"].elements.map { device in
                guard device["busId"] == .text(busID) else { return device }
                var changed = device
                body(&changed)
                return changed
            })
    }

    /// Unplugs a device of a world's USB tree.
    mutating func unplug(_ busID: String) {
        self["devices"] = .list(self["devices"].elements.filter { $0["busId"] != .text(busID) })
    }

    /// Gives every interface of a device a driver, or none.
    mutating func setDriver(_ driver: JSONValue, of busID: String) {
        device(busID) { $0.setDrivers(Array(repeating: driver, count: 255)) }
    }

    /// Gives each interface of a device a driver of its own, or none.
    mutating func setDrivers(_ drivers: [JSONValue]) {
        self["interfaces"] = .list(
            zip(self["interfaces"].elements, drivers).map { interface, driver in
                var changed = interface
                changed["driver"] = driver
                return changed
            })
    }

    /// Writes a node of a world's store.
    mutating func write(_ path: String, _ text: String) {
        self[path] = .object(["value": .text(text), "permissions": ["n0"]])
    }

    /// The domains of a world, none of which has the driver that answers a controller.
    var withoutFrontends: JSONValue {
        .list(
            elements.map { domain in
                var changed = domain
                changed["hasFrontend"] = .bool(false)
                return changed
            })
    }
}
