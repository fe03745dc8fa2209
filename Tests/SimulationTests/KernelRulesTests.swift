import Simulation
import Testing
import USBModel

/// A write to one of the kernel's files, and what comes of it.
struct KernelRule: CustomTestStringConvertible, Sendable {
    let testDescription: String
    /// What happened before.
    let given: @Sendable (inout World) throws -> Void
    /// The file, below `/sys/bus/usb`.
    let file: String
    let text: String
    /// The errno of the write; nil for a success.
    let refusal: FileErrno?
    /// The interfaces that changed their driver, and who has them now.
    let changes: [String: String]

    init(
        _ title: String, _ text: String, to file: String, is refusal: FileErrno? = nil,
        changes: [String: String] = [:],
        given: @escaping @Sendable (inout World) throws -> Void = { _ in }
    ) {
        testDescription = title
        self.given = given
        self.file = file
        self.text = text
        self.refusal = refusal
        self.changes = changes
    }

    func check(_ world: World, _ location: SourceLocation = #_sourceLocation) throws {
        var world = world
        try given(&world)
        let before = world
        var refusal: FileErrno?
        do throws(FileErrno) {
            try world.write(text, to: "/sys/bus/usb/\(file)")
        } catch {
            refusal = error
        }
        #expect(refusal == self.refusal, sourceLocation: location)
        let links = before.links
        #expect(
            world.links.filter { links[$0.key] != $0.value } == changes, sourceLocation: location)
        #expect(world.store == before.store, sourceLocation: location)
        #expect(world.ports == before.ports, sourceLocation: location)
    }
}

struct KernelRulesTests {
    private static let free: @Sendable (inout World) throws -> Void = { world in
        try world.unbind("1-1:1.0", from: "usbhid")
    }

    static let unbinding = [
        KernelRule(
            "the driver that has it", "1-1:1.0", to: "drivers/usbhid/unbind",
            changes: ["1-1:1.0": "-"]),
        KernelRule(
            "one final newline is tolerated", "1-1:1.0\n", to: "drivers/usbhid/unbind",
            changes: ["1-1:1.0": "-"]),
        KernelRule(
            "only the named interface", "1-4:1.0", to: "drivers/snd-usb-audio/unbind",
            changes: ["1-4:1.0": "-"]),
        KernelRule(
            "a root hub's interface", "1-0:1.0", to: "drivers/hub/unbind",
            changes: ["1-0:1.0": "-"]),
        KernelRule("two newlines", "1-1:1.0\n\n", to: "drivers/usbhid/unbind", is: .noDevice),
        KernelRule("a carriage return", "1-1:1.0\r\n", to: "drivers/usbhid/unbind", is: .noDevice),
        KernelRule("a space before", " 1-1:1.0", to: "drivers/usbhid/unbind", is: .noDevice),
        KernelRule("a space behind", "1-1:1.0 ", to: "drivers/usbhid/unbind", is: .noDevice),
        KernelRule("a device's name", "1-1", to: "drivers/usbhid/unbind", is: .noDevice),
        KernelRule("no such device", "9-9:1.0", to: "drivers/usbhid/unbind", is: .noDevice),
        KernelRule("no such interface", "1-1:1.7", to: "drivers/usbhid/unbind", is: .noDevice),
        KernelRule("leading zeros", "1-01:1.0", to: "drivers/usbhid/unbind", is: .noDevice),
        KernelRule("another driver", "1-1:1.0", to: "drivers/usb-storage/unbind", is: .noDevice),
        KernelRule("usbback has it not", "1-1:1.0", to: "drivers/usbback/unbind", is: .noDevice),
        KernelRule(
            "nobody has it", "1-1:1.0", to: "drivers/usbhid/unbind", is: .noDevice, given: free),
        KernelRule(
            "a driver that is not loaded", "1-1:1.0", to: "drivers/uas/unbind", is: .noEntry),
    ]

