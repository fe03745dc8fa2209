import DeviceModel
import PVUSB
import Simulation
import Testing

/// A device goes to a guest by QEMU, and comes back.
struct QEMUTests {
    private static func steps(_ report: Report?) -> [String] {
        (report?.goals.first?.steps ?? []).map { report in
            let text = report.step.text
            return [text.action, text.target, text.value].filter { !$0.isEmpty }
                .joined(separator: " ")
        }
    }

    @Test(arguments: QEMUCase.all)
    func `a device goes and comes back, and nothing else changes`(item: QEMUCase) throws {
        let bench = try item.withController()
        let before = try bench.snapshot()
        try bench.succeed(try item.attach())
        #expect(try bench.drivers(item.device) == item.taken)
        #expect(try bench.text(item.port) == item.device)
        #expect(try bench.open(item.domain).count == 1)
        #expect(try bench.status(item.device).state == .assigned)
        try bench.succeed(try item.attach())
        #expect(bench.changes == [], "doing it again changes nothing")
        try bench.succeed(try item.detach())
        #expect(try bench.snapshot() == before)
        #expect(try bench.drivers(item.device) == item.home)
        try bench.succeed(try item.detach())
        #expect(bench.changes == [])
    }

    @Test func `of kind qusb only the port is written, and QEMU is waited for`() throws {
        let item = QEMUCase(kind: .qusb, device: "1-1")
        let bench = try item.withController()
        let report = try bench.succeed(try item.attach())
        #expect(
            Self.steps(report) == [
                "await domain 1 controller 0 connected", "claim 1-1 domain 1 port 0:1",
                "await 1-1 opened by QEMU", "record 1-1 attached",
            ])
        #expect(
            Self.steps(try bench.succeed(try item.detach())) == [
                "recall 1-1 domain 1 port 0:1", "await 1-1 closed by QEMU",
                "bind 1-1:1.0 usbhid", "forget 1-1",
            ])
        #expect(try bench.text("/libxl/usbback/1-1") == nil, "xl would never remove a note")
    }

    @Test func `an emulated controller's device is asked for by libxl's id`() throws {
        let item = QEMUCase(kind: .deviceModel, device: "1-1")
        let bench = try item.withController()
        let report = try bench.succeed(try item.attach())
        #expect(
            Self.steps(report) == [
                "plug domain 3 controller 0 into QEMU", "claim 1-1 domain 3 port 0:1",
                "plug 1-1 domain 3 port 0:1", "record 1-1 attached",
            ])
        #expect(try bench.text("/libxl/pvusb/device/1-1/qmp") == "xenusb-1-2")
        #expect(
            bench.changes.compactMap { effect -> DeviceModelCommand? in
                if case .deviceModel(let command) = effect { command } else { nil }
            } == [
                DeviceModelCommand(
                    domain: try #require(DomainID(3)),
                    uuid: "1d3f6f0a-0003-4a7e-9c55-00163e5e6c00",
                    action: .add(
                        driver: "usb-host", id: "xenusb-1-2",
                        properties: [
                            "bus": .text("xenusb-0.0"), "port": .text("1"), "hostbus": .number(1),
                            "hostaddr": .number(2),
                        ]))
            ])
        #expect(
            Self.steps(try bench.succeed(try item.detach())) == [
                "record 1-1 detach", "unplug 1-1 domain 3 port 0:1",
                "clear 1-1 domain 3 port 0:1", "await 1-1 closed by QEMU",
                "bind 1-1:1.0 usbhid", "forget 1-1",
            ])
    }

    // MARK: - What QEMU can't do

    @Test(arguments: QEMUCase.all)
    func `what QEMU could not open is a failure, and goes back`(item: QEMUCase) throws {
        let bench = try item.withController()
        let before = try bench.snapshot()
        try bench.changeQEMU(of: item.domain) { $0.opening = .fails }
        let error = try #require(bench.run(try item.attach()).error)
        let wait = item.kind == .qusb ? " within 10 s" : ""
        #expect(
            error
                == PVUSBError(
                    .failed,
                    "QEMU has not opened \(item.device)\(wait); \(item.device) is with its host "
                        + "drivers now", cause: "QEMU tells the reason in its own log only"))
        try bench.changeQEMU(of: item.domain) { $0.opening = .opens }
        #expect(try bench.snapshot() == before)
    }

    @Test func `what QEMU says of a refusal is told`() throws {
        let item = QEMUCase(kind: .deviceModel, device: "1-1")
        let bench = try item.withController()
        try bench.changeQEMU(of: 3) { $0.opening = .refuses }
        let error = try #require(bench.run(try item.attach()).error)
        #expect(
            error
                == PVUSBError(
                    .failed, "QEMU has not opened 1-1; 1-1 is with its host drivers now",
                    cause: "QEMU says: failed to open host usb device 1:2"))
    }

    struct Obstacle: CustomTestStringConvertible {
        let testDescription: String
        let reason: @Sendable (QEMUCase) -> String
        let make: @Sendable (Bench, QEMUCase) throws -> Void
    }

    static let obstacles = [
        Obstacle(
            testDescription: "it was killed",
            reason: { "its QEMU (process \(4000 + Int($0.domain))) is not running" },
            make: { bench, item in try bench.host.intervene { $0.killQEMU(of: item.domain) } }),
        Obstacle(
            testDescription: "none is noted", reason: { _ in "it has no QEMU" },
            make: { bench, item in
                let path = "/local/domain/\(item.domain)/image"
                try bench.meddle([.remove(try #require(StorePath(path)))])
            }),
        Obstacle(
            testDescription: "the number is another program's",
            reason: { "process \(4000 + Int($0.domain)), which shall be its QEMU, is bash" },
            make: { try $0.changeQEMU(of: $1.domain) { $0.name = "bash" } }),
        Obstacle(
            testDescription: "it runs as another user",
            reason: {
                "its QEMU (process \(4000 + Int($0.domain))) runs as user 65534, who may not open "
                    + "USB devices"
            }, make: { try $0.changeQEMU(of: $1.domain) { $0.user = 65534 } }),
        Obstacle(
            testDescription: "it is shut in",
            reason: {
                "its QEMU (process \(4000 + Int($0.domain))) is shut in /var/run/xen/root, where "
                    + "no USB device is"
            }, make: { try $0.changeQEMU(of: $1.domain) { $0.root = "/var/run/xen/root" } }),
        Obstacle(
            testDescription: "it is in a stub domain",
            reason: { _ in
                "its device model runs in stub domain 7, which has no device of this host"
            },
            make: { bench, item in
                try bench.meddle([
                    try writing("/local/domain/\(item.domain)/image/device-model-domid", "7")
                ])
            }),
    ]

    @Test(arguments: obstacles, QEMUCase.all)
    func `a QEMU that can't take a device is told at once`(
        obstacle: Obstacle, item: QEMUCase
    ) throws {
        let bench = try item.withController()
        try obstacle.make(bench, item)
        let nodes = try bench.nodes()
        let reason = obstacle.reason(item)
        #expect(
            bench.run(try item.attach(at: "0")).error
                == PVUSBError(
                    .refused, "controller 0 of \(item.guest) can take no device: \(reason)"))
        #expect(bench.changes == [])
        #expect(
            bench.run(try item.addController()).error
                == PVUSBError(
                    .refused,
                    "a controller of kind \(item.kind.rawValue) can't work in \(item.guest): "
                        + reason, remedy: "pvusb controller add \(item.guest)"))
        #expect(try bench.nodes() == nodes)
    }

    @Test(arguments: QEMUCase.all)
    func `without QEMU nothing is waited for on the way back`(item: QEMUCase) throws {
        let bench = try item.attached()
        try bench.host.intervene { $0.killQEMU(of: item.domain) }
        let home = item.home
        #expect(try bench.drivers(item.device) == home.map { _ in "-" })
        let report = try bench.succeed(try item.removeController())
        #expect(Self.steps(report).filter { $0.hasPrefix("await") } == [])
        #expect(try bench.drivers(item.device) == home)
        #expect(try bench.text("/libxl/\(item.domain)/device/vusb") == nil)
    }

    @Test func `a QEMU that does not answer leaves the device and the record`() throws {
        let item = QEMUCase(kind: .deviceModel, device: "1-4")
        let bench = try item.attached()
        try bench.changeQEMU(of: 3) { $0.answers = false }
        #expect(
            bench.run(try item.detach()).error
                == PVUSBError(
                    .failed,
                    "QEMU does not give 1-4 in port 0:1 back; 1-4 is detaching now",
                    cause: "QEMU does not answer", remedy: "pvusb recover 1-4"))
        #expect(try bench.open(3) == ["1.7"])
        try bench.changeQEMU(of: 3) { $0.answers = true }
        try bench.succeed(.recover([]))
        #expect(try bench.drivers("1-4") == item.home)
    }

    // MARK: - Replugs

    @Test(arguments: QEMUCase.all)
    func `a replugged device is claimed anew, its port never written in place`(
        item: QEMUCase
    ) throws {
        let bench = try item.attached()
        try bench.replug(item.device)
        #expect(try bench.status(item.device).state == .assignedUncaptured)
        var seen: [String?] = []
        bench.store.before = { batch in
            if batch.contains(.commit) { seen.append(try bench.text(item.port)) }
        }
        try bench.succeed(try item.attach())
        #expect(seen.contains(""))
        #expect(try bench.status(item.device).state == .assigned)
        try bench.succeed(try item.detach())
        #expect(try bench.drivers(item.device) == item.home)
    }

    @Test func `what xl attached is found by its port when its address has changed`() throws {
        let item = QEMUCase(kind: .deviceModel, device: "1-1")
        let bench = try item.withController()
        let id = try #require(BusID("1-1"))
        try bench.xl { $0.xlAttach(id, domain: 3, controller: 0, port: 2) }
        try bench.replug("1-1")
        try bench.succeed(try item.detach())
        #expect(try bench.drivers("1-1") == ["usbhid"])
        #expect(try bench.host.world().qemus.last?.peripherals.map(\.id) == ["xenusb-0"])
    }
}
