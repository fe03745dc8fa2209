import Testing
import USBModel

/// The first wave's requests.
private let names: HostScan.Step = .ask([
    .list("/sys/bus/usb/devices"), .read("/sys/bus/usb/drivers/usbback/port_ids"),
    .list("/sys/bus/usb/drivers"),
])

/// The same when a host was read before.
private let namesAgain: HostScan.Step = .ask([
    .list("/sys/bus/usb/devices"), .read("/sys/bus/usb/drivers/usbback/port_ids"),
])

/// The attributes of a device, in the order of the requests.
private let attributes = [
    "idVendor", "idProduct", "busnum", "devnum", "bDeviceClass", "speed", "manufacturer",
    "product", "serial", "descriptors",
]

private let gone = FileReply.failure(.noEntry)

private func text(_ value: String) -> FileReply { .bytes(Array(value.utf8)) }

/// The requests after a device and its interfaces.
private func questions(_ device: String, _ interfaces: [String] = []) -> [FileRequest] {
    let root = "/sys/bus/usb/devices"
    return attributes.map { .read("\(root)/\(device)/\($0)") }
        + interfaces.flatMap {
            [FileRequest.read("\(root)/\($0)/bInterfaceClass"), .readLink("\(root)/\($0)/driver")]
        }
}

/// A keyboard's answers, some of them changed.
private func keyboard(bus: Int = 3, _ changes: [String: FileReply] = [:]) -> [FileReply] {
    let values = [
        "0627", "0001", "\(bus)", "7", "00", "480", "QEMU", "QEMU USB Keyboard", "KBD0001",
    ]
    let replies = values.map { text("\($0)\n") } + [text("foobar")]
    return zip(attributes, replies).map { changes[$0] ?? $1 }
}

private func bound(_ driver: String) -> [FileReply] {
    [text("03\n"), .link("../../../../bus/usb/drivers/\(driver)")]
}

private func listing(_ devices: [String], ports: FileReply = gone) -> [FileReply] {
    [.names(devices), ports, .names(["usbhid", "hub"])]
}

private func finished(_ step: HostScan.Step) throws -> HostSnapshot {
    guard case .finished(let snapshot) = step else {
        Issue.record("not finished: \(step)")
        throw FileErrno.invalid
    }
    return snapshot
}

/// Scans one device, 3-1 with one interface, beside a sound one, 4-1.
private func scan(_ replies: [FileReply], _ interface: [FileReply]) -> (HostScan, HostScan.Step) {
    var scan = HostScan()
    _ = scan.next(nil)
    _ = scan.next(listing(["3-1", "3-1:1.0", "4-1"]))
    let step = scan.next(replies + interface + keyboard(bus: 4))
    return (scan, step)
}

/// A host with a keyboard at 3-1, as it was read a moment ago.
private func before() throws -> HostSnapshot {
    try finished(scan(keyboard(), bound("usbhid")).1)
}

