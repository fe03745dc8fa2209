import PVUSBCore
import Testing
import USBModel

/// The USB lines of an xl.cfg.
struct GuestFileTests {
    private static func file(_ text: String) throws(PVUSBError) -> GuestFile {
        try GuestFile(Array(text.utf8))
    }

    @Test func `everything but USB is passed over`() throws {
        let file = try Self.file(
            """
            # a guest
            name = "win10"; memory = 1024
            disk = [ 'phy:/dev/vg/win10,xvda,w', # the first
                     'file:/a#b.iso,hdc:cdrom,r', ]
            vif = [ [ 'nested' ], "mac=00:16:3e:00:00:01" ]
            usb = 1
            usbdevice = [ 'tablet' ]

            """)
        #expect(file.controllers == [])
        #expect(file.devices == [])
    }

    @Test func `controllers and devices are read in their order`() throws {
        let file = try Self.file(
            """
            usbctrl = [ "version=1, ports=4",
              'type=QUSB' , "" ]
            usbdev=['hostbus=3,hostaddr=08','type=hostdev,hostbus=1,hostaddr=2,controller=0,port=4',
                    "hostbus=1,hostaddr=3,controller=2"]
            """)
        #expect(
            file.controllers == [
                ControllerWish(version: 1, ports: 4), ControllerWish(kind: .qusb), ControllerWish(),
            ])
        #expect(
            file.devices.map { "\($0.address) \($0.place?.label ?? "any")" } == [
                "3.8 any", "1.2 0:4", "1.3 2",
            ])
    }

    @Test func `a later setting takes the place of an earlier one, or goes behind it`() throws {
        let file = try Self.file("usbctrl=['ports=1']\nusbctrl=['ports=2']\nusbctrl += ['ports=3']")
        #expect(file.controllers == [ControllerWish(ports: 2), ControllerWish(ports: 3)])
    }

    @Test(arguments: [
        ("usbctrl = 'type=pv'", "line 1: usbctrl is a list of words: [ \"…\" ]"),
        ("\n\nusbdev = 1", "line 3: usbdev is a list of words: [ \"…\" ]"),
        ("usbdev = [ 'x' ]", "line 1: 'x' is no KEY=VALUE"),
        ("usbdev = [ [] ]", "line 1: a list of USB settings holds words only"),
        ("usbctrl = [\n'typ=pv' ]", "line 2: usbctrl has no 'typ': it has type, version and ports"),
        (
            "usbctrl = [ 'type=usb3' ]",
            "line 1: type=usb3 is no kind: it is auto, pv, qusb or devicemodel"
        ),
        ("usbctrl = [ 'ports=32' ]", "line 1: ports=32 is no number from 1 to 31"),
        ("usbctrl = [ 'version=4' ]", "line 1: version=4 is no number from 1 to 3"),
        (
            "usbdev = [ 'hostbus=1,hostaddr=0x2' ]",
            "line 1: hostaddr=0x2 is no number from 1 to 255"
        ),
        ("usbdev = [ 'hostbus=257,hostaddr=2' ]", "line 1: hostbus=257 is no number from 1 to 255"),
        ("usbdev = [ 'hostaddr=2' ]", "line 1: a usbdev needs hostbus and hostaddr"),
        (
            "usbdev = [ 'hostbus=1,hostaddr=2,port=1' ]", "line 1: port goes with controller only"
        ),
        (
            "usbdev = [ 'hostbus=1,hostaddr=2,bus=1' ]",
            "line 1: usbdev has no 'bus': it has type, hostbus, hostaddr, controller and port"
        ),
        (
            "usbdev = [ 'type=tablet,hostbus=1,hostaddr=2' ]",
            "line 1: type=tablet is no kind of device: it is hostdev"
        ),
        (
            "usbdev = [ 'hostbus=1,hostaddr=2',\n 'hostbus=1,hostaddr=02' ]",
            "line 2: the device 1.2 is named twice"
        ),
        ("usbctrl = [ 'a'", "line 1: ',' or ']' was expected"),
        ("usbctrl = [ 'a',", "line 1: a list does not end"),
        ("usbctrl = [ 'a' 'b' ]", "line 1: ',' or ']' was expected"),
        ("usbctrl = [ 'a ]\n", "line 1: a quoted word does not end"),
        ("memory 1024", "line 1: '=' was expected behind 'memory'"),
        ("memory = ", "line 1: a value was expected"),
        ("memory = 1024 MB", "line 1: something follows the value of 'memory'"),
        ("= 3", "line 1: a setting's name was expected"),
        (
            "a = " + String(repeating: "[", count: 17), "line 1: lists nest too deeply"
        ),
    ])
    func `what makes no sense is told with its line`(text: String, message: String) {
        #expect(throws: PVUSBError(.usage, message)) { try Self.file(text) }
    }
}
