import Testing

@testable import PVUSBCore

/// libxl's notes of the drivers that a device's interfaces had.
struct DriverNoteTests {
    private static let path = "/libxl/usbback/1-1/1-1@1_0/driver_path"

    /// What is seen of a little host with these nodes beside its own.
    private static func look(_ nodes: [String: String]) throws -> Observation {
        var host = LittleHost()
        host.nodes.merge(nodes) { $1 }
        let outcome = host.run(Operation(.devices)).outcome
        guard case .inventory(let inventory) = outcome else { throw StoreErrorName.invalid }
        return inventory.observation
    }

    @Test(arguments: ["usbhid", "ftdi_sio", "snd-usb-audio", "usb", "not-loaded", "usb hid"])
    func `a direct child of the USB drivers' directory is a driver`(name: String) throws {
        let seen = try Self.look([Self.path: "/sys/bus/usb/drivers/\(name)"])
        #expect(seen.notes == [bus("1-1"): DriverNotes(of: "1-1", [name])])
        #expect(seen.oddities == [])
    }

    @Test(arguments: [
        "/sys/bus/usb/drivers/../../x",  // out of the directory
        "/sys/bus/usb/drivers/..",
        "/sys/bus/usb/drivers/.",
        "/sys/bus/usb/drivers/a/b",  // not a direct child
        "/sys/bus/usb/drivers/usbhid/",  // a trailing slash
        "/sys/bus/usb/drivers//usbhid",
        "/sys/bus/usb/drivers/",
        "/sys/bus/usb/drivers",
        "/sys/bus/usb/drivers/usbback",  // what takes is not what gives back
        "/sys/bus/pci/drivers/usbhid",  // another bus
        "/sys/bus/usb/drivers_probe",
        "sys/bus/usb/drivers/usbhid",  // relative
        "../drivers/usbhid",
        "usbhid",
        "/sys/bus/usb/drivers/usbhid\n",
        "/SYS/bus/usb/drivers/usbhid",
        "",
    ])
    func `anything else is none, and is told`(value: String) throws {
        let seen = try Self.look([Self.path: value])
        #expect(seen.notes == [bus("1-1"): DriverNotes(of: "1-1", [""])])
        #expect(
            seen.oddities.map(\.message) == [
                "\(Self.path) holds '\(value)', which is no USB driver's directory"
            ])
    }

    @Test(arguments: [
        "/libxl/usbback/1-1/9-9@1_0/driver_path",  // another device's interface
        "/libxl/usbback/1-1/garbage/driver_path",
        "/libxl/usbback/1-1/1-1_1_0/driver_path",  // not as libxl writes it
    ])
    func `a note that is about nothing is about nothing`(path: String) throws {
        let seen = try Self.look([path: "/sys/bus/usb/drivers/usbhid"])
        #expect(seen.notes == [bus("1-1"): DriverNotes(interfaces: [])])
        #expect(seen.oddities == [])
    }

    @Test(arguments: ["/libxl/usbback/garbage/x", "/libxl/usbback/1-1", "/libxl/usbback/1-1@1_0/x"])
    func `a directory without notes of a device has none`(path: String) throws {
        let seen = try Self.look([path: ""])
        #expect(seen.notes == [:])
        #expect(seen.status(of: bus("1-1")).remedy == nil)
    }

    @Test func `a driver that is not loaded is not bound to`() {
        var scene = Scene(["usbback"], ports: ["1-1", "", ""], table: ["1-1:5:0:1"])
        scene.notes[bus("1-1")] = DriverNotes(of: "1-1", ["not-loaded"])
        #expect(
            scene.observation.planHost(of: bus("1-1")).lines.suffix(2) == [
                "probe 1-1:1.0", "forget 1-1",
            ])
    }
}

/// What the notes are good for: the way back of what xl gave away, or left behind.
struct NotedReturnTests {
    private static func scene(
        _ drivers: [String], notes: [String]?, ports: [String] = ["", "", ""],
        table: [String]? = []
    ) -> Scene {
        var scene = Scene(drivers, ports: ports, table: table)
        scene.notes[bus("1-1")] = notes.map { DriverNotes(of: "1-1", $0) }
        return scene
    }

    private static func recovery(_ scene: Scene, named: Bool) -> [String] {
        scene.observation.planRecovery(of: bus("1-1"), named: named).lines
    }

