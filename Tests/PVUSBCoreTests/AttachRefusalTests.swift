import PVUSBCore
import Testing

struct AttachRefusalTests {
    /// What is in the way, where the device is wanted, and the whole error.
    struct Row: CustomTestStringConvertible {
        let testDescription: String
        let scene: Scene
        let word: String?
        let error: PVUSBError

        init(_ title: String, _ scene: Scene, at word: String? = nil, _ error: PVUSBError) {
            testDescription = title
            self.scene = scene
            self.word = word
            self.error = error
        }
    }

    private static func scene(_ device: HostDevice, version: UInt8 = 2) -> Scene {
        var scene = Scene()
        scene.devices = [device]
        scene.controllers = [ControllerView(["", ""], version: version)]
        return scene
    }

    private static func scene(_ controllers: ControllerView...) -> Scene {
        var scene = Scene()
        scene.controllers = controllers
        return scene
    }

    static let devices = [
        Row(
            "unplugged", Scene(nil),
            PVUSBError(.notFound, "1-1 is not plugged in", remedy: "pvusb devices")),
        Row(
            "a hub", scene(HostDevice("1-1", isHub: true)),
            PVUSBError(.refused, "1-1 is a hub; a hub is never given to a guest")),
        Row(
            "SuperSpeed", scene(HostDevice("1-1", speed: .superSpeed)),
            PVUSBError(
                .refused,
                "1-1 runs at 5000 Mbit/s, a controller of kind pv carries at most 480 Mbit/s",
                remedy: "plug it into a USB 2 port or behind a USB 2 hub")),
        Row(
            "SuperSpeed on version 1", scene(HostDevice("1-1", speed: .superSpeedPlus), version: 1),
            at: "0",
            PVUSBError(
                .refused,
                "1-1 runs at 10000 Mbit/s, controller 0 of win10 carries at most 12 Mbit/s",
                remedy: "plug it into a USB 2 port or behind a USB 2 hub")),
        Row(
            "high speed on version 1", scene(HostDevice("1-1", speed: .high), version: 1),
            at: "0",
            PVUSBError(
                .refused, "1-1 runs at 480 Mbit/s, controller 0 of win10 carries at most 12 Mbit/s",
                remedy: "pvusb controller add win10 --kind pv --version 2")),
    ]

    static let places = [
        Row(
            "no such controller", scene(ControllerView([""])), at: "3",
            PVUSBError(.notFound, "win10 has no controller 3", remedy: "pvusb list win10")),
        Row(
            "another domain's controller", scene(ControllerView([""], id: controllerID(of: 6))),
            at: "0",
            PVUSBError(.notFound, "win10 has no controller 0", remedy: "pvusb list win10")),
        Row(
            "no such port", scene(ControllerView(["", ""])), at: "0:3",
            PVUSBError(
                .notFound, "controller 0 of win10 has ports 1 to 2, not 3",
                remedy: "pvusb list win10")),
        Row(
            "taken port", scene(ControllerView(["9-9", ""])), at: "0:1",
            PVUSBError(
                .busy, "port 0:1 of win10 holds 9-9", remedy: "pvusb detach 9-9")),
        Row(
            "garbage in the port", scene(ControllerView(["x y", ""])), at: "0:1",
            PVUSBError(
                .busy, "port 0:1 of win10 holds something that is no device",
                remedy: "pvusb list win10")),
        Row(
            "full controller", scene(ControllerView(["9-9", "x y"])), at: "0",
            PVUSBError(
                .busy, "controller 0 of win10 has no free port",
                remedy: "pvusb controller add win10")),
        Row(
            "full controller, named", scene(ControllerView(["9-9"])), at: "0",
            PVUSBError(
                .busy, "controller 0 of win10 has no free port",
                remedy: "pvusb controller add win10")),
        Row(
            "another kind", scene(ControllerView([], kind: .qusb)), at: "0",
            PVUSBError(.refused, "controller 0 of win10 can take no device: it has no QEMU")),
        Row(
            "an unknown kind", scene(ControllerView([], kind: nil)), at: "0",
            PVUSBError(.refused, "controller 0 of win10 is of an unknown kind")),
        Row(
            "a driver domain", scene(ControllerView([], backendDomain: 3)), at: "0",
            PVUSBError(
                .refused, "the backend of controller 0 of win10 is in domain 3, not in domain 0")),
    ]

