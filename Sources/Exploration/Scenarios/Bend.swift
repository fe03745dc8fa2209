internal import PVUSBCore
internal import Simulation

extension Catalogue {
    /// What is odd about a world when a command begins.
    enum Bend: Hashable {
        /// The device is a hub.
        case hub
        /// It has no interfaces.
        case bare
        /// It is too fast for usbback.
        case superSpeed
        /// It does not run at the speed that the first guest's controller carries.
        case otherSpeed
        /// Its sysfs files can't be read.
        case unreadable
        /// A newer pvusb wrote the records.
        case newerRecords
        /// The backend of the first guest's controller is in another domain.
        case driverDomain
        /// Its kind is none that we know.
        case unknownKind
        /// It was asked to go for good.
        case offline
        /// Its first port holds what is no device.
        case oddPort
        /// The device has a record that makes no sense.
        case oddRecord
        /// The number 255 was given to a controller of the first guest.
        case lastNumber
        /// There is neither usbback nor a QEMU.
        case noBackend
        /// Nobody may look at the QEMUs' files.
        case hiddenQEMU
        /// libxl's configurations are malformed.
        case malformed
        /// libxl keeps no configuration of the first guest.
        case unkept
        /// They are of another form than libxl's.
        case misshapen
        /// The device does not tell its speed.
        case speedless
        /// The first guest's controller is of another version, which carries the device as well.
        case otherVersion
        /// Its controllers are listed beside what is none.
        case stray
        /// What the guest had of an earlier controller is left.
        case frontendLeft
        /// Its QEMU does not offer the kind `qusb`.
        case noOffer
        /// The record does not tell which domain was meant.
        case vmless
        /// usbback lists the device for a port that can't be.
        case strayLine
        /// usbback has the device, which is in a port of QEMU's.
        case captured
        /// The device's second interface was taken from usbback.
        case halfCaptured
        /// The device's second interface has lost its driver.
        case halfBound
        /// The same, and xl has noted the driver.
        case halfNoted
        /// All have, and xl has noted them.
        case allNoted
    }
}

extension Catalogue.Bend {
    /// The paths that can't be read.
    var hidden: Set<String> {
        switch self {
        case .unreadable: ["/sys/bus/usb/devices/\(SmallWorld.device)/devnum"]
        case .hiddenQEMU: ["/proc/4001/fd", "/proc/4002/fd"]
        default: []
        }
    }

    /// The device as it is odd.
    func bend(_ device: SimulatedDevice, _ kind: ControllerKind) -> SimulatedDevice {
        var device = device
        switch self {
        case .hub: device.attributes["bDeviceClass"] = "09"
        case .bare: device.interfaces = []
        case .superSpeed: device.attributes["speed"] = "5000"
        case .otherSpeed where kind != .deviceModel: device.attributes["speed"] = "480"
        case .otherVersion where kind == .deviceModel: device.attributes["speed"] = "480"
        case .speedless: device.attributes["speed"] = nil
        default: break
        }
        return device
    }

    /// The world as it is odd.
    func bend(_ world: World, _ kind: ControllerKind) -> World {
        var world = world
        world.usb.devices = world.usb.devices.map {
            $0.id == SmallWorld.device ? bend($0, kind) : $0
        }
        world.put(nodes(kind))
        world.remove(removed)
        change(&world)
        return world
    }

    private func change(_ world: inout World) {
        switch self {
        case .noBackend:
            world.usb.drivers.removeAll { $0 == .usbback }
            world.qemus = []
        case .malformed:
            for name in world.userdata.keys { world.userdata[name] = Array("{".utf8) }
        case .unkept:
            world.userdata = world.userdata.filter { !$0.key.hasPrefix("userdata-d.1.") }
        case .misshapen:
            for name in world.userdata.keys {
                world.userdata[name] = Array("{ \"usbctrls\": 1, \"usbdevs\": 1 }".utf8)
            }
        case .strayLine: world.list(controller: 300)
        case .captured:
            world.list(controller: 0)
            for index in world.usb.devices.indices {
                guard world.usb.devices[index].id == SmallWorld.device else { continue }
                world.usb.devices[index].interfaces[0].driver = .usbback
            }
        case .halfBound, .halfNoted: world.unbind(1...1, from: "home")
        case .halfCaptured: world.unbind(1...1, from: "usbback")
        case .allNoted: world.unbind(0...1, from: "home")
        default: break
        }
    }

