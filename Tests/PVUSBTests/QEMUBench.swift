import PVUSB
import Simulation
import Testing

/// A host on which QEMU has the devices: of kind `qusb` in pv1, or emulated in win10.
struct QEMUCase: Sendable, CustomTestStringConvertible {
    let kind: ControllerKind
    let device: String

    static let all = [ControllerKind.qusb, .deviceModel].flatMap { kind in
        ["1-1", "1-4"].map { QEMUCase(kind: kind, device: $0) }
    }

    var testDescription: String { "\(kind.rawValue) \(device)" }
    var domain: UInt16 { kind == .qusb ? 1 : 3 }
    var guest: String { kind == .qusb ? "pv1" : "win10" }

    /// The drivers that the device's interfaces have at home.
    var home: [String] {
        device == "1-1" ? ["usbhid"] : ["snd-usb-audio", "snd-usb-audio"]
    }

    /// What sysfs shows while QEMU has the device: a backend claims, an emulation only detaches.
    var taken: [String] { home.map { _ in kind == .qusb ? "usbfs" : "-" } }

    /// The port node of the first port.
    var port: String {
        kind == .qusb
            ? "/local/domain/0/backend/qusb/1/0/port/1" : "/libxl/3/device/vusb/0/port/1"
    }

    static func world() -> World {
        var world = World.builtIn()
        world.startQEMU(for: 1)
        return world
    }

    /// A bench on which the guest has a controller of the kind, connected if it can be.
    func withController() throws -> Bench {
        let bench = Bench(Self.world())
        try bench.succeed(try addController())
        try bench.host.intervene { $0.settle() }
        return bench
    }

    func attached() throws -> Bench {
        let bench = try withController()
        try bench.succeed(try attach())
        return bench
    }

    func addController() throws -> Command {
        let version: UInt8 = kind == .deviceModel ? 3 : 2
        return .addController(
            try DomainSelector(guest),
            try #require(ControllerSettings(kind: kind, version: version)))
    }

    func attach(at place: String? = nil) throws -> Command {
        .attach(
            try DomainSelector(guest), try DeviceSelector(device),
            at: try place.map { try PlaceWish($0) })
    }

    func detach(rebind: Bool = true) throws -> Command {
        .detach(try DeviceSelector(device), rebind: rebind)
    }

    func removeController(force: Bool = false) throws -> Command {
        .removeController(try DomainSelector(guest), ControllerNumber(0), force: force)
    }
}

extension Bench {
    func changeQEMU(of domain: UInt16, _ body: (inout SimulatedQEMU) -> Void) throws {
        try host.intervene { $0.changeQEMU(of: domain, body) }
    }

    /// The devices that a domain's QEMU has open.
    func open(_ domain: UInt16) throws -> [String] {
        try host.world().qemus.first { $0.domain == domain }?.open.map(\.description) ?? []
    }
}
