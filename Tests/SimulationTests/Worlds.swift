import Simulation
import Testing
import USBModel
import XenStoreServer
import XenStoreWire

/// A path that the test's author knows to be good.
func at(_ text: String) -> StorePath {
    guard let path = StorePath(text) else {
        Issue.record("\(text) is no store path")
        return .root
    }
    return path
}

/// A controller of a guest, as a test names it.
struct TestController: Hashable {
    var domain: UInt16 = 1
    var number: UInt32 = 0

    var frontend: String { "/local/domain/\(domain)/device/vusb/\(number)" }
    var backend: String { "/local/domain/0/backend/vusb/\(domain)/\(number)" }
    func port(_ port: Int) -> String { "\(backend)/port/\(port)" }
}

extension World {
    /// The built-in world with a connected controller of four ports for pv1.
    static func withController(version: String = "2") -> World {
        var world = World.builtIn()
        world.add(TestController(), version: version)
        world.settle()
        return world
    }

    /// Performs requests with domain 0's rights; all must succeed.
    mutating func ask(_ requests: StoreRequest..., at location: SourceLocation = #_sourceLocation) {
        let connection = store.connect(domain: 0)
        let replies = store.perform(requests, from: connection)
        store.disconnect(connection)
        #expect(replies.allSatisfy { $0 == .done }, "\(replies)", sourceLocation: location)
    }

    mutating func set(
        _ path: String, _ text: String, at location: SourceLocation = #_sourceLocation
    ) {
        ask(.write(StorePath(path) ?? .root, text: text), at: location)
    }

    func node(_ path: String) -> String? {
        StorePath(path).flatMap { text($0) }
    }

    /// Writes the nodes that libxl writes for a controller of kind `pv`, with their permissions.
    mutating func add(
        _ controller: TestController, version: String = "2", ports: String = "4"
    ) {
        let (guest, frontend, backend) =
            (controller.domain, controller.frontend, controller.backend)
        ask(
            .makeDirectory(at(frontend)),
            .setPermissions(
                at(frontend), [StorePermission(.none, guest), StorePermission(.read, 0)]),
            .makeDirectory(at(backend)),
            .setPermissions(
                at(backend), [StorePermission(.none, 0), StorePermission(.read, guest)]))
        set("\(frontend)/state", "1")
        set("\(backend)/state", "1")
        set("\(backend)/online", "1")
        set("\(backend)/usb-ver", version)
        set("\(backend)/num-ports", ports)
        for port in 1...4 { set(controller.port(port), "") }
    }

    /// The states of a controller's two ends, frontend first; a missing one is a dash.
    func states(_ controller: TestController = TestController()) -> String {
        let ends = [controller.frontend, controller.backend].map { node("\($0)/state") ?? "-" }
        return ends.joined(separator: " ")
    }

    /// usbback's port table as its attribute shows it.
    var table: [String] { ports.map(\.description) }

    /// Who has which interface; a dash for nobody.
    var links: [String: String] {
        var links: [String: String] = [:]
        for interface in usb.devices.flatMap(\.interfaces) {
            links[interface.id.description] = interface.driver?.text ?? "-"
        }
        return links
    }

    mutating func bind(_ interface: String, to driver: String) throws(FileErrno) {
        try write(interface, to: "/sys/bus/usb/drivers/\(driver)/bind")
    }

    mutating func unbind(_ interface: String, from driver: String) throws(FileErrno) {
        try write(interface, to: "/sys/bus/usb/drivers/\(driver)/unbind")
    }

    /// Gives a device's interfaces, all numbered from 0, to usbback: port, then unbind, then bind.
    mutating func give(_ device: String, port: Int, interfaces: Int = 1) throws(FileErrno) {
        set(TestController().port(port), device)
        settle()
        for number in 0..<interfaces {
            let name = "\(device):1.\(number)"
            if let driver = links[name], driver != "-" { try unbind(name, from: driver) }
            try bind(name, to: "usbback")
        }
    }

    /// Unloads a driver: what it has is without a driver then.
    mutating func unload(_ name: String) {
        usb.drivers.removeAll { $0.text == name }
        for device in usb.devices.indices {
            for interface in usb.devices[device].interfaces.indices
            where usb.devices[device].interfaces[interface].driver?.text == name {
                usb.devices[device].interfaces[interface].driver = nil
            }
        }
    }
}
