import HostUSB
import Simulation
import TestSupport
import Testing
import USBModel

struct SiblingTests {
    static let acm = ["02:02 cdc_acm", "0a:00 cdc_acm"]
    static let ncm = ["02:0d cdc_ncm", "0a:00 cdc_ncm"]
    static let audio = ["01:01 snd-usb-audio", "01:02 snd-usb-audio", "01:03 snd-usb-audio"]
    static let video = ["0e:01 uvcvideo", "0e:02 uvcvideo", "0e:02 uvcvideo"]

    // MARK: - What a capture finds

    /// What there is in a device, and which interface claims which.
    static let captures: [(interfaces: [String], siblings: [String])] = [
        (acm, ["0 mutual 1"]),
        (["02:06 cdc_ether", "0a:00 cdc_ether"], ["0 mutual 1"]),
        (["e0:01 rndis_host", "0a:00 rndis_host"], ["0 mutual 1"]),
        (["ef:04 rndis_host", "0a:00 rndis_host"], ["0 mutual 1"]),
        (ncm, ["0 mutual 1"]),
        (["02:0e cdc_mbim", "0a:00 cdc_mbim"], ["0 mutual 1"]),
        (acm + acm, ["0 mutual 1", "2 mutual 3"]),
        (acm + ["0a:00 cdc_acm"], ["0 mutual 1"]),  // a control has one data interface
        (["0a:00 cdc_acm", "02:02 cdc_acm"], []),  // only a following one is found
        (["02:02 cdc_acm", "0a:00 cdc_ether"], []),  // another driver has it
        (["02:02 cdc_acm", "0a:00 -"], ["0 mutual 1"]),  // nobody has it now
        (["02:02 -", "0a:00 -"], []),  // nobody knows whose they would be
        (["ff:ff qmi_wwan", "ff:ff qmi_wwan"], []),  // each is matched by itself
        (audio, ["0 loose 1 2"]),
        (audio + audio, ["0 loose 1 2", "3 loose 4 5"]),
        (["01:01 snd-usb-audio", "03:00 usbhid", "01:02 snd-usb-audio"], ["0 loose 2"]),
        (video, ["0 led 1 2"]),
        (video + audio, ["0 led 1 2", "3 loose 4 5"]),
        (["08:06 usb-storage"], []),
    ]

    @Test(arguments: captures)
    func `a capture finds who claims whom`(interfaces: [String], siblings: [String]) throws {
        let world = try World.with(interfaces)
        #expect(world.siblings() == siblings)
        let device = try #require(BusID("1-5").flatMap(world.usb.device))
        let partners = device.interfaces.flatMap(\.siblings)
        for interface in device.interfaces {
            let isMatched = interface.driver != nil && !partners.contains(interface.id)
            #expect(interface.matches == (isMatched ? interface.driver.map { [$0] } : []))
        }
    }

    @Test func `a capture finds them in a real tree`() throws {
        let world = try World(capturing: SystemFiles(sysfs: try CapturedHost.sysfs()))
        let siblings = world.usb.devices.map { ($0.id.description, $0.id.description) }
            .map { ($0.0, world.siblings($0.1)) }.filter { !$0.1.isEmpty }
        #expect(siblings.map(\.0) == ["1-4", "5-2"])
        #expect(siblings.map(\.1) == [["0 loose 1"], ["0 mutual 1"]])
    }

    @Test func `the built-in sound device has them`() {
        #expect(World.builtIn().siblings("1-4") == ["0 loose 1"])
    }

    // MARK: - The kernel's rule

    private static let free: @Sendable (inout World) throws -> Void = { $0.hand(to: nil) }
    private static func having(_ number: Int, _ driver: String) -> @Sendable (inout World) -> Void {
        { world in
            world.hand(to: nil)
            world.change("1-5") { $0.interfaces[number].driver = DriverName(driver) }
        }
    }

    static let mutual = [
        KernelRule(
            "the control interface claims the data interface", "1-5:1.0",
            to: "drivers/cdc_acm/bind", changes: ["1-5:1.0": "cdc_acm", "1-5:1.1": "cdc_acm"],
            given: free),
        KernelRule(
            "but not one that is busy", "1-5:1.0", to: "drivers/cdc_acm/bind", is: .busy,
            given: having(1, "usbback")),
        KernelRule(
            "the data interface alone is not taken", "1-5:1.1", to: "drivers/cdc_acm/bind",
            is: .noDevice, given: free),
        KernelRule(
            "not even when it is bound", "1-5:1.1", to: "drivers/cdc_acm/bind", is: .noDevice),
        KernelRule(
            "a probe of the control interface claims both", "1-5:1.0", to: "drivers_probe",
            changes: ["1-5:1.0": "cdc_acm", "1-5:1.1": "cdc_acm"], given: free),
        KernelRule(
            "a probe of the control interface with a busy partner is no error", "1-5:1.0",
            to: "drivers_probe", given: having(1, "usbback")),
        KernelRule(
            "a probe of the data interface finds nobody", "1-5:1.1", to: "drivers_probe",
            given: free),
        KernelRule(
            "the control interface takes the data interface along", "1-5:1.0",
            to: "drivers/cdc_acm/unbind", changes: ["1-5:1.0": "-", "1-5:1.1": "-"]),
        KernelRule(
            "the data interface takes the control interface along", "1-5:1.1",
            to: "drivers/cdc_acm/unbind", changes: ["1-5:1.0": "-", "1-5:1.1": "-"]),
        KernelRule(
            "another driver's interface stays", "1-5:1.0", to: "drivers/cdc_acm/unbind",
            changes: ["1-5:1.0": "-"], given: having(0, "cdc_acm")),
        KernelRule(
            "usbback gives up one at a time", "1-5:1.0", to: "drivers/usbback/unbind",
            changes: ["1-5:1.0": "-"]
        ) { $0.hand(to: "usbback") },
    ]

