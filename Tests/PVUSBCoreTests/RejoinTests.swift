import Testing

@testable import PVUSBCore

/// What belongs together and came back in part only.
struct RejoinTests {
    /// A camera of which the driver has the first interface, and nobody the second.
    private static func camera(_ goal: RecordGoal?) -> Scene {
        var scene = Scene(["uvcvideo", ""])
        scene.devices = scene.devices.map { device in
            HostDevice(
                id: device.id, address: device.address, vendorProduct: device.vendorProduct,
                deviceClass: device.deviceClass, speed: device.speed,
                manufacturer: device.manufacturer, product: device.product,
                serial: device.serial, descriptorHash: device.descriptorHash,
                interfaces: device.interfaces.map {
                    HostInterface(id: $0.id, interfaceClass: .video, driver: $0.driver)
                })
        }
        if let goal, let device = scene.devices.first(where: { $0.id == bus("1-1") }) {
            scene.records[bus("1-1")] = Record(
                goal: goal, place: nil, vm: nil, identity: device.identity,
                interfaces: device.interfaces.map {
                    RecordedInterface(id: $0.id, driver: $0.driver)
                })
        }
        return scene
    }

    private static let returns = [
        "unbind 1-1:1.0 uvcvideo", "bind 1-1:1.0 uvcvideo", "probe 1-1:1.1", "forget 1-1",
    ]

    @Test func `who names it has the rest come back with what leads it`() {
        let seen = Self.camera(nil).observation
        #expect(
            seen.planRecovery(of: bus("1-1"), named: true).lines
                == ["record 1-1 detach"] + Self.returns)
        #expect(seen.planRecovery(of: bus("1-1"), named: false).lines == [])
    }

    @Test(arguments: [true, false])
    func `when that was cut short the record says that it was begun`(named: Bool) {
        let seen = Self.camera(.detach).observation
        #expect(seen.planRecovery(of: bus("1-1"), named: named).lines == Self.returns)
        #expect(seen.planHost(of: bus("1-1")).lines == Self.returns)
    }
}
