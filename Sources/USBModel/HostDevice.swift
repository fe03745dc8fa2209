/// One interface of a host device, and who has it.
public struct HostInterface: Hashable, Sendable {
    /// Its sysfs name.
    public let id: InterfaceID
    /// What it does.
    public let interfaceClass: USBClass
    /// The driver it is bound to; nil when it has none.
    public let driver: DriverName?

    /// Describes an interface.
    public init(id: InterfaceID, interfaceClass: USBClass, driver: DriverName?) {
        self.id = id
        self.interfaceClass = interfaceClass
        self.driver = driver
    }
}

/// A host device as sysfs shows it.
///
/// The three strings are the device's own and raw: escape them before a terminal sees them.
public struct HostDevice: Hashable, Sendable {
    /// Its sysfs name, the physical place.
    public let id: BusID
    /// Its volatile address.
    public let address: BusAddress
    /// Its model.
    public let vendorProduct: VendorProduct
    /// Its class; often 00, then the interfaces tell theirs.
    public let deviceClass: USBClass
    /// How fast it talks; nil when sysfs's text is none that we know.
    public let speed: USBSpeed?
    /// Who made it; nil when the device does not tell.
    public let manufacturer: String?
    /// What it is; nil when the device does not tell.
    public let product: String?
    /// Its serial number; nil when the device has none.
    public let serial: String?
    /// The hash of its descriptors, ``DeviceIdentity/hash(ofDescriptors:)``.
    public let descriptorHash: UInt64
    /// Its interfaces in the active configuration, sorted by name.
    public let interfaces: [HostInterface]

    /// Describes a device; the interfaces may come in any order.
    public init(
        id: BusID, address: BusAddress, vendorProduct: VendorProduct, deviceClass: USBClass,
        speed: USBSpeed?, manufacturer: String?, product: String?, serial: String?,
        descriptorHash: UInt64, interfaces: [HostInterface]
    ) {
        self.id = id
        self.address = address
        self.vendorProduct = vendorProduct
        self.deviceClass = deviceClass
        self.speed = speed
        self.manufacturer = manufacturer
        self.product = product
        self.serial = serial
        self.descriptorHash = descriptorHash
        self.interfaces = interfaces.sorted { $0.id < $1.id }
    }
}

extension HostDevice {
    /// Tells whether other devices hang on it: by place, by its class or by any interface's.
    public var isHub: Bool {
        id.isRootHub || deviceClass == .hub || interfaces.contains { $0.interfaceClass == .hub }
    }

    /// What tells it from another device on the same socket.
    public var identity: DeviceIdentity {
        DeviceIdentity(
            vendorProduct: vendorProduct, serial: serial, descriptorHash: descriptorHash)
    }

    /// The same device, with its interfaces as they are now.
    func with(interfaces: [HostInterface]) -> HostDevice {
        HostDevice(
            id: id, address: address, vendorProduct: vendorProduct, deviceClass: deviceClass,
            speed: speed, manufacturer: manufacturer, product: product, serial: serial,
            descriptorHash: descriptorHash, interfaces: interfaces)
    }

    /// What a person calls it: maker and product, or its numbers when it tells neither.
    public var name: String {
        switch (Self.spoken(manufacturer), Self.spoken(product)) {
        case (let maker?, let product?):
            product.hasPrefix(maker) ? product : "\(maker) \(product)"
        case (let word?, nil), (nil, let word?): word
        case (nil, nil): vendorProduct.description
        }
    }

    /// The text without the spaces some devices pad it with; nil when nothing is left.
    private static func spoken(_ text: String?) -> String? {
        guard let text, let first = text.firstIndex(where: { $0 != " " }),
            let last = text.lastIndex(where: { $0 != " " })
        else { return nil }
        return String(text[first...last])
    }
}