struct HostScanTests {
    @Test func `two waves read everything`() throws {
        var scan = HostScan()
        #expect(scan.next(nil) == names)
        #expect(
            scan.next(
                listing(
                    ["3-0:1.0", "3-1", "3-1:1.0", "3-1:1.10", "3-1:1.2", "usb3"],
                    ports: text("3-1:5:0:1\n")))
                == .ask(
                    questions("usb3", ["3-0:1.0"])
                        + questions("3-1", ["3-1:1.0", "3-1:1.2", "3-1:1.10"])))
        let hub = keyboard(["bDeviceClass": text("09\n"), "devnum": text("1\n")])
        let replies =
            hub + [text("09\n"), .link("/sys/bus/usb/drivers/hub")]
            + keyboard() + bound("usbhid") + [text("e0\n"), gone] + bound("snd-usb-audio")
        let snapshot = try finished(scan.next(replies))
        #expect(snapshot.devices.map(\.id.description) == ["usb3", "3-1"])
        #expect(snapshot.drivers.map(\.text) == ["hub", "usbhid"])
        #expect(snapshot.portTable?.entries.map(\.description) == ["3-1:5:0:1"])
        #expect(snapshot.unreadable.isEmpty)
        let device = try #require(snapshot.devices.last)
        #expect(device.address == BusAddress(bus: 3, device: 7))
        #expect(device.speed == .high)
        #expect(device.name == "QEMU USB Keyboard")
        #expect(device.identity.description == "0627:0001 85944171f73967e8 KBD0001")
        #expect(device.interfaces.map(\.interfaceClass.description) == ["03", "e0", "03"])
        #expect(device.interfaces.map(\.driver?.text) == ["usbhid", nil, "snd-usb-audio"])
    }

    @Test func `a host without devices needs one wave`() {
        var scan = HostScan()
        #expect(scan.next(nil) == names)
        let end = HostScan.Step.finished(HostSnapshot(devices: [], drivers: [], portTable: nil))
        #expect(scan.next([.names([]), gone, gone]) == end)
        #expect(scan.next(nil) == end)  // and the end is repeated
    }

    @Test func `a missing devices directory is the end`() {
        var scan = HostScan()
        _ = scan.next(nil)
        let end = HostScan.Step.failed(.noEntry, path: "/sys/bus/usb/devices")
        #expect(scan.next([gone, gone, .names([])]) == end)
    }

    @Test func `an unreadable drivers directory is the end`() {
        var scan = HostScan()
        _ = scan.next(nil)
        let end = HostScan.Step.failed(.accessDenied, path: "/sys/bus/usb/drivers")
        #expect(scan.next([.names([]), gone, .failure(.accessDenied)]) == end)
    }

    @Test func `a port table only root may read hides nothing`() throws {
        var scan = HostScan()
        _ = scan.next(nil)
        let step = scan.next([.names([]), .failure(.accessDenied), .names(["usbback"])])
        #expect(try finished(step).portTable == nil)
    }

    @Test func `one device is read alone`() throws {
        var scan = HostScan(only: BusID("3-1").map { [$0] })
        #expect(scan.next(nil) == names)
        #expect(
            scan.next(listing(["3-1", "3-1:1.0", "3-1.1", "3-1.1:1.0", "4-1", "nonsense"]))
                == .ask(questions("3-1", ["3-1:1.0"])))
        let snapshot = try finished(scan.next(keyboard() + bound("usbhid")))
        #expect(snapshot.devices.map(\.id.description) == ["3-1"])
        #expect(snapshot.unreadable.isEmpty)
    }

    @Test func `of no device but the names nothing is read`() throws {
        var scan = HostScan.ofNames
        #expect(scan.next(nil) == .ask([.list("/sys/bus/usb/devices")]))
        let snapshot = try finished(scan.next(listing(["3-1", "3-1:1.0", "usb3", "nonsense"])))
        #expect(snapshot.names.map(\.description) == ["usb3", "3-1"])
        #expect(snapshot.devices.isEmpty)
        #expect(snapshot.unreadable.isEmpty)
    }

    @Test func `one device that is not there is simply absent`() throws {
        var scan = HostScan(only: BusID("3-1").map { [$0] })
        _ = scan.next(nil)
        #expect(try finished(scan.next(listing(["4-1"]))).devices.isEmpty)
    }

    @Test(arguments: [FileErrno.noEntry, .noDevice])
    func `a device unplugged meanwhile is absent`(errno: FileErrno) throws {
        let absent = [FileReply](repeating: .failure(errno), count: attributes.count)
        let snapshot = try finished(scan(absent, [gone, gone]).1)
        #expect(snapshot.devices.map(\.id.description) == ["4-1"])
        #expect(snapshot.unreadable.isEmpty)
    }

    @Test func `a device unplugged half-way is absent after a second look`() throws {
        var (scan, step) = scan(keyboard(["descriptors": gone]), [gone, gone])
        #expect(step == .ask([.list("/sys/bus/usb/devices/3-1")]))
        let snapshot = try finished(scan.next([gone]))
        #expect(snapshot.devices.map(\.id.description) == ["4-1"])
        #expect(snapshot.unreadable.isEmpty)
    }

    @Test func `a device that lacks an attribute and stays is unreadable`() throws {
        var (scan, step) = scan(keyboard(["descriptors": gone]), bound("usbhid"))
        #expect(step == .ask([.list("/sys/bus/usb/devices/3-1")]))
        let snapshot = try finished(scan.next([.names(["idVendor"])]))
        #expect(snapshot.devices.map(\.id.description) == ["4-1"])
        #expect(
            snapshot.unreadable
                == [UnreadableDevice(name: "3-1", reason: "descriptors is missing")])
    }

    @Test(arguments: [
        ("idVendor", text("zz\n"), "idVendor makes no sense: 'zz'"),
        ("idProduct", text(""), "idProduct makes no sense: ''"),
        ("busnum", text("4\n"), "busnum is 4, the name says 3"),
        ("devnum", text("0\n"), "devnum makes no sense: '0'"),
        ("devnum", text("256\n"), "devnum makes no sense: '256'"),
        ("bDeviceClass", text("9\n"), "bDeviceClass makes no sense: '9'"),
        ("bDeviceClass", text("09\n\n"), "bDeviceClass makes no sense: '09\n'"),
        ("serial", .failure(.inputOutput), "serial cannot be read: EIO"),
        ("descriptors", .failure(.accessDenied), "descriptors cannot be read: EACCES"),
        ("descriptors", .done, "descriptors was answered with something else"),
    ])
    func `a broken attribute makes one device unreadable and hides no other`(
        name: String, reply: FileReply, reason: String
    ) throws {
        let snapshot = try finished(scan(keyboard([name: reply]), bound("usbhid")).1)
        #expect(snapshot.devices.map(\.id.description) == ["4-1"])
        #expect(snapshot.unreadable == [UnreadableDevice(name: "3-1", reason: reason)])
    }

    @Test(arguments: [
        ([text("3\n"), gone], "3-1:1.0/bInterfaceClass makes no sense: '3'"),
        ([text("03\n"), .link("")], "3-1:1.0/driver makes no sense: ''"),
        ([text("03\n"), .link("x/..")], "3-1:1.0/driver makes no sense: '..'"),
        ([text("03\n"), .link("x/a+driver")], "3-1:1.0/driver makes no sense: 'a+driver'"),
        ([text("03\n"), .failure(.invalid)], "3-1:1.0/driver cannot be read: EINVAL"),
    ])
    func `a broken interface makes its device unreadable`(
        replies: [FileReply], reason: String
    ) throws {
        let snapshot = try finished(scan(keyboard(), replies).1)
        #expect(snapshot.devices.map(\.id.description) == ["4-1"])
        #expect(snapshot.unreadable == [UnreadableDevice(name: "3-1", reason: reason)])
    }

    @Test func `an interface that went away is left out`() throws {
        let snapshot = try finished(scan(keyboard(), [gone, gone]).1)
        #expect(snapshot.devices.map(\.interfaces.count) == [0, 0])
    }

    @Test func `what a device does not tell is nil, what it tells is repaired`() throws {
        let silent = ["manufacturer": gone, "product": gone, "serial": gone, "speed": gone]
        let device = try #require(
            try finished(scan(keyboard(silent), bound("usbhid")).1).devices.first)
        #expect(device.manufacturer == nil)
        #expect(device.product == nil)
        #expect(device.serial == nil)
        #expect(device.speed == nil)
        let odd: [String: FileReply] = [
            "product": .bytes([0x61, 0xff, 0x1b, 0x0a, 0x0a]), "speed": text("unknown\n"),
        ]
        let other = try #require(
            try finished(scan(keyboard(odd), bound("usbhid")).1).devices.first)
        #expect(other.product == "a\u{fffd}\u{1b}\n")
        #expect(other.speed == nil)
    }

    @Test func `a name the kernel never makes is shown as unreadable`() throws {
        var scan = HostScan()
        _ = scan.next(nil)
        let snapshot = try finished(scan.next(listing(["3-0", "usb03"])))
        #expect(snapshot.unreadable.map(\.name) == ["3-0", "usb03"])
    }

    @Test func `of a device that is still the same only the drivers are read`() throws {
        var scan = HostScan(after: try before())
        #expect(scan.next(nil) == namesAgain)
        #expect(
            scan.next(listing(["3-1", "3-1:1.0"]))
                == .ask([
                    .read("/sys/bus/usb/devices/3-1/devnum"),
                    .read("/sys/bus/usb/devices/3-1:1.0/bInterfaceClass"),
                    .readLink("/sys/bus/usb/devices/3-1:1.0/driver"),
                ]))
        let device = try #require(
            try finished(scan.next([text("7\n")] + bound("usbfs"))).devices.first)
        #expect(device.interfaces.map(\.driver?.text) == ["usbfs"])
        #expect(device.name == "QEMU USB Keyboard")
        #expect(try before().drivers.map(\.text) == ["hub", "usbhid"])
        #expect(device.identity.description == "0627:0001 85944171f73967e8 KBD0001")
    }

    @Test(arguments: [
        [text("8\n")] + bound("usbhid"), [gone] + bound("usbhid"),
        [.failure(.inputOutput)] + bound("usbhid"), [text("7\n"), gone, gone],
        [text("7\n"), text("03\n"), .failure(.invalid)], [],
    ])
    func `all is read anew when a known device may be another one`(
        replies: [FileReply]
    ) throws {
        var scan = HostScan(after: try before())
        _ = scan.next(nil)
        _ = scan.next(listing(["3-1", "3-1:1.0"]))
        #expect(scan.next(replies) == names)
        #expect(scan.next(listing(["3-1", "3-1:1.0"])) == .ask(questions("3-1", ["3-1:1.0"])))
        let other = keyboard(["idProduct": text("0002\n"), "devnum": text("8\n")])
        let device = try #require(
            try finished(scan.next(other + bound("usbhid"))).devices.first)
        #expect(device.vendorProduct.description == "0627:0002")
    }

    @Test func `a known device with other interfaces is read whole`() throws {
        var scan = HostScan(after: try before())
        _ = scan.next(nil)
        #expect(scan.next(listing(["3-1", "3-1:2.0"])) == .ask(questions("3-1", ["3-1:2.0"])))
    }

    @Test(arguments: 0..<14)
    func `missing replies never trap`(count: Int) {
        var scan = HostScan()
        _ = scan.next(nil)
        _ = scan.next(Array(listing(["3-1", "3-1:1.0"]).prefix(count)))
        _ = scan.next(Array((keyboard() + bound("usbhid")).prefix(count)))
        let end = scan.next([])
        if case .ask(let requests) = end { Issue.record("it still asks for \(requests)") }
        #expect(scan.next([]) == end)
    }
}
