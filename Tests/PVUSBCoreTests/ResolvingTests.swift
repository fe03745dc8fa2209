import Testing

@testable import PVUSBCore

struct ResolvingTests {
    /// Two keyboards without a serial, two sticks with one each, and a guest that shares a name.
    static let seen: Observation = {
        var scene = Scene()
        scene.devices = [
            HostDevice("1-1", product: "046d:c31c"), HostDevice("1-2", product: "046d:c31c"),
            HostDevice("1-3", product: "0781:5567", serial: "A1"),
            HostDevice("1-10", product: "0781:5567", serial: "B2"),
            HostDevice("2-1", product: "0403:6001", serial: "X"),
            HostDevice("2-2", product: "0403:6001", serial: "X"),
        ]
        scene.controllers = [ControllerView(["9-9"])]
        scene.records = [bus("8-8"): Record(.attached, of: HostDevice("8-8"))]
        var seen = scene.observation
        seen.domains += [
            DomainView(id: domid(6), name: "twin", vm: nil),
            DomainView(id: domid(7), name: "twin", vm: nil),
            DomainView(id: domid(8), name: "42", vm: nil),
        ]
        return seen
    }()

    @Test(arguments: [
        ("1-2", "1-2"), ("0781:5567@B2", "1-10"), ("1.4", "1-3"),
        ("9-9", "9-9"),  // gone, but a port holds it
        ("8-8", "8-8"),  // gone, but recorded
    ])
    func `one device is meant`(word: String, id: String) throws {
        #expect(try Self.seen.resolve(try DeviceSelector(word)) == bus(id))
    }

    @Test(arguments: [
        ("046d:c31c", "'046d:c31c' matches 2 devices: 1-1, 1-2"),
        (
            "0781:5567",
            "'0781:5567' matches 2 devices: 1-3 (0781:5567@A1), 1-10 (0781:5567@B2)"
        ),
        // Twins with the same serial are told apart by their place only.
        ("0403:6001@X", "'0403:6001@X' matches 2 devices: 2-1, 2-2"),
    ])
    func `several devices are listed with what would be unique`(word: String, message: String) {
        let expected = PVUSBError(.ambiguous, message, remedy: "name one of them")
        #expect(failure { _ = try Self.seen.resolve(try DeviceSelector(word)) } == expected)
    }

    @Test(arguments: [
        ("1-4", "there is no device '1-4' (near: 1-1, 1-2, 1-3)"),
        ("77-3.3.3", "there is no device '77-3.3.3'"),
        ("0781:5566", "there is no device '0781:5566' (near: 0781:5567)"),
        ("1.5", "there is no device '1.5' (near: 1.2, 1.3, 1.4)"),
        ("0781:5567@C3", "there is no device '0781:5567@C3' (near: 0781:5567)"),
    ])
    func `no device is told with the nearest names`(word: String, message: String) {
        let expected = PVUSBError(.notFound, message, remedy: "pvusb devices")
        #expect(failure { _ = try Self.seen.resolve(try DeviceSelector(word)) } == expected)
    }

    @Test(arguments: [("win10", UInt16(5)), ("5", 5), ("0", 0), ("Domain-0", 0)])
    func `one domain is meant`(word: String, id: UInt16) throws {
        #expect(try Self.seen.resolve(try DomainSelector(word)).id == domid(id))
    }

    @Test(arguments: [
        ("42", PVUSBError(.notFound, "there is no domain 42", remedy: "pvusb list")),
        (
            "wim10",
            PVUSBError(
                .notFound, "there is no domain named 'wim10' (near: win10)", remedy: "pvusb list")
        ),
        (
            "Win10x",
            PVUSBError(
                .notFound, "there is no domain named 'Win10x' (near: win10)", remedy: "pvusb list")
        ),
        ("zzzzz", PVUSBError(.notFound, "there is no domain named 'zzzzz'", remedy: "pvusb list")),
        ("twin", PVUSBError(.ambiguous, "several domains are named 'twin': 6, 7")),
    ])
    func `a domain that is not the one is told`(word: String, expected: PVUSBError) {
        #expect(failure { _ = try Self.seen.resolve(try DomainSelector(word)) } == expected)
    }

    @Test(arguments: [
        ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("abc", "abd", 1),
        ("kitten", "sitting", 3), ("ab", "ba", 2), ("1-1", "1-10", 1),
    ])
    func `a distance counts insertions, removals and replacements`(
        left: String, right: String, distance: Int
    ) {
        #expect(editDistance(left, right) == distance)
    }
}
