import PVUSBCore

/// The value of a name that a test spells out; a bad one is the test's own mistake.
func spelled<Value>(_ value: Value?, _ text: String) -> Value {
    guard let value else { preconditionFailure("'\(text)' is misspelled in a test") }
    return value
}

func bus(_ text: String) -> BusID { spelled(BusID(text), text) }

func interface(_ text: String) -> InterfaceID { spelled(InterfaceID(text), text) }

func driverName(_ text: String) -> DriverName { spelled(DriverName(text), text) }

func domid(_ number: UInt16) -> DomainID { spelled(DomainID(number), "\(number)") }

func node(_ text: String) -> StorePath { spelled(StorePath(text), text) }

func controllerID(_ number: UInt8 = 0, of domain: UInt16 = 5) -> ControllerID {
    ControllerID(domain: domid(domain), number: ControllerNumber(number))
}

func place(_ port: UInt8, on controller: UInt8 = 0, of domain: UInt16 = 5) -> Place {
    Place(
        controller: controllerID(controller, of: domain),
        port: spelled(PortNumber(port), "\(port)"))
}

func settings(version: UInt8 = 2, ports: UInt8 = 8) -> ControllerSettings {
    spelled(ControllerSettings(version: version, ports: ports), "\(version) \(ports)")
}

func wish(_ text: String) throws -> PlaceWish { try PlaceWish(text) }

/// The guest that the fixtures' controller belongs to.
let guest = DomainView(id: domid(5), name: "win10", vm: "/vm/a")

extension HostDevice {
    /// A device with an interface for each driver; an empty name is an interface without one.
    init(
        _ name: String, _ drivers: [String] = ["usbhid"], product: String = "046d:c52b",
        serial: String? = nil, speed: USBSpeed? = .full, isHub: Bool = false, hash: UInt64 = 7
    ) {
        let id = bus(name)
        let interfaces = drivers.enumerated().map { index, name in
            HostInterface(
                id: InterfaceID(device: id, configuration: 1, number: UInt8(index)),
                interfaceClass: .hid, driver: name.isEmpty ? nil : driverName(name))
        }
        self.init(
            id: id, address: BusAddress(bus: id.bus, device: (id.ports.last ?? 0) + 1),
            vendorProduct: spelled(VendorProduct(product), product),
            deviceClass: isHub ? .hub : .perInterface, speed: speed, manufacturer: nil,
            product: nil, serial: serial, descriptorHash: hash, interfaces: interfaces)
    }
}

extension Record {
    /// A record of the fixtures' device as it would be after a claim.
    init(
        _ goal: RecordGoal, of device: HostDevice = HostDevice("1-1"),
        at place: Place? = PVUSBCoreTests.place(1), created: ControllerID? = nil,
        vm: String? = "/vm/a", drivers: [String] = ["usbhid"],
        identity: DeviceIdentity? = HostDevice("1-1").identity
    ) {
        let interfaces = drivers.enumerated().map { index, name in
            RecordedInterface(
                id: InterfaceID(device: device.id, configuration: 1, number: UInt8(index)),
                driver: name.isEmpty ? nil : driverName(name))
        }
        self.init(
            goal: goal, place: place, created: created, vm: vm, identity: identity,
            interfaces: interfaces)
    }
}

extension DriverNotes {
    /// libxl's notes of a device's interfaces in order; an empty name is a note without sense.
    init(of device: String, _ drivers: [String]) {
        let interfaces = Record(.detach, of: HostDevice(device), drivers: drivers).interfaces
        self.init(interfaces: interfaces)
    }
}

extension ControllerView {
    /// A connected PV controller whose ports hold these devices; an empty name is a free port.
    init(
        _ ports: [String], id: ControllerID = controllerID(), kind: ControllerKind? = .pv,
        version: UInt8 = 2, backendDomain: UInt16 = 0, state: XenbusState? = .connected,
        isOrphan: Bool = false
    ) {
        self.init(
            id: id, kind: kind, version: version, backendDomain: domid(backendDomain),
            backendState: state, frontendState: nil,
            ports: ports.map { name in
                if name.isEmpty { return .free }
                return BusID(name).map { .device($0) } ?? .unreadable(Untrusted(name))
            }, isOrphan: isOrphan)
    }
}

/// A host in few words: one device, one guest with one controller of three ports.
struct Scene {
    var devices = [HostDevice("1-1")]
    var controllers = [ControllerView(["", "", ""])]
    var records: [BusID: Record] = [:]
    var notes: [BusID: DriverNotes] = [:]
    var domains = [DomainView(id: domid(0), name: "Domain-0", vm: "/vm/0"), guest]
    var greatestNumbers: [DomainID: UInt8] = [:]
    /// usbback's port table by lines; nil when it shows none.
    var table: [String]? = []
    var drivers = ["ftdi_sio", "uas", "usb-storage", "usbback", "usbhid"]
    var unreadable: [UnreadableDevice] = []

    /// The device 1-1 with these drivers, in these ports, with this record; usbback's port table is
    /// what it is when nothing went wrong.
    init(
        _ drivers: [String]? = ["usbhid"], ports: [String] = ["", "", ""], record: Record? = nil
    ) {
        let isCaptured = drivers?.allSatisfy { $0 == "usbback" } == true
        let table = isCaptured ? Self.table(ports) : []
        self.init(drivers, ports: ports, record: record, table: table)
    }

    /// The same with a port table that may not fit; nil is none.
    init(
        _ drivers: [String]? = ["usbhid"], ports: [String] = ["", "", ""], record: Record? = nil,
        table: [String]?
    ) {
        devices = drivers.map { [HostDevice("1-1", $0)] } ?? []
        controllers = [ControllerView(ports)]
        records[bus("1-1")] = record
        self.table = table
    }

    /// What usbback's port table is while it has 1-1 for whatever port holds it.
    private static func table(_ ports: [String]) -> [String] {
        ports.firstIndex(of: "1-1").map { ["1-1:5:0:\($0 + 1)"] } ?? []
    }

    var observation: Observation {
        let lines = table.map { lines in
            PortTable(entries: lines.map { spelled(PortTableEntry($0), $0) })
        }
        var seen = Observation(
            host: HostSnapshot(
                devices: devices, drivers: drivers.map(driverName), portTable: lines,
                unreadable: unreadable))
        seen.domains = domains
        seen.controllers = controllers
        seen.records = records
        seen.notes = notes
        seen.greatestNumbers = greatestNumbers
        return seen
    }
}

extension Step {
    /// The step as a person reads it, on one line.
    var line: String {
        let text = self.text
        return [text.action, text.target, text.value].filter { !$0.isEmpty }
            .joined(separator: " ")
    }
}

extension Plan {
    /// The steps as a person reads them.
    var lines: [String] { steps.map(\.line) }
}

/// The error that a body throws; nil when it throws none.
func failure(_ body: () throws -> Void) -> PVUSBError? {
    do {
        try body()
    } catch let error as PVUSBError {
        return error
    } catch {}
    return nil
}
