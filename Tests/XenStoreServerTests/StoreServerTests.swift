import Foundation
import Glibc
import Testing
import XenStoreServer
import XenStoreWire

@Suite struct StoreServerTests {
    @Test func `two clients share a store`() throws {
        let party = try SocketParty()
        let first = try party.client()
        let second = try party.client()
        try party.ask(frame(11, "/a\0x"), frame(11, "OK\0"), by: first)
        try party.ask(frame(2, "/a\0"), frame(2, "x"), by: second)
        try party.ask(frame(4, "/a\0t\0"), frame(4, "OK\0") + event("/a", "t"), by: second)
        try party.ask(frame(13, "/a\0"), frame(13, "OK\0"), by: first)
        #expect(try party.receive(1, by: second) == event("/a", "t"))
    }

    @Test func `a header without its payload stalls nobody`() throws {
        let party = try SocketParty()
        let first = try party.client()
        let second = try party.client()
        let request = frame(2, "/tool\0")
        first.send(Array(request[..<16]))
        try party.settle(turns: 3)
        for _ in 0..<10 { try party.ask(request, frame(2, ""), by: second) }
        try party.ask(Array(request[16...]), frame(2, ""), by: first)
    }

    @Test func `a client that never reads is not read without bound and stalls nobody`() throws {
        let party = try SocketParty()
        let deaf = try party.client()
        let other = try party.client()
        let value = String(repeating: "v", count: 4000)
        try party.ask(frame(11, "/a\0" + value), frame(11, "OK\0"), by: other)
        let requests = (0..<100).flatMap { _ in frame(2, "/a\0") }
        var sent = 0
        var refusals = 0
        for _ in 0..<100_000 where refusals < 100 {
            let taken = deaf.send(Array(requests[(sent % requests.count)...]))
            sent += taken
            refusals = taken == 0 ? refusals + 1 : 0
            try party.settle()
        }
        #expect(refusals == 100)  // the socket's buffers are full, and the server reads no more
        try party.ask(frame(2, "/a\0"), frame(2, value), by: other)
        // Once the client reads, it is answered all it asked and was taken from it.
        let whole = sent / frame(2, "/a\0").count * 4016
        #expect(try party.receive(whole, by: deaf, turns: 100_000).count == whole)
    }

    @Test func `a payload over the limit ends the connection`() throws {
        let party = try SocketParty()
        let client = try party.client()
        let other = try party.client()
        client.send(Array(frame(11, bytes: [UInt8](repeating: 0x61, count: 4097))[..<16]))
        #expect(try party.isEnded(client))
        try party.ask(frame(2, "/tool\0"), frame(2, ""), by: other)
    }

    @Test func `what a client leaves goes with it`() throws {
        let party = try SocketParty()
        let other = try party.client()
        do {
            let client = try party.client()
            try party.ask(frame(6, "\0"), frame(6, "1\0"), by: client)
            try party.ask(
                frame(11, "/a\0x", transaction: 1), frame(11, "OK\0", transaction: 1), by: client)
            client.send(frame(2, "/tool\0"))
        }
        try party.settle(turns: 3)
        try party.ask(frame(2, "/a\0"), error("ENOENT"), by: other)
        try party.ask(frame(11, "/a\0y"), frame(11, "OK\0"), by: other)
    }

    @Test func `a change by the program itself is an event`() throws {
        let party = try SocketParty()
        let client = try party.client()
        try party.ask(frame(4, "/a\0t\0"), frame(4, "OK\0") + event("/a", "t"), by: client)
        let own = party.server.service.engine.connect(domain: 0)
        _ = party.server.service.engine.perform(.write(at("/a"), text: "x"), from: own)
        #expect(try party.receive(1, by: client) == event("/a", "t"))
    }

    @Test func `more clients than are served wait and are not lost`() throws {
        let party = try SocketParty()
        var clients: [SocketClient] = []
        for _ in 0..<64 { clients.append(try SocketClient(party.path)) }
        for client in clients { client.send(frame(2, "/tool\0")) }
        for client in clients {
            #expect(try party.receive(16, by: client) == frame(2, ""))
        }
    }
}

