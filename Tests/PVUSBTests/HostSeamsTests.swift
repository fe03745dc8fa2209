import Foundation
import HostUSB
import TestSupport
import Testing
import XenStore

@testable import PVUSB

/// A tree that passes for a host's sysfs, and a place for locks beside it.
private struct Host {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try directory.write("", to: "sys/bus/usb/devices/.keep")
    }

    var sysfs: String { directory.path("sys") }
    var locks: String { directory.path("run") }

    /// The seams of the host itself, as with a real sysfs.
    func seams(
        store: String, locks: String? = nil, changing: Bool = true
    ) throws(PVUSBError) -> Seams {
        let variables = ["XENSTORED_PATH": store, "PVUSB_RUNDIR": locks ?? self.locks]
        return try .host(
            SystemFiles(sysfs: sysfs), isReal: true, changing: changing,
            timeoutMilliseconds: 10_000, environment: { variables[$0] })
    }
}

struct HostSeamsTests {
    private let pid = ProcessInfo.processInfo.processIdentifier

    // MARK: - A copy of sysfs

    @Test func `a copy of sysfs has files, and neither a store nor locks`() throws {
        let host = try Host()
        try ServedStore.run { served in
            let seams = try Seams.thisHost(
                sysfs: host.sysfs, changing: false,
                environment: { $0 == "XENSTORED_PATH" ? served.path : nil })
            #expect(seams.store == nil)
            #expect(try seams.files.list("/sys/bus/usb/devices") == [".keep"])
            #expect(try seams.locks.tryLock("claim") == .taken)
            seams.locks.unlock("claim")
            #expect(try seams.locks.holder(of: "claim") == .taken)
            #expect(seams.deviceModel == nil, "in a copy there is no QEMU")
        }
    }

    @Test func `in a copy of sysfs nothing is changed`() throws {
        let sysfs = try CapturedHost.sysfs()
        let error = #expect(throws: PVUSBError.self) {
            try Seams.thisHost(sysfs: sysfs, changing: true, environment: { _ in nil })
        }
        #expect(
            error
                == PVUSBError(
                    .refused, "\(sysfs) is not a sysfs; in a copy nothing can be changed",
                    remedy: "pvusb sandbox new FILE --sysfs \(sysfs)"))
    }

    @Test(arguments: [true, false])
    func `a host without USB is told what to load`(changing: Bool) throws {
        let path = try TemporaryDirectory().path
        let error = #expect(throws: PVUSBError.self) {
            try Seams.thisHost(sysfs: path, changing: changing, environment: { _ in nil })
        }
        #expect(
            error
                == PVUSBError(
                    .failed, "\(path)/bus/usb/devices can't be listed", cause: "ENOENT",
                    remedy: "load the module usbcore, or name another tree with --sysfs"))
    }

    // MARK: - The store and the locks

    @Test func `a host's store is the one that the environment names`() throws {
        let host = try Host()
        try ServedStore.run { served in
            let node = try writing("/a", "x")
            let seams = try host.seams(store: served.path)
            #expect(try seams.store?.perform([node]) == [.done])
            let other = StoreClient(.socket(served.path))
            let replies = try other.perform([.read(try #require(StorePath("/a")))])
            #expect(replies == [.value([UInt8(ascii: "x")])])
        }
    }

    @Test func `a host without a store has devices only, and needs no locks`() throws {
        let host = try Host()
        let seams = try host.seams(store: host.directory.path("no-socket"))
        #expect(seams.store == nil)
        #expect(try seams.locks.tryLock("claim") == .taken)
        #expect(!FileManager.default.fileExists(atPath: host.locks))
    }

    @Test func `a lock holds for all who use one store, and for nobody else`() throws {
        let host = try Host()
        try ServedStore.run { served in
            try ServedStore.run { other in
                let first = try host.seams(store: served.path)
                let second = try host.seams(store: served.path)
                let stranger = try host.seams(store: other.path)
                #expect(try first.locks.tryLock("claim") == .taken)
                #expect(try second.locks.tryLock("claim") == .held(by: pid))
                #expect(try stranger.locks.tryLock("claim") == .taken)
            }
        }
        let folders = try SystemFiles().list(host.locks)
        #expect(folders.count == 2)
        #expect(folders.allSatisfy { $0.hasPrefix("store-") })
    }

    @Test func `who only looks does without locks that can't be used`() throws {
        let host = try Host()
        let run = host.directory.path("none/run")
        try ServedStore.run { served in
            let seams = try host.seams(store: served.path, locks: run, changing: false)
            #expect(try seams.locks.holder(of: "claim") == .taken)
            let error = #expect(throws: PVUSBError.self) {
                try host.seams(store: served.path, locks: run)
            }
            #expect(
                error
                    == PVUSBError(
                        .permission, "the locks can't be used",
                        cause: "the lock directory \(run) cannot be used: ENOENT",
                        remedy: "run pvusb as root"))
        }
    }

    @Test func `locks in a folder that others may write to are refused`() throws {
        let host = try Host()
        try FileManager.default.createDirectory(
            atPath: host.locks, withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o777])
        #expect(unsafe chmod(host.locks, 0o777) == 0)
        try ServedStore.run { served in
            let error = #expect(throws: PVUSBError.self) { try host.seams(store: served.path) }
            #expect(error?.code == .permission)
        }
    }
}