    private static func unfinished(_ message: String) -> PVUSBError {
        PVUSBError(.unfinished, message, remedy: "pvusb recover 1-1")
    }

    static let states = [
        Row(
            "in another port", Scene(["usbback"], ports: ["1-1"]), at: "0:2",
            PVUSBError(.busy, "1-1 is in win10 at 0:1", remedy: "pvusb detach 1-1")),
        Row(
            "on another controller", Scene(["usbback"], ports: ["1-1"]), at: "1",
            PVUSBError(.busy, "1-1 is in win10 at 0:1", remedy: "pvusb detach 1-1")),
        Row("captured", Scene(["usbback"]), unfinished("usbback has 1-1, but no port does")),
        Row(
            "mixed", Scene(["usbback", ""]),
            unfinished("some interfaces of 1-1 are with usbback, others are not")),
        Row(
            "begun elsewhere", Scene(record: Record(.attach, at: place(1, of: 6))),
            unfinished("an attach of 1-1 was begun and not finished")),
        Row(
            "begun, nothing claimed", Scene(record: Record(.attach, at: nil)),
            unfinished("an attach of 1-1 was begun and not finished")),
        Row(
            "begun at another port", Scene(record: Record(.attach)), at: "0:2",
            unfinished("an attach of 1-1 was begun and not finished")),
        Row(
            "on its way back", Scene([""], record: Record(.detach)),
            unfinished("a detach of 1-1 was begun and not finished")),
        Row(
            "contested", Scene(ports: ["1-1", "1-1"]),
            PVUSBError(.unfinished, "2 ports hold 1-1", remedy: "pvusb detach 5 0:1")),
        Row(
            "another device's record",
            Scene([""], record: Record(.attached, identity: RecordTests.identity)),
            unfinished("the record of 1-1 is for another device, 0627:0001")),
    ]

    @Test(arguments: devices + places + states)
    func `an attach that can't be is refused`(row: Row) {
        let refusal = failure {
            let wish = try row.word.map(wish)
            _ = try row.scene.observation.planAttach(of: bus("1-1"), to: guest, at: wish)
        }
        #expect(refusal == row.error)
    }

    @Test func `a device in another guest is busy there`() {
        var scene = Scene(["usbback"], table: ["1-1:7:2:1"])
        scene.controllers = [
            ControllerView([""]), ControllerView(["1-1"], id: controllerID(2, of: 7)),
        ]
        var seen = scene.observation
        seen.domains.append(DomainView(id: domid(7), name: nil, vm: nil))
        let refusal = failure {
            _ = try seen.planAttach(of: bus("1-1"), to: guest, at: nil)
        }
        // Domain 7 has no name that could be told.
        #expect(
            refusal
                == PVUSBError(.busy, "1-1 is in domain 7 at 2:1", remedy: "pvusb detach 1-1"))
    }

    @Test func `domain 0 is no target`() {
        let zero = DomainView(id: .zero, name: "Domain-0", vm: nil)
        let expected = PVUSBError(
            .refused, "domain 0 is the host itself; a device or controller goes to a guest")
        let seen = Scene().observation
        #expect(
            failure { _ = try seen.planAttach(of: bus("1-1"), to: zero, at: nil) } == expected)
        #expect(
            failure {
                _ = try seen.planController(
                    for: zero, ControllerWish(settings()))
            } == expected)
    }

    @Test func `a refusal has the exit code of its class`() {
        let codes = (Self.devices + Self.places + Self.states).map(\.error.exitCode)
        #expect(Set(codes) == [5, 8, 9, 12])
    }
}

extension AttachRefusalTests {
    @Test(arguments: [RecordGoal.attach, .attached])
    func `what another guest's port holds is that guest's, finished or not`(goal: RecordGoal) {
        var scene = Scene(["usbhid"], record: Record(goal, at: place(1, of: 7)))
        scene.controllers = [
            ControllerView([""]), ControllerView(["1-1"], id: controllerID(of: 7)),
        ]
        var seen = scene.observation
        seen.domains.append(DomainView(id: domid(7), name: "other", vm: "/vm/a"))
        let refusal = failure { _ = try seen.planAttach(of: bus("1-1"), to: guest, at: nil) }
        #expect(
            refusal
                == PVUSBError(
                    .busy, "1-1 is on its way into other at 0:1",
                    cause: seen.status(of: bus("1-1")).problems.first,
                    remedy: "pvusb recover 1-1"))
    }
}
