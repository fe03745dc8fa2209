import PVUSB
import Simulation
import Testing
import XenStore

/// What libxl's USB code gets wrong in the store, tried on pvusb; docs/bugs.md has the list.
struct LibxlStoreBugTests {
    private static let libxl = "/libxl/1/device/vusb/0"
    private static let front = "/local/domain/1/device/vusb/0"
    private static let back = "/local/domain/0/backend/vusb/1/0"

    /// A bench on which pv1 has a connected controller of two ports.
    private static func connected() throws -> Bench {
        let bench = Bench()
        try bench.succeed(try addController())
        try bench.host.intervene { $0.settle() }
        return bench
    }

    private static func addController() throws -> Command {
        .addController(try DomainSelector("pv1"), try #require(ControllerSettings(ports: 2)))
    }

    /// A world in which pv1 and win10 have a controller and a device each.
    private static func twoGuests() throws -> World {
        let bench = try connected()
        try bench.succeed(try Bench.attach("1-4"))
        try bench.succeed(
            .attach(try DomainSelector("win10"), try DeviceSelector("1-1"), at: nil))
        try bench.host.intervene { $0.settle() }
        return try bench.host.world()
    }

    // MARK: - Who may be believed

    @Test(arguments: [
        [], ["backend", "/local/domain/3/backend/vusb/3/0"], ["backend", "../../../.."],
        ["backend-id", "7"], ["state", "99999"], ["state", "6"], ["state"], ["backend"],
        ["event-channel", "-1"], ["urb-ring-ref", "x"],
    ])
    func `nothing that a guest does to its nodes hides its device`(deed: [String]) throws {
        let bench = Bench(try Self.twoGuests())
        let node = "\(Self.front)\(deed.first.map { "/\($0)" } ?? "")"
        try bench.meddle([
            deed.count == 2
                ? try writing(node, deed[1]) : .remove(try #require(StorePath(node)))
        ])
        let status = try bench.status("1-4")
        #expect(status.state == .assigned)
        #expect(status.place?.label == "0:1")
        let steal = Command.attach(try DomainSelector("win10"), try DeviceSelector("1-4"), at: nil)
        #expect(bench.run(steal).error?.code == .busy)
        try bench.succeed(
            .attach(try DomainSelector("win10"), try DeviceSelector("1-2"), at: nil))
        try bench.succeed(try Bench.detach("1-4"))
        #expect(try bench.drivers("1-4") == ["snd-usb-audio", "snd-usb-audio"])
    }

    @Test func `a node that is missing loses no device and harms no other controller`() throws {
        let world = try Self.twoGuests()
        let trees = [Self.libxl, Self.front, Self.back]
        let paths = world.storePaths.filter { path in
            trees.contains { path.text == $0 || path.text.hasPrefix("\($0)/") }
        }
        #expect(paths.count == 30)
        for path in paths {
            let bench = Bench(world)
            try bench.meddle([.remove(path)])
            let state = try bench.status("1-4").state
            #expect(state != .host && state != .unbound, "without \(path)")
            let steal = Command.attach(
                try DomainSelector("win10"), try DeviceSelector("1-4"), at: nil)
            #expect(bench.run(steal).error != nil, "without \(path)")
            let other = Command.attach(
                try DomainSelector("win10"), try DeviceSelector("1-2"), at: nil)
            #expect(bench.run(other).error == nil, "without \(path)")
            bench.run(.show(.domain(try DomainSelector("pv1"), nil)))
            #expect(try bench.status("1-1").state == .assigned, "without \(path)")
        }
    }

    // MARK: - What the store refuses

    @Test(arguments: [
        "/local/domain", "/libxl/1/device/vusb", "/libxl/3/device/vusb", "/libxl/pvusb/device",
        "\(back)/port/1", "\(libxl)/num-ports",
    ])
    func `what can't be read is not taken for free`(path: String) throws {
        let bench = try Bench.attached("1-4")
        let nodes = try bench.nodes()
        for device in ["1-1", "1-4"] {
            let attach = Command.attach(
                try DomainSelector("win10"), try DeviceSelector(device), at: nil)
            let error = bench.run(attach) { request in
                switch request {
                case .read(let asked), .directory(let asked):
                    asked.text == path ? .inputOutput : nil
                default: nil
                }
            }.error
            #expect(error?.cause == "EIO")
            #expect(error?.message.hasSuffix(path) ?? false)
        }
        #expect(try bench.nodes() == nodes)
    }

    /// How many requests of a command change the store.
    private static func count(_ command: Command, on bench: Bench) -> Int {
        var count = 0
        _ = bench.run(command) { request in
            if request.changesStore { count += 1 }
            return nil
        }
        return count
    }

    @Test func `a controller of which the store refuses a node is not made at all`() throws {
        let command = try Self.addController()
        let nodes = try Bench().nodes()
        for index in 1...Self.count(command, on: Bench()) {
            let bench = Bench()
            let error = bench.run(command, refusingChange: index).error
            #expect(error?.cause == "ENOSPC")
            #expect(try bench.nodes() == nodes, "without change \(index)")
        }
    }

    @Test func `an attach of which the store refuses a node is undone`() throws {
        let command = try Bench.attach("1-1")
        let nodes = try Self.connected().nodes()
        for index in 1...Self.count(command, on: try Self.connected()) {
            let bench = try Self.connected()
            let error = bench.run(command, refusingChange: index).error
            #expect(error?.cause == "ENOSPC")
            #expect(try bench.drivers("1-1") == ["usbhid"], "without change \(index)")
            #expect(try bench.nodes() == nodes, "without change \(index)")
        }
    }

    // MARK: - What is written, and where

    @Test func `every change of the store is made in a transaction`() throws {
        let bench = Bench()
        let commands = [
            try Bench.addController(), try Bench.attach("1-4"), try Bench.detach("1-4"),
            .removeController(try DomainSelector("pv1"), ControllerNumber(0)),
        ]
        for command in commands {
            try bench.succeed(command)
            var isOpen = false
            var count = 0
            for case .store(let batch) in bench.effects {
                for request in batch {
                    #expect(isOpen || !request.changesStore)
                    count += request.changesStore ? 1 : 0
                    if request == .begin { isOpen = true }
                    if request == .commit || request == .abort { isOpen = false }
                }
            }
            #expect(!isOpen)
            #expect(count > 3)
        }
    }

    @Test func `no file outside of sysfs is written, and no node but the controller's and ours`()
        throws
    {
        let bench = Bench()
        let commands = [
            try Bench.addController(), try Bench.attach("1-4"), try Bench.detach("1-4"),
            try Bench.attach("1-1"),
            .removeController(try DomainSelector("pv1"), ControllerNumber(0)),
        ]
        var changed: Set<String> = []
        for command in commands {
            try bench.succeed(command)
            #expect(bench.fileWrites.allSatisfy { $0.changedPath.hasPrefix("/sys/bus/usb/") })
            changed.formUnion(bench.effects.flatMap(\.changedNodes))
        }
        let own = [
            "/libxl/1/device/vusb", "/local/domain/1/device/vusb", "/local/domain/0/backend/vusb",
            "/libxl/pvusb", "/libxl/usbback",
        ]
        let others = changed.filter { path in
            !own.contains { path == $0 || path.hasPrefix("\($0)/") }
        }
        #expect(others.sorted() == [])
        #expect(changed.count > 50)
    }
}

extension Bench {
    /// Runs a command on a store whose quota is used up at one of the changes, once.
    func run(_ command: Command, refusingChange index: Int) -> Outcome {
        var count = 0
        return run(command) { request in
            guard request.changesStore else { return nil }
            count += 1
            return count == index ? .noSpace : nil
        }
    }

    /// Runs a command on a store that refuses some requests and carries out all others.
    func run(
        _ command: Command, refusing: @escaping (StoreRequest) -> StoreErrorName?
    ) -> Outcome {
        let seams = Seams(
            store: RefusingStore(host, refusing), files: files, locks: host, clock: host)
        return Driver(seams).run(Operation(command))
    }
}

/// A store in front of another one that answers some requests with an error.
private final class RefusingStore: Store {
    private let store: any Store
    private let refuses: (StoreRequest) -> StoreErrorName?

    init(_ store: any Store, _ refuses: @escaping (StoreRequest) -> StoreErrorName?) {
        self.store = store
        self.refuses = refuses
    }

    func perform(_ batch: [StoreRequest]) throws(StoreFailure) -> [StoreReply] {
        let refusals = batch.map(refuses)
        let accepted = zip(batch, refusals).filter { $0.1 == nil }.map(\.0)
        var replies = try store.perform(accepted)[...]
        return refusals.map { refusal in
            refusal.map { .failure($0) } ?? replies.popFirst() ?? .failure(.inputOutput)
        }
    }
}

extension FileRequest {
    fileprivate var changedPath: String {
        switch self {
        case .write(let path, _), .replace(let path, _): path
        case .list, .read, .readLink: ""
        }
    }
}

extension Effect {
    /// The nodes that the effect writes, makes or removes.
    fileprivate var changedNodes: [String] {
        guard case .store(let batch) = self else { return [] }
        return batch.compactMap { request in
            switch request {
            case .write(let path, _), .makeDirectory(let path), .remove(let path),
                .setPermissions(let path, _):
                path.text
            default: nil
            }
        }
    }
}