struct HostClockTests {
    /// A moment no test comes to, in nanoseconds from now.
    private static let far: UInt64 = 60_000_000_000

    private let path = "/watched"

    /// Runs a body with the seams of a host, whose store watches, and another client's store.
    private func withWatch(
        _ body: (_ seams: Seams, _ other: StoreClient, _ served: ServedStore) throws -> Void
    ) throws {
        let host = try Host()
        try ServedStore.run { served in
            let seams = try host.seams(store: served.path)
            let watch = StoreRequest.watch(try #require(StorePath(path)), token: "t")
            #expect(try seams.store?.perform([watch]) == [.done])
            // The first event, which comes at once.
            #expect(seams.clock.wait(for: .store, until: seams.clock.now + Self.far) == .woken)
            try body(seams, StoreClient(.socket(served.path)), served)
        }
    }

    /// Changes what is watched.
    private func change(_ store: StoreClient) throws {
        #expect(try store.perform([try writing(path, "x")]) == [.done])
    }

    @Test func `a change in the store ends a wait for it, once`() throws {
        try withWatch { seams, other, _ in
            let clock = seams.clock
            #expect(clock.wait(for: .store, until: clock.now) == .timedOut)
            try change(other)
            #expect(clock.wait(for: .store, until: clock.now + Self.far) == .woken)
            #expect(clock.wait(for: .store, until: clock.now) == .timedOut)
        }
    }

    @Test func `a change that was heard with a reply is not waited for`() throws {
        try withWatch { seams, other, _ in
            try change(other)
            // A reply comes behind every event that was sent before it.
            _ = try seams.store?.perform([.read(.root)])
            #expect(seams.clock.wait(for: .store, until: seams.clock.now) == .woken)
        }
    }

    @Test func `a change in the store is nothing to one who waits for devices`() throws {
        try withWatch { seams, other, _ in
            // The first wait begins to listen, so one has to look again.
            #expect(seams.clock.wait(for: .hotplug, until: seams.clock.now) == .woken)
            try change(other)
            #expect(seams.clock.wait(for: .hotplug, until: seams.clock.now) == .timedOut)
            #expect(!seams.clock.stopRequested)
        }
    }

    /// Reads so much that the store's memory sets its watches.
    private func lookAround(_ store: (any Store)?) throws {
        let reads = try (0..<40).map { StoreRequest.read(try #require(StorePath("/libxl/\($0)"))) }
        #expect(try store?.perform(reads).count == 40)
    }

    @Test func `a change that only the store's memory watches ends no wait`() throws {
        try withWatch { seams, other, _ in
            let clock = seams.clock
            try lookAround(seams.store)
            #expect(clock.wait(for: .store, until: clock.now) == .timedOut)
            #expect(try other.perform([try writing("/libxl/1/a", "x")]) == [.done])
            let end = clock.now + 100_000_000
            #expect(clock.wait(for: .store, until: end) == .timedOut)
            #expect(clock.now >= end)
            let value = StoreRequest.read(try #require(StorePath("/libxl/1/a")))
            #expect(try seams.store?.perform([value]) == [.value(Array("x".utf8))])
        }
    }

    @Test func `a change that is waited for ends a wait that others did not`() throws {
        try withWatch { seams, other, _ in
            let clock = seams.clock
            try lookAround(seams.store)
            #expect(try other.perform([try writing("/libxl/1/a", "x")]) == [.done])
            try change(other)
            let woken = clock.wait(for: [.store, .hotplug], until: clock.now + Self.far)
            #expect(woken == .woken)
            #expect(clock.wait(for: .store, until: clock.now + Self.far) == .woken)
            #expect(clock.wait(for: .store, until: clock.now) == .timedOut)
        }
    }

    @Test func `what the memory watches is read while one waits for something else`() throws {
        try withWatch { seams, other, _ in
            let clock = seams.clock
            try lookAround(seams.store)
            try change(other)
            #expect(try other.perform([try writing("/libxl/1/a", "x")]) == [.done])
            #expect(clock.wait(for: .tick, until: clock.now) == .timedOut)
            // The caller's events are kept for a wait for them.
            #expect(clock.wait(for: .store, until: clock.now) == .woken)
            #expect(clock.wait(for: .store, until: clock.now) == .timedOut)
        }
    }

    @Test func `a store that goes ends a wait for it, and can't be waited for any more`() throws {
        try withWatch { seams, _, served in
            served.stop()
            let clock = seams.clock
            #expect(clock.wait(for: .store, until: clock.now + Self.far) == .woken)
            #expect(clock.wait(for: .store, until: clock.now) == .timedOut)
        }
    }
}
