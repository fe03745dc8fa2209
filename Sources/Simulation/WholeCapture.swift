public import HostUSB
internal import USBModel
public import XenStore
internal import XenStoreServer
internal import XenStoreWire

extension World {
    /// Makes a world of a whole host as it is now: its USB devices with their drivers, usbback's
    /// port table, every node of its store and its guests.
    ///
    /// A host goes on while it is read, so the world need not be one that ever was at one moment.
    /// What ordinary driver an interface had that usbback has now, or nobody, is taken from
    /// libxl's notes in the store.
    ///
    /// - Throws: why the devices or the store can't be read.
    public init(capturing files: any Files, store: any Store) throws(WorldFailure) {
        let usb: SimulatedUSB
        do {
            usb = try SimulatedUSB(capturing: files)
        } catch {
            throw WorldFailure("the USB devices can't be listed (\(error))")
        }
        let table = try? files.read("/sys/bus/usb/drivers/usbback/port_ids")
        let ports = PortTable(table ?? []).entries.sorted { $0.device < $1.device }
        self.init(
            usb: usb, store: try StoreEngine(capturing: store), guests: [], ports: ports)
        guests = capturedGuests()
        qemus = capturedQEMUs(files)
        takeNotedDrivers()
        self.usb.findSiblings()
    }

    private mutating func takeNotedDrivers() {
        for device in usb.devices.indices {
            for index in usb.devices[device].interfaces.indices {
                let interface = usb.devices[device].interfaces[index]
                guard interface.matches.isEmpty, let noted = notedDriver(of: interface.id) else {
                    continue
                }
                usb.devices[device].interfaces[index].matches = [noted]
            }
        }
    }

    private func capturedGuests() -> [Guest] {
        let domains = StorePath.root / "local" / "domain"
        let numbers = (store.children(of: domains) ?? []).compactMap { UInt16(decimal: $0) }
        return numbers.filter { (1...PortTableEntry.domainMax).contains($0) }.sorted().map {
            Guest(domain: $0, hasFrontend: hasAnswered($0))
        }
    }

    /// Whether a guest has a driver for controllers: one that was given none may have one.
    private func hasAnswered(_ domain: UInt16) -> Bool {
        let number = StorePath.Component(UInt(domain))
        let path = StorePath.root / "local" / "domain" / number / "device" / "vusb"
        let frontends = (store.children(of: path) ?? []).compactMap { UInt32(decimal: $0) }
        let states = frontends.map { controller in
            text(SimulatedController(domain: domain, number: controller).frontend / "state")
        }
        return states.isEmpty
            || states.contains { UInt8(decimal: $0 ?? "").map { $0 > 1 } ?? false }
    }
}
