public import USBModel

/// What the `usbctrl=` and `usbdev=` lines of an xl.cfg want of a guest.
///
/// Everything else in the file is xl's business and is passed over.
public struct GuestFile: Hashable, Sendable {
    /// A device that is wanted.
    public struct Device: Hashable, Sendable {
        /// Which one, by its bus address.
        public let address: BusAddress
        /// Where; nil for any free port.
        public let place: PlaceWish?
    }

    /// The controllers wanted; the number of each is its place in the list, from 0.
    public private(set) var controllers: [ControllerWish] = []
    /// The devices wanted, in their order.
    public private(set) var devices: [Device] = []

    /// Reads the text of an xl.cfg.
    ///
    /// - Throws: a usage error that names the line and what is wrong with it.
    public init(_ bytes: [UInt8]) throws(PVUSBError) {
        var scanner = GuestFileScanner(bytes)
        var entries: [String: [GuestFileScanner.Value]] = [:]
        while let setting = try scanner.next() {
            guard setting.name == "usbctrl" || setting.name == "usbdev" else { continue }
            guard case .list(let values) = setting.value.content else {
                throw .guestFile(
                    setting.value.line, "\(setting.name) is a list of words: [ \"…\" ]")
            }
            let before = setting.isAddition ? entries[setting.name] ?? [] : []
            entries[setting.name] = before + values
        }
        for entry in entries["usbctrl"] ?? [] {
            controllers.append(try ControllerWish(try GuestFileEntry(entry)))
        }
        for entry in entries["usbdev"] ?? [] {
            let device = try Device(try GuestFileEntry(entry))
            guard !devices.contains(where: { $0.address == device.address }) else {
                throw .guestFile(entry.line, "the device \(device.address) is named twice")
            }
            devices.append(device)
        }
    }
}

/// One word of a list, `KEY=VALUE,KEY=VALUE`.
struct GuestFileEntry {
    let line: Int
    private(set) var fields: [(key: String, text: String)] = []

    init(_ value: GuestFileScanner.Value) throws(PVUSBError) {
        line = value.line
        guard case .word(let word) = value.content else {
            throw .guestFile(value.line, "a list of USB settings holds words only")
        }
        for part in word.split(separator: ",") {
            let token = part.drop { $0 == " " }
            guard let equals = token.firstIndex(of: "=") else {
                throw .guestFile(value.line, "'\(token)' is no KEY=VALUE")
            }
            fields.append(
                (String(token[..<equals]), String(token[token.index(after: equals)...])))
        }
    }

    /// The number of a field; decimal and complete, where xl takes `08` for 0 and `257` for 1.
    func number(
        _ text: String, _ key: String, in range: ClosedRange<UInt8>
    ) throws(PVUSBError) -> UInt8 {
        guard let number = UInt8(complete: text), range.contains(number) else {
            throw .guestFile(
                line,
                "\(key)=\(text) is no number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}

extension ControllerWish {
    fileprivate init(_ entry: GuestFileEntry) throws(PVUSBError) {
        var kind: ControllerKind?
        var version: UInt8?
        var ports: UInt8?
        for (key, text) in entry.fields {
            switch key {
            case "type": kind = try Self.kind(text, entry.line)
            case "version": version = try entry.number(text, key, in: 1...3)
            case "ports": ports = try entry.number(text, key, in: 1...PortNumber.max)
            default:
                throw .guestFile(
                    entry.line, "usbctrl has no '\(key)': it has type, version and ports")
            }
        }
        self.init(kind: kind, version: version, ports: ports)
    }

    private static func kind(_ text: String, _ line: Int) throws(PVUSBError) -> ControllerKind? {
        let word = text.lowercased()
        guard word != "auto" else { return nil }
        guard let kind = ControllerKind(rawValue: word) else {
            throw .guestFile(line, "type=\(text) is no kind: it is auto, pv, qusb or devicemodel")
        }
        return kind
    }
}

extension GuestFile.Device {
    fileprivate init(_ entry: GuestFileEntry) throws(PVUSBError) {
        var numbers: [String: UInt8] = [:]
        for (key, text) in entry.fields {
            switch key {
            case "type":
                guard text == "hostdev" else {
                    throw .guestFile(entry.line, "type=\(text) is no kind of device: it is hostdev")
                }
            case "hostbus", "hostaddr": numbers[key] = try entry.number(text, key, in: 1...255)
            case "controller": numbers[key] = try entry.number(text, key, in: 0...255)
            case "port": numbers[key] = try entry.number(text, key, in: 1...PortNumber.max)
            default:
                throw .guestFile(
                    entry.line,
                    "usbdev has no '\(key)': it has type, hostbus, hostaddr, controller and port")
            }
        }
        guard let bus = numbers["hostbus"], let device = numbers["hostaddr"] else {
            throw .guestFile(entry.line, "a usbdev needs hostbus and hostaddr")
        }
        guard numbers["port"] == nil || numbers["controller"] != nil else {
            throw .guestFile(entry.line, "port goes with controller only")
        }
        address = BusAddress(bus: bus, device: device)
        place = numbers["controller"].map {
            PlaceWish(
                controller: ControllerNumber($0), port: numbers["port"].flatMap(PortNumber.init))
        }
    }
}

extension PVUSBError {
    fileprivate static func guestFile(_ line: Int, _ problem: String) -> PVUSBError {
        PVUSBError(.usage, "line \(line): \(problem)")
    }
}
