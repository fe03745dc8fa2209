import Testing
import USBModel

struct ValueTests {
    @Test(arguments: [
        ("00", 0x00), ("09", 0x09), ("9a", 0x9a), ("e0", 0xe0), ("ef", 0xef), ("ff", 0xff),
    ])
    func `a class is two hexadecimal digits`(text: String, code: UInt8) throws {
        let found = try #require(USBClass(text))
        #expect(found.rawValue == code)
        #expect(found.description == text)
    }

    @Test(arguments: [
        "",  // nothing
        "9",  // one digit
        "009",  // three digits
        "0x9",  // a prefix
        "g0",  // no digit
        "+9",  // a sign
        "-9",  // a sign
        " 9",  // a space
        "９９",  // full-width digits
    ])
    func `anything else is no class`(text: String) {
        #expect(USBClass(text) == nil)
    }

    @Test func `only 09 is a hub`() {
        #expect((0...255).filter { USBClass(rawValue: $0) == .hub } == [9])
        #expect(USBClass("9a") != .hub)
    }

    @Test func `a class has a name, known or not`() {
        #expect(USBClass.massStorage.name == "mass storage")
        #expect(USBClass(rawValue: 0x9a).name == "class 9a")
    }

    @Test(arguments: [
        ("1.5", USBSpeed.low, 1.5), ("12", .full, 12), ("480", .high, 480),
        ("5000", .superSpeed, 5_000), ("10000", .superSpeedPlus, 10_000),
        ("20000", .superSpeedPlusBy2, 20_000),
    ])
    func `a speed is sysfs's text`(text: String, speed: USBSpeed, megabits: Double) {
        #expect(USBSpeed(text) == speed)
        #expect(speed.description == text)
        #expect(speed.megabits == megabits)
    }

    @Test(arguments: ["", "unknown", "0", "1,5", "480.0", "0480", " 480", "480 Mbit/s"])
    func `any other speed is unknown`(text: String) {
        #expect(USBSpeed(text) == nil)
    }

    @Test func `speeds are in order`() {
        #expect(USBSpeed.allCases.reversed().sorted() == USBSpeed.allCases)
    }

    @Test func `vendor and product are read in either case and printed in lower`() {
        #expect(VendorProduct("046D:C52b") == VendorProduct(vendor: 0x046d, product: 0xc52b))
        #expect(VendorProduct(vendor: 0x1, product: 0xabcd).description == "0001:abcd")
    }

    @Test(arguments: [
        "",  // nothing
        "046d",  // no product
        "046d:",  // no product
        "046d:c52",  // three digits
        "046d:0c52b",  // five digits
        "046d:c52b:1",  // three numbers
        "046d-c52b",  // no colon
        "0x46:c52b",  // a prefix
        "+46d:c52b",  // a sign
        "046d: c52",  // a space
    ])
    func `anything else is no vendor and product`(text: String) {
        #expect(VendorProduct(text) == nil)
    }

    @Test(arguments: [
        "usbhid", "snd-usb-audio", "ftdi_sio", "a.b", "...", "0", "MOSCHIP usb-ethernet driver",
        String(repeating: "x", count: 64),
    ])
    func `a driver's name is kept`(text: String) {
        #expect(DriverName(text)?.text == text)
    }

    @Test(arguments: [
        "",  // nothing
        ".",  // the directory
        "..",  // its parent
        "a/b",  // a path
        "../x",  // a path
        " ab",  // a space at the start
        "ab ",  // a space at the end
        " ",  // nothing but a space
        "a\n",  // a newline
        "a\u{0}",  // a NUL
        "é",  // no ASCII
        "a\u{301}",  // a combining mark
        String(repeating: "x", count: 65),  // too long
    ])
    func `anything else is no driver's name`(text: String) {
        #expect(DriverName(text) == nil)
    }
}