    static let loose = [
        KernelRule(
            "the control interface claims the streaming ones", "1-5:1.0",
            to: "drivers/snd-usb-audio/bind",
            changes: [
                "1-5:1.0": "snd-usb-audio", "1-5:1.1": "snd-usb-audio",
                "1-5:1.2": "snd-usb-audio",
            ], given: free),
        KernelRule(
            "it leaves out a busy one", "1-5:1.0", to: "drivers/snd-usb-audio/bind",
            changes: ["1-5:1.0": "snd-usb-audio", "1-5:1.2": "snd-usb-audio"],
            given: having(1, "usbback")),
        KernelRule(
            "a streaming one alone is not taken", "1-5:1.1", to: "drivers/snd-usb-audio/bind",
            is: .noDevice, given: free),
        KernelRule(
            "a probe of a streaming one finds nobody", "1-5:1.1", to: "drivers_probe",
            given: free),
        KernelRule(
            "the control interface leaves the streaming ones bound", "1-5:1.0",
            to: "drivers/snd-usb-audio/unbind", changes: ["1-5:1.0": "-"]),
        KernelRule(
            "a streaming one goes alone", "1-5:1.1", to: "drivers/snd-usb-audio/unbind",
            changes: ["1-5:1.1": "-"]),
    ]

    static let led = [
        KernelRule(
            "the control interface claims the free ones", "1-5:1.0", to: "drivers/uvcvideo/bind",
            changes: ["1-5:1.0": "uvcvideo", "1-5:1.2": "uvcvideo"],
            given: having(1, "usbback")),
        KernelRule(
            "the control interface takes them along", "1-5:1.0", to: "drivers/uvcvideo/unbind",
            changes: ["1-5:1.0": "-", "1-5:1.1": "-", "1-5:1.2": "-"]),
        KernelRule(
            "a streaming one goes alone", "1-5:1.2", to: "drivers/uvcvideo/unbind",
            changes: ["1-5:1.2": "-"]),
        KernelRule(
            "a streaming one alone is not taken", "1-5:1.2", to: "drivers/uvcvideo/bind",
            is: .noDevice, given: free),
    ]

    @Test(arguments: mutual)
    func `a modem's two interfaces come and go together`(_ rule: KernelRule) throws {
        try rule.check(try .with(Self.acm))
    }

    @Test(arguments: loose)
    func `a sound device's interfaces come together and go alone`(_ rule: KernelRule) throws {
        try rule.check(try .with(Self.audio))
    }

    @Test(arguments: led)
    func `a camera's interfaces go with the control interface`(_ rule: KernelRule) throws {
        try rule.check(try .with(Self.video))
    }

    @Test func `cdc_ncm answers a busy sibling with ENODEV`() throws {
        var world = try World.with(Self.ncm)
        Self.having(1, "usbback")(&world)
        #expect(throws: FileErrno.noDevice) { try world.bind("1-5:1.0", to: "cdc_ncm") }
        #expect(world.links["1-5:1.0"] == "-")
    }

    @Test(arguments: [acm, audio, video])
    func `usbback claims no siblings`(interfaces: [String]) throws {
        var world = try World.withController(interfaces)
        world.set(TestController().port(1), "1-5")
        world.settle()
        world.hand(to: nil)
        try world.bind("1-5:1.0", to: "usbback")
        #expect(world.links.filter { $0.key.hasPrefix("1-5") && $0.value != "-" }.count == 1)
    }

    // MARK: - Home

    @Test(arguments: ["1-1", "1-3", "1-3.1", "1-3.2", "1-4", "1-5", "2-1", "usb1"])
    func `a device that nobody touched is at home`(device: String) throws {
        let world = try World.with(Self.acm)
        #expect(world.isHome(try #require(BusID(device))))
    }

    /// What was done to a device of three audio interfaces, and whether it is at home then.
    static let homes:
        [(what: String, isHome: Bool, change: @Sendable (inout World) throws -> Void)] =
            [
                ("nothing", true, { _ in }),
                ("all are free", false, free),
                ("control free", false, { try $0.unbind("1-5:1.0", from: "snd-usb-audio") }),
                ("streaming free", false, { try $0.unbind("1-5:1.2", from: "snd-usb-audio") }),
                ("all with usbback", false, { $0.hand(to: "usbback") }),
                ("one with another driver", false, having(1, "usbhid")),
                ("held by a port", false, { $0.set(TestController().port(1), "1-5") }),
                ("nobody is loaded that would take it", false, { $0.usb.drivers = [] }),
                (
                    "free, and nobody is loaded that would take it", true,
                    { $0.unload("snd-usb-audio") }
                ),
                ("gone", false, { $0.usb.devices.removeAll { $0.id.description == "1-5" } }),
            ]

    @Test(arguments: homes.indices)
    func `a device is at home when a fresh plug would change nothing`(index: Int) throws {
        let home = Self.homes[index]
        var world = try World.withController(Self.audio)
        try home.change(&world)
        #expect(world.isHome(try #require(BusID("1-5"))) == home.isHome, "\(home.what)")
    }
}
