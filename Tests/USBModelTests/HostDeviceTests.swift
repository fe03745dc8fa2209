import Testing
import USBModel

struct HostDeviceTests {
    private func device(
        _ id: String, _ deviceClass: USBClass = .perInterface, _ interfaces: [USBClass] = [.hid],
        manufacturer: String? = nil, product: String? = nil
    ) throws -> HostDevice {
        let id = try #require(BusID(id))
        return HostDevice(
            id: id, address: BusAddress(bus: id.bus, device: 2),
            vendorProduct: VendorProduct(vendor: 0x046d, product: 0xc52b),
            deviceClass: deviceClass, speed: .full, manufacturer: manufacturer, product: product,
            serial: "S1", descriptorHash: 5,
            interfaces: interfaces.indices.reversed().map { index in
                HostInterface(
                    id: InterfaceID(device: id, configuration: 1, number: UInt8(index)),
                    interfaceClass: interfaces[index], driver: nil)
            })
    }

    @Test func `a hub is known by its place, its class or an interface`() throws {
        #expect(try device("usb3").isHub)
        #expect(try device("3-1", .hub).isHub)
        #expect(try device("3-1", .perInterface, [.hid, .hub]).isHub)
        #expect(try !device("3-1", USBClass(rawValue: 0x9a)).isHub)
        #expect(try !device("3-1").isHub)
    }

    @Test(
        arguments: [
            ("QEMU", "Keyboard", "QEMU Keyboard"),
            ("QEMU", "QEMU USB Keyboard", "QEMU USB Keyboard"),
            ("QEMU", nil, "QEMU"),
            (nil, "Keyboard", "Keyboard"),
            (nil, nil, "046d:c52b"),
            ("", "", "046d:c52b"),
            ("  ", " ", "046d:c52b"),
            ("Acme   ", "  Disk ", "Acme Disk"),
        ] as [(String?, String?, String)])
    func `the name is what a person reads`(maker: String?, product: String?, name: String) throws {
        #expect(try device("3-1", manufacturer: maker, product: product).name == name)
    }

    @Test func `interfaces are sorted and the identity is made of the parts`() throws {
        let device = try device("3-1", .perInterface, [.hid, .audio, .data])
        #expect(device.interfaces.map(\.id.number) == [0, 1, 2])
        #expect(device.identity.description == "046d:c52b 0000000000000005 S1")
    }

    @Test func `a snapshot sorts what it is given and finds devices by name`() throws {
        let snapshot = HostSnapshot(
            devices: [try device("3-10"), try device("3-2"), try device("usb3")],
            drivers: ["usbhid", "hub"].compactMap { DriverName($0) }, portTable: nil,
            unreadable: ["b", "a"].map { UnreadableDevice(name: $0, reason: "why") })
        #expect(snapshot.devices.map(\.id.description) == ["usb3", "3-2", "3-10"])
        #expect(snapshot.drivers.map(\.text) == ["hub", "usbhid"])
        #expect(snapshot.unreadable.map(\.name) == ["a", "b"])
        #expect(snapshot.device(try #require(BusID("3-2")))?.id.ports == [2])
        #expect(snapshot.device(try #require(BusID("3-3"))) == nil)
    }
}
