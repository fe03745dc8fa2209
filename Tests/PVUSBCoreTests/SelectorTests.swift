import PVUSBCore
import Testing

struct DeviceSelectorTests {
    @Test(arguments: [
        ("3-1.2", DeviceSelector.busID(bus("3-1.2"))),
        ("usb3", .busID(bus("usb3"))),
        ("046d:c52b", .product(VendorProduct(vendor: 0x046d, product: 0xc52b), serial: nil)),
        ("046D:C52B", .product(VendorProduct(vendor: 0x046d, product: 0xc52b), serial: nil)),
        ("046d:c52b@S", .product(VendorProduct(vendor: 0x046d, product: 0xc52b), serial: "S")),
        ("046d:c52b@S@x", .product(VendorProduct(vendor: 0x046d, product: 0xc52b), serial: "S@x")),
        ("3.7", .address(BusAddress(bus: 3, device: 7))),
        ("003.007", .address(BusAddress(bus: 3, device: 7))),
        ("255.255", .address(BusAddress(bus: 255, device: 255))),
    ])
    func `a good word is read`(word: String, selector: DeviceSelector) throws {
        #expect(try DeviceSelector(word) == selector)
    }

    @Test(arguments: ["3-1.2", "046d:c52b", "046d:c52b@S@x", "3.7"])
    func `a selector is written as it was typed`(word: String) throws {
        #expect(try DeviceSelector(word).description == word)
    }

    @Test(arguments: [
        "",  // empty
        "1x",  // not a whole number
        "0.7",  // bus 0
        "3.0",  // device 0
        "256.1",  // over a byte
        "3.257",  // over a byte
        "-1.2",  // a sign
        "+3.7",  // a sign
        "3.7.1",  // three numbers
        "٣.٧",  // digits of another script
        "046d:c52b@",  // an empty serial
        "46d:c52b",  // three digits
        "046d:c52b:1",  // three numbers
        "3-1.2:1.0",  // an interface
        "0-1",  // bus 0
        "3-01",  // a leading zero, which the kernel never writes
    ])
    func `a bad word is a usage error that shows the ways`(word: String) {
        let expected = PVUSBError(
            .usage,
            "'\(word)' is no device: write a bus id (3-1.2), vendor:product (046d:c52b), "
                + "vendor:product@serial, or bus.device from 1.1 to 255.255 (3.7)",
            remedy: "pvusb devices")
        #expect(failure { _ = try DeviceSelector(word) } == expected)
    }
}

struct DomainSelectorTests {
    @Test(arguments: [
        ("0", DomainSelector.number(domid(0))),
        ("32751", .number(domid(32751))),
        ("007", .number(domid(7))),
        ("win10", .name("win10")),
        ("-1", .name("-1")),  // a name may begin with a dash
        ("1x", .name("1x")),
        ("٣", .name("٣")),  // digits of another script make a name
        ("1\u{20e3}", .name("1\u{20e3}")),  // a keycap is no digit
    ])
    func `a good word is read`(word: String, selector: DomainSelector) throws {
        #expect(try DomainSelector(word) == selector)
    }

    @Test(arguments: ["32752", "65536", "99999999999999999999"])
    func `a number beyond the last domid names the range`(word: String) {
        let expected = PVUSBError(
            .usage, "'\(word)' is no domain: a domain's number is from 0 to 32751")
        #expect(failure { _ = try DomainSelector(word) } == expected)
    }

    @Test func `an empty word is no domain`() {
        let expected = PVUSBError(
            .usage, "an empty word is no domain: write a name or a number from 0 to 32751")
        #expect(failure { _ = try DomainSelector("") } == expected)
    }
}

struct PlaceWishTests {
    @Test(arguments: [
        ("0", UInt8(0), UInt8?.none, "0"), ("255", 255, nil, "255"), ("08", 8, nil, "8"),
        ("0:1", 0, 1, "0:1"), ("0:08", 0, 8, "0:8"), ("255:31", 255, 31, "255:31"),
    ])
    func `a good word is read`(
        word: String, controller: UInt8, port: UInt8?, label: String
    ) throws {
        let wish = try PlaceWish(word)
        #expect(wish.controller.number == controller)
        #expect(wish.port?.number == port)
        #expect(wish.label == label)
    }

    @Test(arguments: [
        "",  // empty
        "256",  // over 255
        "257",  // over 255, and 1 if it wrapped
        "-1",  // a sign
        "+1",  // a sign
        "1x",  // not a whole number
        ":1",  // no controller
        "٣",  // a digit of another script
        " 0",  // a space
    ])
    func `a bad controller names its range`(word: String) {
        let expected = PVUSBError(
            .usage,
            "'\(word)' is no place (CONTROLLER or CONTROLLER:PORT): "
                + "a controller is a number from 0 to 255")
        #expect(failure { _ = try PlaceWish(word) } == expected)
    }

    @Test(arguments: [
        "0:0",  // ports count from 1
        "0:32",  // over 31
        "0:257",  // 1 if it wrapped
        "0:",  // no port
        "0:08x",  // not a whole number
        "0:-1",  // a sign
        "0:1:2",  // three numbers
        "0:٣",  // a digit of another script
    ])
    func `a bad port names its range`(word: String) {
        let expected = PVUSBError(
            .usage,
            "'\(word)' is no place (CONTROLLER or CONTROLLER:PORT): "
                + "a port is a number from 1 to 31")
        #expect(failure { _ = try PlaceWish(word) } == expected)
    }
}