    /// The nodes that are gone.
    private var removed: [StorePath] {
        switch self {
        case .noOffer:
            [StorePath.root / "local" / "domain" / "0" / "device-model" / "1" / "backends" / "qusb"]
        case .vmless: [World.record(of: SmallWorld.device) / "vm"]
        default: []
        }
    }

    /// The nodes that make it odd.
    private func nodes(_ kind: ControllerKind) -> [(StorePath, String)] {
        let name = PortName(kind: kind, domain: 1, controller: 0, port: 1)
        let controllers = StorePath.root / "libxl" / "1" / "device" / "vusb"
        let record = StorePath.root / "libxl" / "pvusb" / "device" / "1-1"
        let backend = kind == .deviceModel ? controllers / "0" : name.directory.parent
        return switch self {
        case .newerRecords: [(.root / "libxl" / "pvusb" / "version", "2")]
        case .driverDomain:
            [
                (
                    controllers / "0" / "backend",
                    "/local/domain/2/backend/\(kind == .pv ? "vusb" : "qusb")/1/0"
                )
            ]
        case .unknownKind: [(controllers / "0" / "type", "wonder")]
        case .offline: backend.map { [($0 / "online", "0")] } ?? []
        case .oddPort: [(name.directory / "1", "nonsense")]
        case .oddRecord:
            [
                (record / "goal", "wonder"), (record / "port", "nonsense"),
                (record / "domain", "one"), (record / "controller", "created"),
            ]
        case .lastNumber: [(controllers / "255", "")]
        case .stray: [(controllers / "stray", "")]
        case .frontendLeft:
            [(.root / "local" / "domain" / "1" / "device" / "vusb" / "0" / "state", "6")]
        case .otherSpeed, .otherVersion:
            [(controllers / "0" / "usb-ver", kind == .deviceModel ? "2" : "1")]
                + (backend.map { [($0 / "usb-ver", kind == .deviceModel ? "2" : "1")] } ?? [])
        case .halfNoted: Self.notes(of: ["1-1@1_1"])
        case .allNoted: Self.notes(of: ["1-1@1_0", "1-1@1_1"])
        default: []
        }
    }

    private static func notes(of interfaces: [StorePath.Component]) -> [(StorePath, String)] {
        interfaces.enumerated().map { index, interface in
            (
                .root / "libxl" / "usbback" / "1-1" / interface / "driver_path",
                "/sys/bus/usb/drivers/\(index == 0 ? "home" : "gone")"
            )
        }
    }
}

extension World {
    /// Writes nodes as domain 0.
    mutating func put(_ nodes: [(StorePath, String)]) {
        guard !nodes.isEmpty else { return }
        let connection = connect()
        _ = perform(nodes.map { StoreRequest.write($0.0, text: $0.1) }, from: connection)
        bury(0, connection)
    }

    /// Adds a line for the device to usbback's table.
    fileprivate mutating func list(controller: UInt32) {
        ports.append(
            PortTableEntry(
                device: SmallWorld.device, domain: 1, controller: controller, port: 1))
    }

    fileprivate mutating func unbind(_ interfaces: ClosedRange<Int>, from driver: String) {
        let all = usb.device(SmallWorld.device)?.interfaces ?? []
        for index in interfaces where all.indices.contains(index) {
            try? write("\(all[index].id)", to: "/sys/bus/usb/drivers/\(driver)/unbind")
        }
    }
}