    static let binding = [
        KernelRule(
            "a driver that matches", "1-1:1.0", to: "drivers/usbhid/bind",
            changes: ["1-1:1.0": "usbhid"], given: free),
        KernelRule(
            "one final newline is tolerated", "1-1:1.0\n", to: "drivers/usbhid/bind",
            changes: ["1-1:1.0": "usbhid"], given: free),
        KernelRule(
            "the same driver has it", "1-1:1.0", to: "drivers/usbhid/bind", is: .busy),
        KernelRule(
            "usbback matches all, but another has it", "1-1:1.0", to: "drivers/usbback/bind",
            is: .busy),
        KernelRule(
            "a driver that does not match", "1-1:1.0", to: "drivers/usb-storage/bind",
            is: .noDevice, given: free),
        KernelRule(
            "one that does not match, and another has it", "1-1:1.0",
            to: "drivers/usb-storage/bind", is: .noDevice),
        KernelRule("no such device", "9-9:1.0", to: "drivers/usbhid/bind", is: .noDevice),
        KernelRule(
            "a device's name", "1-1", to: "drivers/usbhid/bind", is: .noDevice, given: free),
        KernelRule(
            "a driver that is not loaded", "1-1:1.0", to: "drivers/uas/bind", is: .noEntry,
            given: free),
        KernelRule(
            "a driver that was unloaded", "1-1:1.0", to: "drivers/usbhid/bind", is: .noEntry
        ) { $0.unload("usbhid") },
    ]

    static let probing = [
        KernelRule(
            "its ordinary driver takes it", "1-1:1.0", to: "drivers_probe",
            changes: ["1-1:1.0": "usbhid"], given: free),
        KernelRule(
            "one final newline is tolerated", "1-1:1.0\n", to: "drivers_probe",
            changes: ["1-1:1.0": "usbhid"], given: free),
        KernelRule("it has a driver: nothing happens", "1-1:1.0", to: "drivers_probe"),
        KernelRule("no driver accepts: no error", "1-1:1.0", to: "drivers_probe") {
            $0.unload("usbhid")
        },
        KernelRule("no such device", "9-9:1.0", to: "drivers_probe", is: .noDevice),
        KernelRule("two newlines", "1-1:1.0\n\n", to: "drivers_probe", is: .noDevice),
        KernelRule(
            "usbback takes it back while the port is listed", "1-1:1.0", to: "drivers_probe",
            changes: ["1-1:1.0": "usbback"]
        ) { world in
            world.set(TestController().port(1), "1-1")
            world.settle()
            try world.unbind("1-1:1.0", from: "usbhid")
        },
        KernelRule(
            "usbback does not once the port is cleared", "1-1:1.0", to: "drivers_probe",
            changes: ["1-1:1.0": "usbhid"]
        ) { world in
            try world.give("1-1", port: 1)
            try world.unbind("1-1:1.0", from: "usbback")
            world.set(TestController().port(1), "")
            world.settle()
        },
        KernelRule(
            "usbback still does before it has seen the port cleared", "1-1:1.0",
            to: "drivers_probe", changes: ["1-1:1.0": "usbback"]
        ) { world in
            try world.give("1-1", port: 1)
            try world.unbind("1-1:1.0", from: "usbback")
            world.set(TestController().port(1), "")
        },
    ]

    static let others = [
        KernelRule("an attribute", "x", to: "devices/1-1/serial", is: .accessDenied),
        KernelRule("the port table", "x", to: "drivers/usbback/port_ids", is: .accessDenied),
        KernelRule("an unknown file", "x", to: "drivers_autoprobes", is: .noEntry),
        KernelRule("a path that is no driver's", "x", to: "drivers/.././bind", is: .noEntry),
        KernelRule("nothing at all", "x", to: "", is: .noEntry),
    ]

    @Test(arguments: unbinding)
    func `unbind takes an interface from the driver that has it`(_ rule: KernelRule) throws {
        try rule.check(.withController())
    }

    @Test(arguments: binding)
    func `bind gives a free interface to a driver that takes it`(_ rule: KernelRule) throws {
        try rule.check(.withController())
    }

    @Test(arguments: probing)
    func `drivers_probe gives a free interface to whoever takes it`(_ rule: KernelRule) throws {
        try rule.check(.withController())
    }

    @Test(arguments: others)
    func `no other file can be written`(_ rule: KernelRule) throws {
        try rule.check(.withController())
    }

    @Test func `no file outside of sysfs can be written`() {
        var world = World.builtIn()
        for path in ["/etc/passwd", "/sys", "relative", "", "/sys/bus/usb"] {
            #expect(throws: FileErrno.noEntry) { try world.write("x", to: path) }
        }
    }
}
