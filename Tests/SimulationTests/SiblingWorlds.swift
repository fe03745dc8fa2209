import Simulation
import USBModel

extension World {
    /// The built-in world with one more device, 1-5, captured as from a real sysfs.
    ///
    /// - Parameter interfaces: the class, the subclass and the driver of each, `02:02 cdc_acm`;
    ///   a dash for no driver.
    static func with(_ interfaces: [String]) throws -> World {
        var world = World.builtIn()
        let device = SimulatedDevice.sample("1-5", interfaces)
        world.usb = SimulatedUSB(
            devices: world.usb.devices + [device],
            drivers: world.usb.drivers + Set(interfaces.compactMap(Self.driver)).sorted())
        world.usb = try World(capturing: SimulatedHost(world)).usb
        return world
    }

    /// The same with a connected controller for pv1, to which no device belongs yet.
    static func withController(_ interfaces: [String]) throws -> World {
        var world = try with(interfaces)
        world.add(TestController())
        world.settle()
        return world
    }

    fileprivate static func driver(_ interface: String) -> DriverName? {
        interface.split(separator: " ").last.flatMap { $0 == "-" ? nil : DriverName($0) }
    }

    /// Which interface claims which others of a device, by number: `0 mutual 1`.
    func siblings(_ device: String = "1-5") -> [String] {
        let interfaces = BusID(device).flatMap { usb.device($0) }?.interfaces ?? []
        return interfaces.filter { !$0.siblings.isEmpty }.map { interface in
            let others = interface.siblings.map { " \($0.number)" }.joined()
            return "\(interface.id.number) \(interface.siblingTie)\(others)"
        }
    }

    /// Takes every interface of 1-5 from its driver, or gives all to one.
    mutating func hand(_ device: String = "1-5", to driver: String?) {
        change(device) { device in
            for index in device.interfaces.indices {
                device.interfaces[index].driver = driver.flatMap { DriverName($0) }
            }
        }
    }
}

extension SimulatedDevice {
    /// A full-speed device of no maker, with interfaces as ``World/with(_:)`` has them.
    static func sample(_ id: String, _ interfaces: [String]) -> SimulatedDevice {
        guard let id = BusID(id) else { preconditionFailure("\(id) is no bus id") }
        return SimulatedDevice(
            id: id,
            attributes: [
                "busnum": String(id.bus), "devnum": "40", "idVendor": "1209",
                "idProduct": "0001", "bDeviceClass": "00", "speed": "12",
                "bConfigurationValue": "1", "bNumInterfaces": " \(interfaces.count)",
            ], descriptors: [18, 1],
            interfaces: interfaces.enumerated().map { number, interface in
                .sample(id, UInt8(number), interface)
            })
    }
}

extension SimulatedInterface {
    static func sample(
        _ device: BusID, _ number: UInt8, configuration: UInt8 = 1, _ text: String
    ) -> SimulatedInterface {
        let words = text.split(separator: " ")
        let kinds = words[0].split(separator: ":").map(String.init)
        let driver = World.driver(text)
        return SimulatedInterface(
            id: InterfaceID(device: device, configuration: configuration, number: number),
            attributes: ["bInterfaceClass": kinds[0], "bInterfaceSubClass": kinds[1]],
            driver: driver, matches: driver.map { [$0] } ?? [])
    }
}
