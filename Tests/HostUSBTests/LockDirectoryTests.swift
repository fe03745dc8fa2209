import Foundation
import HostUSB
import TestSupport
import Testing

struct LockDirectoryTests {
    private let directory: TemporaryDirectory
    private let pid = ProcessInfo.processInfo.processIdentifier

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func locks() throws -> LockDirectory {
        try LockDirectory(path: directory.path("locks"))
    }

    @Test func `one seam takes a lock, another one sees who has it`() throws {
        let (first, second) = (try locks(), try locks())
        #expect(try first.tryLock("device-3-1") == .taken)
        #expect(try second.tryLock("device-3-1") == .held(by: pid))
        #expect(try second.holder(of: "device-3-1") == .held(by: pid))
        #expect(try second.tryLock("device-3-2") == .taken)
    }

    @Test func `a lock one has is taken again and looks free`() throws {
        let locks = try locks()
        #expect(try locks.tryLock("claim") == .taken)
        #expect(try locks.tryLock("claim") == .taken)
        #expect(try locks.holder(of: "claim") == .taken)
    }

    @Test func `a lock given back is free, and its file stays`() throws {
        let (first, second) = (try locks(), try locks())
        #expect(try first.tryLock("claim") == .taken)
        first.unlock("claim")
        #expect(try second.holder(of: "claim") == .taken)
        #expect(try second.tryLock("claim") == .taken)
        #expect(try first.tryLock("claim") == .held(by: pid))
        #expect(try SystemFiles().list(directory.path("locks")) == ["claim.lock"])
    }

    @Test func `a lock goes with its seam`() throws {
        let second = try locks()
        do {
            let first = try locks()
            #expect(try first.tryLock("claim") == .taken)
            #expect(try second.tryLock("claim") == .held(by: pid))
        }
        #expect(try second.tryLock("claim") == .taken)
    }

    @Test func `a lock goes with a process that is killed`() async throws {
        let path = directory.path("locks")
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let locks = try LockDirectory(path: path)
            #expect(try locks.tryLock("claim") == .taken)
            kill(getpid(), SIGKILL)
        }
        #expect(try SystemFiles().list(path) == ["claim.lock"])
        #expect(try locks().tryLock("claim") == .taken)
    }

    @Test func `looking creates no file, and giving back what one lacks does nothing`() throws {
        let (first, second) = (try locks(), try locks())
        #expect(try first.holder(of: "claim") == .taken)
        #expect(try SystemFiles().list(directory.path("locks")) == [])
        #expect(try first.tryLock("claim") == .taken)
        second.unlock("claim")
        #expect(try second.holder(of: "claim") == .held(by: pid))
    }

    @Test func `a file without a process id still tells that the lock is held`() throws {
        let (first, second) = (try locks(), try locks())
        #expect(try first.tryLock("claim") == .taken)
        try directory.write("nonsense\n", to: "locks/claim.lock")
        #expect(try second.holder(of: "claim") == .held(by: nil))
    }

    @Test(arguments: [
        ("claim", "claim.lock"), ("device-3-1.2_x", "device-3-1.2_x.lock"),
        ("a/b", "a%2fb.lock"), ("..", "...lock"), ("", ".lock"), ("50%", "50%25.lock"),
        ("\u{0}", "%00.lock"), ("é", "%c3%a9.lock"),
    ])
    func `any name is one file of the directory`(name: String, file: String) throws {
        let (first, second) = (try locks(), try locks())
        #expect(try first.tryLock(name) == .taken)
        #expect(try second.tryLock(name) == .held(by: pid))
        #expect(try SystemFiles().list(directory.path("locks")) == [file])
    }

    @Test func `a name too long for a file is a failure`() throws {
        let locks = try locks()
        let name = String(repeating: "x", count: 300)
        #expect(throws: LocksFailure.self) { try locks.tryLock(name) }
        #expect(throws: LocksFailure.self) { try locks.holder(of: name) }
    }

    @Test func `the directory is made for its owner alone`() throws {
        _ = try locks()
        let mode = try FileManager.default.attributesOfItem(
            atPath: directory.path("locks"))[.posixPermissions]
        #expect(mode as? Int == 0o700)
    }

    @Test func `a directory that is not ours alone is refused`() throws {
        try directory.write("", to: "file")
        #expect(throws: LocksFailure.self) { try LockDirectory(path: directory.path("file")) }
        #expect(throws: LocksFailure.self) { try LockDirectory(path: directory.path("a/b")) }
        #expect(throws: LocksFailure.self) { try LockDirectory(path: "") }
        let shared = directory.path("shared")
        try FileManager.default.createDirectory(
            atPath: shared, withIntermediateDirectories: false)
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: shared)
        #expect(throws: LocksFailure.self) { try LockDirectory(path: shared) }
        let link = directory.path("link")
        _ = try locks()
        try FileManager.default.createSymbolicLink(
            atPath: link, withDestinationPath: directory.path("locks"))
        #expect(throws: LocksFailure.self) { try LockDirectory(path: link) }
    }
}
