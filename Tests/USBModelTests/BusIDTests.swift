import Testing
import USBModel

struct BusIDTests {
    @Test(arguments: [
        "1-1", "3-1", "3-1.2", "3-10", "255-255", "3-1.2.3.4.5.6", "usb1", "usb3", "usb255",
    ])
    func `a name the kernel makes is parsed and printed back`(text: String) throws {
        #expect(try #require(BusID(text)).description == text)
    }

    @Test(arguments: [
        "",  // nothing
        "3",  // no port
        "3-",  // no port
        "-1",  // no bus
        "03-1",  // leading zero
        "3-01",  // leading zero
        "3-0",  // port 0
        "3-1.0",  // port 0
        "0-1",  // bus 0
        "3-1.",  // empty port
        "3-.1",  // empty port
        "3-1..2",  // empty port
        "3-1.2.3.4.5.6.7",  // too deep
        "256-1",  // bus too great
        "3-256",  // port too great
        "3-1-2",  // two dashes
        "3-1:1.0",  // an interface
        "+3-1",  // a sign
        "3--1",  // a sign
        "3-1 ",  // a space
        "3-1\n",  // a newline
        "3-1\u{0}",  // a NUL
        "usb",  // no bus
        "usb0",  // bus 0
        "usb03",  // leading zero
        "usb256",  // bus too great
        "USB3",  // upper case
        "usb3-1",  // both forms
        "٣-١",  // Arabic digits
        "３-1",  // a full-width digit
        "3-1\u{301}",  // a combining mark
        "../etc",  // a path
        "3-1/..",  // a path
    ])
    func `any other name is refused`(text: String) {
        #expect(BusID(text) == nil)
    }

    @Test func `a root hub has no ports`() throws {
        let hub = try #require(BusID("usb3"))
        #expect(hub.isRootHub)
        #expect(hub.bus == 3)
        let device = try #require(BusID("3-1.2"))
        #expect(!device.isRootHub)
        #expect(device.ports == [1, 2])
    }

    @Test func `names sort as numbers, a root hub first on its bus`() {
        let sorted = ["usb1", "1-2", "1-2.1", "1-10", "usb2", "2-1", "usb10", "10-1"]
        let ids = sorted.compactMap { BusID($0) }
        #expect(ids.reversed().sorted().map(\.description) == sorted)
    }

    @Test(arguments: ["3-1:1.0", "3-1.2:1.10", "3-0:1.0", "3-1:255.255", "3-1:0.0"])
    func `an interface's name is parsed and printed back`(text: String) throws {
        #expect(try #require(InterfaceID(text)).description == text)
    }

    @Test(arguments: [
        "",  // nothing
        "3-1",  // a device
        "3-1:",  // no numbers
        "3-1:1",  // no interface number
        "3-1:1.0.0",  // three numbers
        "3-1:1.0:1",  // two colons
        "3-1:01.0",  // leading zero
        "3-1:256.0",  // configuration too great
        "3-1:1.256",  // number too great
        "usb3:1.0",  // a root hub's is 3-0:1.0
        "0-0:1.0",  // bus 0
        "3-0.0:1.0",  // port 0
        "3-1: 1.0",  // a space
        "3-1:１.0",  // a full-width digit
        "../3-1:1.0",  // a path
    ])
    func `any other interface's name is refused`(text: String) {
        #expect(InterfaceID(text) == nil)
    }

    @Test func `an interface of 3-0 belongs to the root hub`() {
        #expect(InterfaceID("3-0:1.0")?.device == BusID("usb3"))
        #expect(InterfaceID("3-1.2:1.0")?.device == BusID("3-1.2"))
    }

    @Test func `interfaces sort as numbers`() {
        let sorted = ["3-1:1.0", "3-1:1.2", "3-1:1.10", "3-1:2.0", "3-10:1.0"]
        let ids = sorted.compactMap { InterfaceID($0) }
        #expect(ids.reversed().sorted().map(\.description) == sorted)
    }

    @Test func `an address is printed as lsusb counts`() {
        #expect(BusAddress(bus: 3, device: 7).description == "3.7")
    }
}
