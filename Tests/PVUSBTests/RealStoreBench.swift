import Foundation
import HostUSB
import PVUSB
import Simulation
import TestSupport
import Testing
import XenStore
import XenStoreServer

/// A guest and a USB bus of one test's own, so that tests can share a server.
struct TestGuest {
    let domain: UInt16
    let bus: UInt8
    /// Of which kind its controller is.
    var kind = ControllerKind.pv

    var name: String { "guest\(domain)" }
    /// A stick with one interface, behind a hub.
    var stick: String { "\(bus)-3.2" }
    /// A sound device with two interfaces.
    var sound: String { "\(bus)-4" }

    /// The guest and the two devices, on a host where pvusb has been used before.
    func world() throws -> World {
        var store = StoreEngine.hostStore()
        store.addGuest(
            domain, name: name, type: kind == .deviceModel ? .hvm : .pv,
            uuid: "1d3f6f0a-4a7e-9c55-0000-\(domain)")
        let drivers = ["snd-usb-audio", "usb-storage", "usbback"]
        let usb = SimulatedUSB(
            devices: [
                try device(stick, 7, "0781:5567", interfaces: 1, usbClass: "08", drivers[1]),
                try device(sound, 8, "0d8c:0014", interfaces: 2, usbClass: "01", drivers[0]),
            ],
            drivers: try drivers.map { try #require(DriverName($0)) })
        var world = World(usb: usb, store: store, guests: [World.Guest(domain: domain)])
        if kind.isQEMU { world.startQEMU(for: domain) }
        return world
    }

    private func device(
        _ id: String, _ number: UInt8, _ product: String, interfaces: Int, usbClass: String,
        _ driver: String
    ) throws -> SimulatedDevice {
        let device = try #require(BusID(id))
        let driver = try #require(DriverName(driver))
        let words = product.split(separator: ":").map(String.init)
        return SimulatedDevice(
            id: device,
            attributes: [
                "busnum": "\(bus)", "devnum": "\(number)", "idVendor": words[0],
                "idProduct": words[1],
                "bDeviceClass": "00", "speed": "480", "serial": "S1",
            ],
            descriptors: [18, 1, 0, 2],
            interfaces: try (0..<interfaces).map { number in
                SimulatedInterface(
                    id: try #require(InterfaceID("\(id):1.\(number)")),
                    attributes: ["bInterfaceClass": usbClass, "bInterfaceNumber": "0\(number)"],
                    driver: driver, matches: [driver])
            })
    }
}

/// A world file and a server: who has both can be another process on the same host.
struct HostAddress: Sendable {
    let file: String
    let socket: String

    /// A host for one thread.
    func open() throws -> SimulatedUSBHost {
        try SimulatedUSBHost(
            file: file, store: .socket(socket), timeoutMilliseconds: 60_000,
            stopSignals: .ignored)
    }
}

extension SimulatedUSBHost {
    /// Runs a command that has to succeed.
    func succeed(_ command: Command) throws {
        let store = Seams.watched(store)
        let clock = HostClock(clock, store: store, hotplug: fileChanges)
        let seams = Seams(
            store: store, files: self, locks: self, clock: clock, deviceModel: self)
        let outcome = Driver(seams).run(
            Operation(command, OperationOptions(waitMilliseconds: 60_000)))
        guard outcome.error == nil else { throw Unexpected(outcome: outcome) }
    }
}

/// A test's guest on a xenstored that other tests use too: the store is the server's, the USB side
/// a world file's, and a thread plays what the kernel and the guest do.
final class RealStoreBench {
    let guest: TestGuest
    let address: HostAddress
    let host: SimulatedUSBHost
    private let directory: TemporaryDirectory
    private let player: Player

    init(_ guest: TestGuest, at socket: String) throws {
        self.guest = guest
        directory = try TemporaryDirectory()
        address = HostAddress(file: directory.path("w"), socket: socket)
        try WorldFile.create(address.file, try guest.world())
        try StoreServers.bear(guest.domain, at: socket)
        host = try address.open()
        try StorePeer(on: host.store, world: host.world, pause: host.store.pause).moveIn()
        player = try Player(address)
    }

    /// Waits until all is quiet; nobody plays from then on.
    func settle() throws {
        try player.stop()
    }

    /// Ends the player when all is quiet, and takes the guest's nodes and pvusb's out of the store.
    func end() throws {
        try settle()
        let devices = [guest.stick, guest.sound].map { $0.replacing(".", with: "_") }
        let paths =
            ownRoots.map(\.text)
            + devices.flatMap { ["/libxl/pvusb/device/\($0)", "/libxl/usbback/\($0)"] }
        _ = try host.perform(try paths.map { .remove(try #require(StorePath($0))) })
        host.store.disconnect()
        try StoreServers.bury(guest.domain, at: address.socket)
    }

    func worldFile() throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: address.file)))
    }

    // MARK: - Commands

    /// Adds a controller, and waits until its two ends have connected.
    func addController() throws {
        let version: UInt8 = guest.kind == .deviceModel ? 3 : 2
        let settings = try #require(ControllerSettings(kind: guest.kind, version: version))
        try host.succeed(.addController(try DomainSelector(guest.name), settings))
        guard let backend = guest.kind.backend else { return }
        try waitUntil(
            "/local/domain/0/backend/\(backend.rawValue)/\(guest.domain)/0/state", is: "4")
    }

    func attach(_ device: String) throws -> Command {
        .attach(try DomainSelector(guest.name), try DeviceSelector(device), at: nil)
    }

    func detach(_ device: String) throws -> Command { .detach(try DeviceSelector(device)) }

    func removeController() throws -> Command {
        .removeController(try DomainSelector(guest.name), ControllerNumber(0), force: false)
    }

    private func waitUntil(_ path: String, is text: String) throws {
        let node = try #require(StorePath(path))
        let watch = StoreRequest.watch(node, token: "bench")
        #expect(try host.perform([watch]) == [.done])
        let store = Seams.watched(host.store)
        let clock = HostClock(host.clock, store: store, hotplug: host.fileChanges)
        let deadline = clock.now + 60_000_000_000
        while try store.perform([.read(node)]).first?.text != text {
            try #require(clock.wait(for: .store, until: deadline) == .woken)
        }
        #expect(try host.perform([.unwatch(node, token: "bench")]) == [.done])
    }

    // MARK: - Nodes

    /// The trees that nobody but this guest has.
    private var ownRoots: [StorePath] {
        let number = StorePath.Component(UInt(guest.domain))
        let domains = StorePath.root / "local" / "domain"
        return [
            domains / number, domains / "0" / "backend" / "vusb" / number,
            domains / "0" / "backend" / "qusb" / number, domains / "0" / "device-model" / number,
            .root / "libxl" / number,
        ]
    }

    /// Every node of the guest and of pvusb's notes on its devices, as `xenstore-ls -fp` shows it.
    func nodes() throws -> [String] {
        let devices = [guest.stick, guest.sound].map { $0.replacing(".", with: "_") }
        let notes = devices.compactMap { StorePath.Component($0) }.flatMap { device in
            [
                StorePath.root / "libxl" / "pvusb" / "device" / device,
                .root / "libxl" / "usbback" / device,
            ]
        }
        return try (ownRoots + notes).flatMap(nodes).sorted()
    }

    private func nodes(below path: StorePath) throws -> [String] {
        let replies = try host.perform([.directory(path), .read(path), .permissions(path)])
        guard case .children(let names) = replies[0], case .permissions(let list) = replies[2]
        else { return [] }
        let permissions = list.map(\.description).joined(separator: ",")
        let line = "\(path) = \"\(replies[1].text ?? "?")\"   (\(permissions))"
        return try [line]
            + names.map { path / (try #require(StorePath.Component($0))) }.flatMap(nodes)
    }
}

/// A thread that plays a world file on a server until it is told to stop and all is quiet.
private final class Player: @unchecked Sendable {
    private let lock = NSLock()
    private let pipe = Pipe()
    private let ended = DispatchSemaphore(value: 0)
    private var isOver = false
    private var failure: (any Error)?

    init(_ address: HostAddress) throws {
        Thread { [self] in
            do {
                try play(address)
            } catch {
                lock.withLock { failure = error }
            }
            ended.signal()
        }.start()
    }

    private func play(_ address: HostAddress) throws {
        let clock = try SystemClock(stopSignals: .ignored)
        try clock.register(
            descriptor: pipe.fileHandleForReading.fileDescriptor, for: .hotplug)
        // What QEMU is asked changes the file only.
        let changes = try FolderWatch(folderOf: address.file)
        try clock.register(descriptor: changes.descriptor, for: .hotplug)
        try StorePeer.play(
            try WorldFile(address.file),
            on: StoreClient(.socket(address.socket), timeoutMilliseconds: 60_000), clock: clock,
            drain: changes.drain, isOver: { [self] in lock.withLock { isOver } })
    }

    /// Again is no matter.
    func stop() throws {
        let isFirst = lock.withLock {
            defer { isOver = true }
            return !isOver
        }
        guard isFirst else { return }
        try pipe.fileHandleForWriting.write(contentsOf: Data([0]))
        ended.wait()
        if let failure = lock.withLock({ failure }) { throw failure }
    }
}
