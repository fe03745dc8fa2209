import Testing
import USBModel

struct DeviceIdentityTests {
    private let model = VendorProduct(vendor: 0x0627, product: 1)

    @Test(
        arguments: [
            nil,  // none
            "",  // there, and empty
            " ",
            "KBD0001",
            "a b  c ",
            " leading",
            "line\nline",
            "\u{301}combines with the space before it",
            "e\u{301} is not é",
            "🦆",
            "\u{0}",
        ] as [String?])
    func `an identity survives its text form`(serial: String?) throws {
        let identity = DeviceIdentity(
            vendorProduct: model, serial: serial, descriptorHash: 0x0123_4567_89ab_cdef)
        let parsed = try #require(DeviceIdentity(identity.description))
        #expect(parsed == identity)
        #expect(parsed.serial.map { Array($0.utf8) } == serial.map { Array($0.utf8) })
    }

    @Test func `the text form is the model, the hash and the serial`() {
        let identity = DeviceIdentity(vendorProduct: model, serial: "KBD 1", descriptorHash: 0xab)
        #expect(identity.description == "0627:0001 00000000000000ab KBD 1")
        let bare = DeviceIdentity(vendorProduct: model, serial: nil, descriptorHash: 0xab)
        #expect(bare.description == "0627:0001 00000000000000ab")
    }

    @Test(arguments: [
        "",  // nothing
        "0627:0001",  // no hash
        "0627:0001 ",  // no hash
        "0627:0001 00000000000000a",  // 15 digits
        "0627:0001 00000000000000ag",  // no digit
        "0627:0001 00000000000000abKBD",  // no space
        "0627-0001 00000000000000ab",  // no colon
        "0627:000100000000000000ab  ",  // no space after the model
        "0627:0001\u{301}0000000000000ab x",  // not ASCII
    ])
    func `any other text is refused`(text: String) {
        #expect(DeviceIdentity(text) == nil)
    }

    // The vectors are those of the FNV reference code.
    @Test(
        arguments: [
            ("", 0xcbf2_9ce4_8422_2325), ("a", 0xaf63_dc4c_8601_ec8c),
            ("foobar", 0x8594_4171_f739_67e8),
        ] as [(String, UInt64)])
    func `the hash is FNV-1a of 64 bits`(text: String, hash: UInt64) {
        #expect(DeviceIdentity.hash(ofDescriptors: text.utf8) == hash)
    }
}
