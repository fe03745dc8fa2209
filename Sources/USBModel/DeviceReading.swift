/// A device and its interfaces by name, before their attributes are read.
struct DeviceNames: Hashable, Sendable {
    let id: BusID
    let interfaces: [InterfaceID]
    /// What was read of the device before; nil when it has to be read whole.
    let known: HostDevice?

    init(id: BusID, interfaces: [InterfaceID], known: HostDevice? = nil) {
        self.id = id
        self.interfaces = interfaces
        self.known = known?.interfaces.map(\.id) == interfaces ? known : nil
    }

    /// What must be read: the device's attributes, then class and driver of each interface.
    var requests: [FileRequest] {
        attributes.map { .read(SysfsPath.attribute($0, of: id)) }
            + interfaces.flatMap { interface -> [FileRequest] in
                [
                    .read(SysfsPath.interfaceClass(interface)),
                    .readLink(SysfsPath.driverLink(interface)),
                ]
            }
    }

    /// A bus counts its devices on, so that another device has another number (hub.c,
    /// `choose_devnum`), unless the bus itself was made anew, with its host controller, meanwhile.
    private var attributes: [DeviceAttribute] {
        known == nil ? DeviceAttribute.allCases : [.devnum]
    }

    /// Makes a device of the replies to ``requests``.
    func read(_ replies: [FileReply]) -> DeviceReading {
        guard let known else { return readWhole(replies) }
        guard case .bytes(let number) = replies.reply(at: 0),
            UInt8(decimal: sysfsText(number)) == known.address.device,
            let interfaces = try? readInterfaces(replies), interfaces.count == self.interfaces.count
        else { return .changed }
        return .understood(known.with(interfaces: interfaces))
    }

    private func readWhole(_ replies: [FileReply]) -> DeviceReading {
        let attributes = AttributeReplies(replies: replies)
        if attributes.allMandatoryGone { return .gone }
        do {
            let interfaces = try readInterfaces(replies)
            return .understood(try attributes.device(id, interfaces: interfaces))
        } catch {
            switch error {
            case .gone(let name): return .partlyGone("\(name) is missing")
            case .broken(let reason): return .broken(reason)
            }
        }
    }

    private func readInterfaces(_ replies: [FileReply]) throws(DeviceFlaw) -> [HostInterface] {
        var found: [HostInterface] = []
        var index = attributes.count
        for interface in interfaces {
            let pair = InterfaceReplies(
                id: interface, classReply: replies.reply(at: index),
                linkReply: replies.reply(at: index + 1))
            if let interface = try pair.interface() { found.append(interface) }
            index += 2
        }
        return found
    }
}

/// What became of the reading of one device.
enum DeviceReading: Hashable, Sendable {
    case understood(HostDevice)
    /// It is not, or not for sure, the device that was known.
    case changed
    case gone
    case partlyGone(String)
    case broken(String)
}

/// Why a device could not be made of its attributes.
enum DeviceFlaw: Error, Hashable, Sendable {
    /// The attribute of that name is not there.
    case gone(String)
    /// An attribute cannot be read or makes no sense; a sentence without its full stop.
    case broken(String)
}

/// The replies to the questions after a device's own attributes.
private struct AttributeReplies {
    let replies: [FileReply]

    var allMandatoryGone: Bool {
        zip(DeviceAttribute.allCases, replies).allSatisfy { attribute, reply in
            !attribute.isMandatory || reply.isGone
        } && !replies.isEmpty
    }

    func device(
        _ id: BusID, interfaces: [HostInterface]
    ) throws(DeviceFlaw) -> HostDevice {
        let vendor = try parse(.idVendor) { UInt16(hex: $0, digits: 4) }
        let product = try parse(.idProduct) { UInt16(hex: $0, digits: 4) }
        return HostDevice(
            id: id, address: try address(id),
            vendorProduct: VendorProduct(vendor: vendor, product: product),
            deviceClass: try parse(.bDeviceClass) { USBClass($0) },
            speed: try optionalText(.speed).flatMap { USBSpeed($0) },
            manufacturer: try optionalText(.manufacturer), product: try optionalText(.product),
            serial: try optionalText(.serial),
            descriptorHash: DeviceIdentity.hash(ofDescriptors: try bytes(.descriptors)),
            interfaces: interfaces)
    }

    private func address(_ id: BusID) throws(DeviceFlaw) -> BusAddress {
        let bus = try parse(.busnum) { UInt8(decimal: $0) }
        guard bus == id.bus else { throw .broken("busnum is \(bus), the name says \(id.bus)") }
        let device = try parse(.devnum) { UInt8(decimal: $0).flatMap { $0 > 0 ? $0 : nil } }
        return BusAddress(bus: bus, device: device)
    }

    private func bytes(_ attribute: DeviceAttribute) throws(DeviceFlaw) -> [UInt8] {
        let index = DeviceAttribute.allCases.firstIndex(of: attribute) ?? 0
        return try replies.reply(at: index).bytes(of: attribute.rawValue)
    }

    private func parse<Value>(
        _ attribute: DeviceAttribute, _ parser: (String) -> Value?
    ) throws(DeviceFlaw) -> Value {
        try sysfsText(try bytes(attribute)).parsed(as: attribute.rawValue, by: parser)
    }

    /// The text of an attribute that not every device has.
    private func optionalText(_ attribute: DeviceAttribute) throws(DeviceFlaw) -> String? {
        do {
            return sysfsText(try bytes(attribute))
        } catch .gone {
            return nil
        } catch {
            throw error
        }
    }
}

/// The replies to the two questions after an interface.
private struct InterfaceReplies {
    let id: InterfaceID
    let classReply: FileReply
    let linkReply: FileReply

    /// The interface; nil when it is gone, as after a change of configuration.
    func interface() throws(DeviceFlaw) -> HostInterface? {
        if classReply.isGone, linkReply.isGone { return nil }
        let name = "\(id)/bInterfaceClass"
        let interfaceClass = try sysfsText(try classReply.bytes(of: name))
            .parsed(as: name) { USBClass($0) }
        return HostInterface(id: id, interfaceClass: interfaceClass, driver: try driver())
    }

    private func driver() throws(DeviceFlaw) -> DriverName? {
        if linkReply.isGone { return nil }
        let name = "\(id)/driver"
        guard case .link(let target) = linkReply else { throw linkReply.flaw(of: name) }
        let word = target.split(separator: "/").last.map(String.init) ?? ""
        return try word.parsed(as: name) { DriverName($0) }
    }
}

/// An attribute's text: its one trailing newline stripped, invalid UTF-8 repaired.
private func sysfsText(_ bytes: [UInt8]) -> String {
    String(decoding: bytes.last == 0x0a ? bytes.dropLast() : bytes[...], as: UTF8.self)
}

extension String {
    /// The longest part of a bad value that is quoted, in characters.
    private static let quotedMax = 32

    fileprivate func parsed<Value>(
        as name: String, by parser: (String) -> Value?
    ) throws(DeviceFlaw) -> Value {
        guard let value = parser(self) else {
            throw .broken("\(name) makes no sense: '\(prefix(Self.quotedMax))'")
        }
        return value
    }
}