@Suite struct StoreServerLifeTests {
    @Test func `the stopper ends a run from another thread`() throws {
        let party = try SocketParty()
        let stopper = party.server.stopper
        let path = party.path
        let thread = Thread {
            defer { stopper.stop() }
            guard let client = try? SocketClient(path) else { return }
            client.send(frame(11, "/a\0x"))
            _ = client.waitReadable()
        }
        thread.start()
        var turns = 0
        try party.server.run { _ in turns += 1 }
        #expect(party.server.service.engine.value(at: at("/a")) == [0x78])
        #expect(turns >= 2)
    }

    @Test func `a run that was stopped before ends at once`() throws {
        let party = try SocketParty()
        party.server.stopper.stop()
        try party.server.run()
        #expect(try !party.server.turn(nanoseconds: -1))
    }

    @Test func `a stopper may outlive its server`() throws {
        let stopper = try SocketParty().server.stopper
        stopper.stop()
    }

    @Test func `the socket is private and goes with the server`() throws {
        let directory = try makeDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appendingPathComponent("socket").path
        do {
            let server = try StoreServer(path: path)
            var found = stat()
            #expect(unsafe lstat(path, &found) == 0)
            #expect(found.st_mode & 0o777 == 0o600)
            try server.turn(nanoseconds: 0)
        }
        #expect(!FileManager.default.fileExists(atPath: path))
        _ = try StoreServer(path: path)
    }

    @Test func `a socket nobody listens at is replaced`() throws {
        let directory = try makeDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appendingPathComponent("socket").path
        let stale = try makeSocket()
        #expect(bindSocket(stale, to: path) == 0)
        #expect(close(stale) == 0)
        let server = try StoreServer(path: path)
        _ = try SocketClient(path)
        try server.turn(nanoseconds: 0)
    }

    @Test func `a socket somebody listens at is refused and left alone`() throws {
        let party = try SocketParty()
        let failure = #expect(throws: StoreServerError.self) { try StoreServer(path: party.path) }
        #expect(failure?.code == .inUse)
        let client = try party.client()
        try party.ask(frame(2, "/tool\0"), frame(2, ""), by: client)
    }

    @Test func `a socket whose queue is full is refused`() throws {
        let directory = try makeDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appendingPathComponent("socket").path
        let busy = try makeSocket()
        defer { _ = close(busy) }
        #expect(bindSocket(busy, to: path) == 0)
        #expect(listen(busy, 0) == 0)
        var waiting: [Int32] = []
        defer { for number in waiting { _ = close(number) } }
        repeat {
            waiting.append(try makeSocket())
        } while connectSocket(waiting[waiting.count - 1], to: path) == 0
        let failure = #expect(throws: StoreServerError.self) { try StoreServer(path: path) }
        #expect(failure?.code == .inUse)
    }

    @Test func `a file that is no socket is left alone`() throws {
        let directory = try makeDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appendingPathComponent("socket")
        try Data("mine".utf8).write(to: file)
        let failure = #expect(throws: StoreServerError.self) { try StoreServer(path: file.path) }
        #expect(failure?.code == .notSocket)
        #expect(try Data(contentsOf: file) == Data("mine".utf8))
    }

    @Test(arguments: [
        "/no/such/directory/socket",  // no directory
        "/tmp/" + String(repeating: "x", count: 108),  // longer than a socket's path may be
        "",  // nothing
        "/tmp/a\0b",  // a NUL
    ])
    func `a bad path is an error`(_ path: String) {
        let failure = #expect(throws: StoreServerError.self) { try StoreServer(path: path) }
        #expect(failure?.code == .failed)
    }

    @Test func `another server's socket is not removed`() throws {
        let directory = try makeDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appendingPathComponent("socket").path
        var first: StoreServer? = try StoreServer(path: path)
        try first?.turn(nanoseconds: 0)
        try FileManager.default.removeItem(atPath: path)
        let second = try StoreServer(path: path)
        first = nil
        _ = try SocketClient(path)
        try second.turn(nanoseconds: 0)
    }
}
