internal import HostUSB
public import USBModel

/// The simulated host's file tree: as much of sysfs as a reader of USB devices looks at.
extension World {
    /// The names in a directory.
    public func list(_ path: String) throws(FileErrno) -> [String] {
        if Self.isOfProcess(path) { return try listProcess(path) }
        if path == Self.userdataDirectory { return try listUserdata() }
        switch SysfsPlace(path) {
        case .devices: return names
        case .drivers: return usb.drivers.map(\.text)
        case .entry(let name): return try attributes(of: name).keys.sorted()
        default: throw .noEntry
        }
    }

    private var names: [String] {
        let devices = usb.devices.map(\.id.description)
        let interfaces = usb.devices.flatMap(\.interfaces).map(\.id.description)
        return (devices + interfaces).sorted()
    }

    /// A file's bytes.
    public func read(_ path: String) throws(FileErrno) -> [UInt8] {
        if Self.isOfProcess(path) { return try readProcess(path) }
        if let name = Self.userdataName(path) { return try readUserdata(name) }
        switch SysfsPlace(path) {
        case .attribute(of: let name, "descriptors"):
            guard let device = BusID(name).flatMap(usb.device) else { throw .noEntry }
            return device.descriptors
        case .attribute(of: let name, let attribute):
            guard let value = try attributes(of: name)[attribute] else { throw .noEntry }
            return Array((value + "\n").utf8)
        case .driverFile(.usbback, "port_ids") where usb.drivers.contains(.usbback):
            return Array(ports.map { "\($0)\n" }.joined().utf8)
        default: throw .noEntry
        }
    }

    /// Where a link points: an interface's `driver` to its driver's directory.
    public func readLink(_ path: String) throws(FileErrno) -> String {
        if Self.isOfProcess(path) { return try readProcessLink(path) }
        guard case .attribute(of: let name, "driver") = SysfsPlace(path) else { throw .noEntry }
        guard let id = InterfaceID(name), let interface = usb.interface(id),
            let driver = interface.driver
        else { throw .noEntry }
        // As of a bus of a PCI function: /sys/devices/pci…/0000:…/usb1/1-1/1-1:1.0.
        let depth = 5 + id.device.ports.count
        let up = String(repeating: "../", count: depth)
        return "\(up)bus/usb/drivers/\(driver)"
    }

    /// A write to an attribute: the kernel's rules for drivers, and nothing else.
    public mutating func write(_ text: String, to path: String) throws(FileErrno) {
        switch SysfsPlace(path) {
        case .driverFile(let driver, "bind"):
            guard usb.drivers.contains(driver) else { throw .noEntry }
            try bind(text, to: driver)
        case .driverFile(let driver, "unbind"):
            guard usb.drivers.contains(driver) else { throw .noEntry }
            try unbind(text, from: driver)
        case .driversProbe: try probe(text)
        case .attribute, .driverFile: throw .accessDenied
        case .devices, .drivers, .entry, .elsewhere: throw .noEntry
        }
    }

    private func attributes(of name: String) throws(FileErrno) -> [String: String] {
        if let device = BusID(name).flatMap(usb.device) { return device.attributes }
        if let interface = InterfaceID(name).flatMap(usb.interface) {
            return interface.attributes
        }
        throw .noEntry
    }
}

/// What a path of the simulated tree stands for.
private enum SysfsPlace {
    case devices
    case entry(String)
    case attribute(of: String, String)
    case drivers
    case driverFile(DriverName, String)
    case driversProbe
    case elsewhere

    init(_ path: String) {
        let root = "/sys/bus/usb/"
        guard path.hasPrefix(root) else {
            self = .elsewhere
            return
        }
        let words = path.dropFirst(root.count).split(separator: "/").map(String.init)
        switch (words.first, words.count) {
        case ("devices", 1): self = .devices
        case ("devices", 2): self = .entry(words[1])
        case ("devices", 3): self = .attribute(of: words[1], words[2])
        case ("drivers", 1): self = .drivers
        case ("drivers", 3):
            self = DriverName(words[1]).map { .driverFile($0, words[2]) } ?? .elsewhere
        case ("drivers_probe", 1): self = .driversProbe
        default: self = .elsewhere
        }
    }
}