    @Test func `a device that xl gave away gets a record with the noted drivers first`() {
        let scene = Self.scene(
            ["usbback", "usbback"], notes: ["usbhid", ""], ports: ["1-1", "", ""],
            table: ["1-1:5:0:1"])
        let plan = scene.observation.planHost(of: bus("1-1"))
        #expect(plan.steps.first == .record(bus("1-1"), Record(.detach, drivers: ["usbhid", ""])))
        #expect(
            plan.lines == [
                "record 1-1 detach", "unbind 1-1:1.0 usbback", "unbind 1-1:1.1 usbback",
                "clear 1-1 domain 5 port 0:1", "await 1-1 released by usbback",
                "bind 1-1:1.0 usbhid", "probe 1-1:1.1", "forget 1-1",
            ])
    }

    @Test func `what an interface has counts more than what was noted of it`() {
        // xl was cut short: one interface is taken, the other one never was.
        let scene = Self.scene(
            ["usbback", "uas"], notes: ["usbhid", "usb-storage"], ports: ["1-1", "", ""],
            table: ["1-1:5:0:1"])
        let plan = scene.observation.planHost(of: bus("1-1"))
        #expect(
            plan.steps.first == .record(bus("1-1"), Record(.detach, drivers: ["usbhid", "uas"])))
        #expect(
            plan.lines.suffix(3) == [
                "bind 1-1:1.0 usbhid", "bind 1-1:1.1 uas", "forget 1-1",
            ])
    }

    @Test func `a captured device without a port goes back to what was noted`() {
        let scene = Self.scene(["usbback"], notes: ["uas"])
        #expect(
            scene.observation.planHost(of: bus("1-1")).lines == [
                "record 1-1 detach", "unbind 1-1:1.0 usbback", "await 1-1 released by usbback",
                "bind 1-1:1.0 uas", "forget 1-1",
            ])
    }

    @Test(arguments: [["usbhid"], ["usbhid", ""], [""], ["", ""]])
    func `notes that xl left are told, with what to type`(drivers: [String]) {
        let notes = drivers.map { _ in "uas" }
        let status = Self.scene(drivers, notes: notes).observation.status(of: bus("1-1"))
        #expect(status.problems == ["xl left its notes of the drivers of 1-1"])
        #expect(status.remedy == "pvusb recover 1-1")
        #expect(Self.recovery(Self.scene(drivers, notes: notes), named: false) == [])
    }

    @Test func `of a device at home they are dropped when it is named`() {
        #expect(
            Self.recovery(Self.scene(["usbhid"], notes: ["uas"]), named: true)
                == ["forget 1-1 xl's notes"])
        #expect(Self.recovery(Self.scene(["usbhid"], notes: nil), named: true) == [])
    }

    @Test(arguments: [
        (["uas", "usbhid"], ["bind 1-1:1.0 uas", "bind 1-1:1.1 usbhid"]),
        (["", "usbhid"], ["probe 1-1:1.0", "bind 1-1:1.1 usbhid"]),
        (["not-loaded", "uas"], ["probe 1-1:1.0", "bind 1-1:1.1 uas"]),
        (["uas"], ["bind 1-1:1.0 uas", "probe 1-1:1.1"]),
    ])
    func `a device without drivers gets the noted ones when it is named`(
        notes: [String], returns: [String]
    ) {
        #expect(
            Self.recovery(Self.scene(["", ""], notes: notes), named: true)
                == returns + ["forget 1-1 xl's notes"])
    }

    @Test func `usbback lets go before anything is given back`() {
        let listed = Self.scene([""], notes: ["uas"], table: ["1-1:5:0:1"])
        #expect(
            Self.recovery(listed, named: true) == [
                "await 1-1 released by usbback", "bind 1-1:1.0 uas", "forget 1-1 xl's notes",
            ])
        let unknown = Self.scene([""], notes: nil, table: nil)
        #expect(Self.recovery(unknown, named: true) == ["probe 1-1:1.0"])
    }

    @Test(arguments: [Record(.parked, at: nil), Record(.detach)])
    func `what our record says counts more than what is noted`(record: Record) {
        var scene = Self.scene([""], notes: ["uas"])
        scene.records[bus("1-1")] = record
        let lines = Self.recovery(scene, named: true)
        #expect(lines.suffix(2) == ["bind 1-1:1.0 usbhid", "forget 1-1"])
    }
}
