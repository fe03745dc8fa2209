internal import PVUSBCore
internal import Simulation

/// Builds small worlds: two guests, the device that a story is about, and a bystander.
enum SmallWorld {
    /// How the ordinary drivers of the device hold on to its interfaces.
    enum Shape: Sendable {
        /// Each interface has a driver of its own accord.
        case plain
        /// The first one's driver claims the others, which stay when it goes (snd-usb-audio).
        case loose
        /// They go with it (uvcvideo).
        case led
        /// Two by two, and whichever goes takes the other along (cdc_acm).
        case mutual
        /// As `led`, and the classes say so (uvcvideo).
        case video
        /// As `loose`, and the classes say that the first one leads (cdc_ether).
        case network

        /// What the interfaces say they are.
        fileprivate func usbClass(of index: Int) -> String {
            switch self {
            case .plain, .loose, .led, .mutual: "ff"
            case .video: "0e"
            case .network: index == 0 ? "02" : "0a"
            }
        }
    }

    static let device = named("1-1")
    static let bystander = named("1-2")

    /// A host with a device of so many interfaces.
    static func make(
        interfaces: Int, shape: Shape = .plain, kind: ControllerKind = .pv
    ) -> World {
        var store = World.Engine.hostStore()
        let uuid = "4a7e-9c55-00163e5e6c00"
        let type = kind == .deviceModel ? SimulatedGuestType.hvm : .pv
        store.addGuest(1, name: "one", type: type, uuid: "1d3f6f0a-0001-\(uuid)")
        store.addGuest(
            2, name: "two", type: kind == .deviceModel ? .hvm : .pvh, uuid: "1d3f6f0a-0002-\(uuid)")
        let devices = [
            plugged(device, product: "6001", number: 2, interfaces: interfaces, shape: shape),
            plugged(bystander, product: "c31c", number: 3, interfaces: 1),
        ]
        let drivers = ["usbhid", "home", "usbback"].compactMap { DriverName($0) }
        var world = World(
            usb: SimulatedUSB(devices: devices, drivers: drivers), store: store,
            guests: [World.Guest(domain: 1), World.Guest(domain: 2)])
        guard kind != .pv else { return world }
        for domain: UInt16 in [1, 2] { world.startQEMU(for: domain) }
        return world
    }

    /// The world, in which libxl keeps configurations of the guests.
    static func keeping(_ world: World) -> World {
        var world = world
        for domain in [1, 2] {
            let name =
                "userdata-d.\(domain).1d3f6f0a-000\(domain)-4a7e-9c55-00163e5e6c00.libxl-json"
            world.userdata[name] = Array("{\n    \"on_reboot\": \"restart\"\n}\n\0".utf8)
        }
        return world
    }

    /// Another device for the device's socket.
    static var other: SimulatedDevice {
        plugged(device, product: "5567", number: 2, interfaces: 1)
    }

    static func plugged(
        _ id: BusID, product: String, number: Int, interfaces: Int, shape: Shape = .plain
    ) -> SimulatedDevice {
        let attributes = [
            "busnum": "1", "devnum": String(number), "idVendor": "0403", "idProduct": product,
            "bDeviceClass": "00", "speed": "12", "bNumInterfaces": " \(interfaces)",
            "bConfigurationValue": "1",
        ]
        return SimulatedDevice(
            id: id, attributes: attributes, descriptors: descriptors(product),
            interfaces: (0..<interfaces).map { interface($0, of: id, interfaces, shape) })
    }

    private static func interface(
        _ index: Int, of id: BusID, _ count: Int, _ shape: Shape
    ) -> SimulatedInterface {
        let home = DriverName("home")
        let names = (0..<count).map { number in
            InterfaceID(device: id, configuration: 1, number: UInt8(number))
        }
        let (siblings, tie) = siblings(of: index, names, shape)
        let isLed = shape == .mutual ? index % 2 == 1 : shape != .plain && index > 0
        return SimulatedInterface(
            id: names[index],
            attributes: [
                "bInterfaceClass": shape.usbClass(of: index), "bInterfaceNumber": "0\(index)",
            ], driver: home,
            matches: isLed ? [] : home.map { [$0] } ?? [], siblings: siblings, siblingTie: tie)
    }

    private static func siblings(
        of index: Int, _ names: [InterfaceID], _ shape: Shape
    ) -> ([InterfaceID], SiblingTie) {
        switch shape {
        case .plain: ([], .loose)
        case .loose, .network: (index == 0 ? Array(names.dropFirst()) : [], .loose)
        case .led, .video: (index == 0 ? Array(names.dropFirst()) : [], .led)
        case .mutual:
            (
                index % 2 == 0 ? names.indices.contains(index + 1) ? [names[index + 1]] : [] : [],
                .mutual
            )
        }
    }

    private static func descriptors(_ product: String) -> [UInt8] {
        [18, 1, 0, 2, 0, 0, 0, 64, 3, 4] + Array(product.utf8) + [0, 1, 1, 2, 0, 1]
    }

    private static func named(_ text: String) -> BusID {
        guard let id = BusID(text) else { preconditionFailure("\(text) is a bus id") }
        return id
    }
}
