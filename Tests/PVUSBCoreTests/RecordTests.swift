import Testing

@testable import PVUSBCore

struct RecordTests {
    static let identity = DeviceIdentity(
        vendorProduct: VendorProduct(vendor: 0x0627, product: 1), serial: "S N",
        descriptorHash: 0x0123_4567_89ab_cdef)

    static let record = Record(
        goal: .attach, place: place(2), vm: "/vm/a", identity: identity,
        interfaces: [
            RecordedInterface(id: interface("3-1.2:1.0"), driver: driverName("usbhid")),
            RecordedInterface(id: interface("3-1.2:1.1"), driver: nil),
        ])

    @Test func `a record is written whole, in order`() {
        let path = "/libxl/pvusb/device/3-1_2"
        #expect(
            Self.record.writes(for: bus("3-1.2")) == [
                .write(node("/libxl/pvusb/version"), text: "1"),
                .write(node("\(path)/goal"), text: "attach"),
                .write(node("\(path)/port"), text: "/local/domain/0/backend/vusb/5/0/port/2"),
                .write(node("\(path)/domain"), text: "5"),
                .write(node("\(path)/vm"), text: "/vm/a"),
                .write(node("\(path)/identity"), text: "0627:0001 0123456789abcdef S N"),
                .write(node("\(path)/interface/3-1_2@1_0"), text: "usbhid"),
                .write(node("\(path)/interface/3-1_2@1_1"), text: ""),
            ])
    }

    @Test func `what is not known is not written`() {
        let record = Record(goal: .detach, place: nil, vm: nil, identity: nil, interfaces: [])
        #expect(
            record.writes(for: bus("3-1")) == [
                .write(node("/libxl/pvusb/version"), text: "1"),
                .write(node("/libxl/pvusb/device/3-1/goal"), text: "detach"),
            ])
    }

    @Test(arguments: [RecordGoal.attach, .attached, .detach, .parked])
    func `a record reads back as it was written`(goal: RecordGoal) throws {
        var record = Self.record
        record.goal = goal
        #expect(try Self.read(record.writes(for: bus("3-1.2")), of: "3-1.2") == record)
    }

    @Test(arguments: [
        ("goal", "attahc", Record(.detach, drivers: ["usbhid"])),  // no goal means the way home
        ("goal", "", Record(.detach, drivers: ["usbhid"])),
        ("port", "/local/domain/0/port/1", Record(.attached, at: nil)),  // no port's path
        ("port", "1", Record(.attached, at: nil)),  // no path
        ("identity", "046d", Record(.attached, identity: nil)),
        ("interface/1-1@1_0", "../usbback", Record(.attached, drivers: [""])),  // no driver's name
        ("interface/1-1@1_0", "", Record(.attached, drivers: [""])),
        ("interface/9-9@1_0", "usbhid", Record(.attached)),  // another device's interface
        ("interface/garbage", "usbhid", Record(.attached)),  // nobody's interface
        ("later", "1", Record(.attached)),  // a newer pvusb's
    ])
    func `a node that makes no sense counts as absent`(
        key: String, value: String, expected: Record
    ) throws {
        var writes = Record(.attached).writes(for: bus("1-1"))
        writes.append(.write(node("/libxl/pvusb/device/1-1/\(key)"), text: value))
        #expect(try Self.read(writes, of: "1-1") == expected)
    }

    @Test func `bytes that are no text count as absent`() throws {
        var writes = Record(.attached).writes(for: bus("1-1"))
        writes.append(.write(node("/libxl/pvusb/device/1-1/goal"), [0xff]))
        #expect(try Self.read(writes, of: "1-1") == Record(.detach))
    }

    /// Reads a device's record from what a store would hold after these writes.
    private static func read(_ writes: [StoreRequest], of name: String) throws -> Record {
        var answers = StoreAnswers()
        let directory = node("/libxl/pvusb/device/\(bus(name).component.text)/interface")
        var names: [String] = []
        for case .write(let path, let value) in writes {
            try answers.absorb(.value(value), to: .read(path))
            if path.parent == directory { names.append(path.lastComponent) }
        }
        try answers.absorb(.children(Set(names).sorted().reversed()), to: .directory(directory))
        return Record(of: bus(name), in: answers)
    }
}
