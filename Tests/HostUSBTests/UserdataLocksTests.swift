import HostUSB
import TestSupport
import Testing

/// libxl's lock of a domain's files, beside our own locks.
struct UserdataLocksTests {
    private let directory: TemporaryDirectory
    private let name = "userdata-l.1.11111111-2222-3333-4444-555555555555.domain-userdata-lock"

    init() throws { directory = try TemporaryDirectory() }

    private func locks() throws -> UserdataLocks {
        UserdataLocks(
            besides: try LockDirectory(path: directory.path("own")), directory: directory.path)
    }

    @Test func `one of two has it, and the file goes with the lock`() throws {
        let (first, second) = (try locks(), try locks())
        #expect(try first.tryLock(name) == .taken)
        #expect(try first.tryLock(name) == .taken)
        #expect(try second.tryLock(name) == .held(by: nil))
        #expect(try SystemFiles().list(directory.path) == ["own", name])
        second.unlock(name)
        #expect(try second.tryLock(name) == .held(by: nil))
        first.unlock(name)
        #expect(try SystemFiles().list(directory.path) == ["own"])
        #expect(try second.tryLock(name) == .taken)
    }

    @Test func `a lock that nobody gave back goes with whoever had it`() throws {
        var first: UserdataLocks? = try locks()
        #expect(try first?.tryLock(name) == .taken)
        first = nil
        #expect(try locks().tryLock(name) == .taken)
    }

    @Test func `our own locks are taken as ever`() throws {
        let (first, second) = (try locks(), try locks())
        #expect(try first.tryLock("claim") == .taken)
        guard case .held = try second.tryLock("claim") else {
            Issue.record("two have the lock")
            return
        }
        guard case .held = try second.holder(of: "claim") else {
            Issue.record("nobody has the lock")
            return
        }
        first.unlock("claim")
        #expect(try second.holder(of: "claim") == .taken)
        #expect(try second.holder(of: name) == .taken)
    }

    @Test func `without libxl's directory the lock can't be taken, and that is said`() throws {
        let locks = UserdataLocks(
            besides: try LockDirectory(path: directory.path("own")), directory: "/nowhere")
        #expect(
            throws: LocksFailure("libxl's lock /nowhere/\(name) can't be taken: ENOENT")
        ) {
            try locks.tryLock(name)
        }
    }
}
