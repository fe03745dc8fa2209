import Testing

@testable import PVUSBCore

/// Whether a look at a record and at what it names suffices to take a device back.
struct GlanceTests {
    private static let held = ["1-1", "", ""]
    private static let listed = ["1-1:5:0:1"]

    private static func detach(
        from place: Place? = nil, rebind: Bool = true, _ scene: Scene
    ) -> Bool {
        Task.detach(bus("1-1"), from: place, rebind: rebind).suffices(scene.observation)
    }

    @Test(arguments: [nil, place(1)])
    func `it does where record, port and usbback's table say the same`(place: Place?) {
        let scene = Scene(
            ["usbback"], ports: Self.held, record: Record(.attached), table: Self.listed)
        #expect(Self.detach(from: place, scene))
    }

    @Test(arguments: [
        Scene(["usbback"], ports: held, record: nil, table: listed),
        Scene(["usbback"], ports: held, record: Record(.detach), table: listed),
        Scene(["usbback"], ports: held, record: Record(.attached, vm: "/vm/before"), table: listed),
        Scene(["usbhid"], ports: held, record: Record(.attached), table: listed),
        Scene(["usbback"], ports: held, record: Record(.attached), table: listed + ["1-1:6:0:1"]),
        Scene(["usbback"], ports: held, record: Record(.attached), table: []),
        Scene(["usbback"], ports: held, record: Record(.attached), table: nil),
        Scene(["usbback"], ports: ["1-1", "1-1", ""], record: Record(.attached), table: listed),
        Scene(["usbback"], ports: ["", "1-1", ""], record: Record(.attached), table: listed),
    ])
    func `it does not where anything differs`(scene: Scene) {
        #expect(!Self.detach(scene))
    }

    @Test func `it does not for another port than the recorded one, nor to park the device`() {
        let scene = Scene(
            ["usbback"], ports: Self.held, record: Record(.attached), table: Self.listed)
        #expect(!Self.detach(from: place(2), scene))
        #expect(!Self.detach(rebind: false, scene))
        #expect(Task.detach(bus("1-1"), from: nil, rebind: false).glance == nil)
        #expect(Task.recover(bus("1-1"), named: true).glance == nil)
    }
}
