import Dispatch
import Foundation
import HostUSB
import PVUSB
import Simulation
import TestSupport
import Testing
import XenStore

/// A promise about what is in the store, checked on a server with a guest of the check's own.
struct NodeCheck: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let guest: TestGuest
    private let body: @Sendable (RealStoreBench) throws -> Void

    private init(
        _ name: String, _ guest: TestGuest,
        _ body: @escaping @Sendable (RealStoreBench) throws -> Void
    ) {
        testDescription = name
        self.guest = guest
        self.body = body
    }

    func run(at socket: String) throws {
        let bench = try RealStoreBench(guest, at: socket)
        do {
            try body(bench)
        } catch {
            try? bench.end()
            throw error
        }
        try bench.end()
    }

    static let all = [
        NodeCheck("a stick goes to a guest and comes back", TestGuest(domain: 101, bus: 31)) {
            try $0.cycle($0.guest.stick, LibxlNodes.stick($0.guest, port: 1))
        },
        NodeCheck("so does a device of two interfaces", TestGuest(domain: 102, bus: 32)) {
            try $0.cycle($0.guest.sound, LibxlNodes.sound($0.guest, port: 1))
        },
        NodeCheck(
            "a stick goes to a guest by QEMU's backend",
            TestGuest(domain: 105, bus: 35, kind: .qusb)
        ) {
            try $0.cycle($0.guest.stick, LibxlNodes.stick($0.guest, port: 1))
        },
        NodeCheck(
            "so does a device of two interfaces, by QEMU's backend",
            TestGuest(domain: 106, bus: 36, kind: .qusb)
        ) {
            try $0.cycle($0.guest.sound, LibxlNodes.sound($0.guest, port: 1))
        },
        NodeCheck(
            "a stick goes to a controller that QEMU emulates",
            TestGuest(domain: 107, bus: 37, kind: .deviceModel)
        ) {
            try $0.cycle($0.guest.stick, LibxlNodes.stick($0.guest, port: 1))
        },
        NodeCheck(
            "an emulated controller goes with two devices",
            TestGuest(domain: 108, bus: 38, kind: .deviceModel)
        ) {
            try $0.removeWithDevices()
        },
        NodeCheck("a controller goes with two devices", TestGuest(domain: 103, bus: 33)) {
            try $0.removeWithDevices()
        },
        NodeCheck("two attaches at once get a port each", TestGuest(domain: 104, bus: 34)) {
            try $0.attachBoth()
        },
    ]
}

extension RealStoreBench {
    private func expect(
        _ lines: [String], at location: SourceLocation = #_sourceLocation
    ) throws {
        let found = try nodes()
        let changes = found.difference(from: lines.sorted()).map { change in
            switch change {
            case .insert(_, let line, _): "not expected: \(line)"
            case .remove(_, let line, _): "missing: \(line)"
            }
        }
        #expect(changes == [], sourceLocation: location)
    }

    /// Each step leaves libxl's nodes and our record, and the last one leaves nothing.
    fileprivate func cycle(_ device: String, _ notes: [String]) throws {
        let file = try worldFile()
        try expect(LibxlNodes.before(guest))
        try addController()
        try expect(LibxlNodes.before(guest) + LibxlNodes.controller(guest))
        try host.succeed(try attach(device))
        try expect(
            LibxlNodes.before(guest) + LibxlNodes.controller(guest, first: device) + notes)
        try host.succeed(try detach(device))
        try expect(LibxlNodes.before(guest) + LibxlNodes.controller(guest))
        try host.succeed(try removeController())
        try expect(LibxlNodes.before(guest))
        try settle()
        #expect(try worldFile() == file)
    }

    fileprivate func removeWithDevices() throws {
        let file = try worldFile()
        try addController()
        try host.succeed(try attach(guest.sound))
        try host.succeed(try attach(guest.stick))
        try expect(
            LibxlNodes.before(guest)
                + LibxlNodes.controller(guest, first: guest.sound, second: guest.stick)
                + LibxlNodes.sound(guest, port: 1) + LibxlNodes.stick(guest, port: 2))
        try host.succeed(try removeController())
        try expect(LibxlNodes.before(guest))
        try settle()
        #expect(try worldFile() == file)
    }

    /// Two processes, a device each.
    fileprivate func attachBoth() throws {
        try addController()
        let attaches = try [guest.stick, guest.sound].map { try attach($0) }
        DispatchQueue.concurrentPerform(iterations: 2) { [address] index in
            do {
                try address.open().succeed(attaches[index])
            } catch {
                Issue.record(error)
            }
        }
        let port = "/local/domain/0/backend/vusb/\(guest.domain)/0/port/1"
        let stickFirst = try nodes().contains { $0.hasPrefix("\(port) = \"\(guest.stick)\"") }
        let (stick, sound) = stickFirst ? (1, 2) : (2, 1)
        try expect(
            LibxlNodes.before(guest)
                + LibxlNodes.controller(
                    guest, first: stickFirst ? guest.stick : guest.sound,
                    second: stickFirst ? guest.sound : guest.stick)
                + LibxlNodes.stick(guest, port: stick) + LibxlNodes.sound(guest, port: sound))
        try host.succeed(try removeController())
        try expect(LibxlNodes.before(guest))
    }
}

/// The embedded store behind a socket.
struct EmbeddedStoreNodeTests {
    @Test(arguments: NodeCheck.all)
    func `on the embedded store every node is as expected`(check: NodeCheck) throws {
        try ServedStore.run { try check.run(at: $0.path) }
    }
}

/// Debian's C xenstored, where a socket of one is named.
@Suite(.enabled(if: StoreServers.c != nil, "needs xenstored: PVUSB_TEST_C_XENSTORED"))
struct CXenstoredNodeTests {
    @Test(arguments: NodeCheck.all)
    func `on C xenstored every node is as expected`(check: NodeCheck) throws {
        try check.run(at: try #require(StoreServers.c))
    }
}

/// Debian's oxenstored, where a socket of one is named.
@Suite(.enabled(if: StoreServers.oxenstored != nil, "needs oxenstored: PVUSB_TEST_OXENSTORED"))
struct OxenstoredNodeTests {
    @Test(arguments: NodeCheck.all)
    func `on oxenstored every node is as expected`(check: NodeCheck) throws {
        try check.run(at: try #require(StoreServers.oxenstored))
    }
}
