import CLinux
import DeviceModel
import Foundation
import TestSupport
import Testing

/// The client against a QEMU that follows a script.
struct QMPClientTests {
    private static let uuid = "1d3f6f0a-0003-4a7e-9c55-00163e5e6c00"
    private static let guest = QMPGuest(domain: 3, uuid: uuid)
    private static let list = QMPCommand("qom-list", ["path": .text("/machine/peripheral")])

    private static let event =
        #"{"event": "DEVICE_DELETED", "data": {"device": "x"}, "#
        + #""timestamp": {"seconds": 1, "microseconds": 2}}"# + "\r\n"

    private static func answered(_ line: String) -> [FakeQEMU.Act] {
        [.send(FakeQEMU.greeting), .hear, .send(FakeQEMU.ready), .hear, .send(line)]
    }

    private static func failure(
        of client: QMPClient, _ guest: QMPGuest = guest
    ) -> QMPFailure? {
        do throws(QMPFailure) {
            _ = try client.execute(list, guest: guest)
            return nil
        } catch {
            return error
        }
    }

    @Test func `it greets, negotiates, asks and goes, and leaves no lock`() throws {
        let qemu = try FakeQEMU([Self.answered(#"{"return": [], "id": 2}"# + "\r\n")])
        #expect(try qemu.client().execute(Self.list, guest: Self.guest) == .list([]))
        #expect(
            qemu.heard == [
                #"{"arguments":{},"execute":"qmp_capabilities","id":1}"#,
                #"{"arguments":{"path":"/machine/peripheral"},"execute":"qom-list","id":2}"#,
            ])
        let names = try FileManager.default.contentsOfDirectory(atPath: qemu.directory.path)
        #expect(names == ["qmp-libxl-3"])
    }

    @Test func `each command is a connection of its own`() throws {
        let line = #"{"return": {}, "id": 2}"# + "\r\n"
        let qemu = try FakeQEMU([Self.answered(line), Self.answered(line)])
        let client = qemu.client()
        for _ in 0..<2 { _ = try client.execute(Self.list, guest: Self.guest) }
        #expect(qemu.heard.count == 4)
    }

    @Test func `events may come before any answer`() throws {
        let qemu = try FakeQEMU([
            [
                .send(FakeQEMU.greeting), .hear, .send(Self.event + FakeQEMU.ready), .hear,
                .send(Self.event + Self.event + #"{"return": "text", "id": 2}"# + "\r\n"),
            ]
        ])
        #expect(try qemu.client().execute(Self.list, guest: Self.guest) == .text("text"))
    }

    @Test func `lines may be cut at any byte`() throws {
        let qemu = try FakeQEMU([
            [
                .drip(FakeQEMU.greeting), .hear, .drip(Self.event), .drip(FakeQEMU.ready), .hear,
                .drip(#"{"return": 7, "id": 2}"# + "\r\n"),
            ]
        ])
        #expect(try qemu.client().execute(Self.list, guest: Self.guest) == .number(7))
    }

    @Test func `a refusal is told by class and sentence`() throws {
        let line = #"{"error": {"class": "DeviceNotFound", "desc": "no x"}, "id": 2}"# + "\r\n"
        let qemu = try FakeQEMU([Self.answered(line)])
        #expect(
            Self.failure(of: qemu.client())
                == .refused(errorClass: "DeviceNotFound", description: "no x"))
    }

    @Test func `what cannot be parsed is refused without an id`() throws {
        let line = #"{"error": {"class": "GenericError", "desc": "bad"}}"# + "\r\n"
        let qemu = try FakeQEMU([Self.answered(line)])
        #expect(
            Self.failure(of: qemu.client())
                == .refused(errorClass: "GenericError", description: "bad"))
    }

    // MARK: - What is no QMP

    static let broken: [(script: [FakeQEMU.Act], failure: QMPFailure)] = [
        ([.send(FakeQEMU.ready)], .malformed("QEMU did not greet")),
        ([.send("hello\r\n")], .malformed("a line is not JSON: hello")),
        (
            [.send(FakeQEMU.greeting), .hear, .send(FakeQEMU.greeting)],
            .malformed("QEMU greeted twice")
        ),
        (
            answered(#"{"return": {}, "id": 9}"# + "\r\n"),
            .malformed("QEMU answered what it was not asked")
        ),
        (
            answered(#"{"error": {"class": "GenericError", "desc": ""}, "id": 1}"# + "\r\n"),
            .malformed("QEMU answered what it was not asked")
        ),
        ([.hangUp], .unreachable("QEMU closed the connection")),
        (
            [.send(FakeQEMU.greeting), .hear, .hangUp],
            .unreachable("QEMU closed the connection")
        ),
        (
            [.send(FakeQEMU.greeting), .hear, .send(FakeQEMU.ready), .hear, .send(#"{"retu"#)],
            .unreachable("QEMU closed the connection")
        ),
    ]

    @Test(arguments: broken)
    func `what is no answer is told`(script: [FakeQEMU.Act], failure: QMPFailure) throws {
        let qemu = try FakeQEMU([script])
        #expect(Self.failure(of: qemu.client()) == failure)
        let names = try FileManager.default.contentsOfDirectory(atPath: qemu.directory.path)
        #expect(names == ["qmp-libxl-3"], "no lock is left")
    }

    @Test(arguments: [
        [FakeQEMU.Act.keepSilent], [.send(FakeQEMU.greeting), .hear, .keepSilent],
        [.send(FakeQEMU.greeting), .hear, .send(FakeQEMU.ready), .hear, .keepSilent],
    ])
    func `who never answers is not waited for longer than was said`(script: [FakeQEMU.Act]) throws {
        let qemu = try FakeQEMU([script])
        #expect(
            Self.failure(of: qemu.client(timeoutMilliseconds: 50))
                == .unreachable("QEMU did not answer in time"))
    }

    @Test func `a QEMU that is not there is unreachable`() throws {
        let qemu = try FakeQEMU([])
        let other = QMPGuest(domain: 4, uuid: Self.uuid)
        let path = qemu.directory.path("qmp-libxl-4")
        #expect(
            Self.failure(of: qemu.client(), other)
                == .unreachable("QEMU can't be reached at \(path) (errno 2)"))
    }

    // MARK: - libxl's lock

    private static func lockPath(_ qemu: FakeQEMU) -> String {
        qemu.directory.path("userdata-l.3.\(uuid).qmp-socket-lock")
    }

    @Test func `without a uuid there is no lock, and nothing is asked`() throws {
        let qemu = try FakeQEMU([])
        #expect(
            Self.failure(of: qemu.client(), QMPGuest(domain: 3, uuid: nil))
                == .unreachable("the uuid of domain 3 is not known"))
    }

    @Test func `while xl has the lock nothing is asked`() throws {
        let qemu = try FakeQEMU([])
        let path = Self.lockPath(qemu)
        let file = unsafe pvusb_open_lock(path)
        #expect(pvusb_flock_try(file) == 0)
        #expect(
            Self.failure(of: qemu.client(timeoutMilliseconds: 50))
                == .unreachable("another program is talking to QEMU: it has libxl's lock \(path)"))
        #expect(FileManager.default.fileExists(atPath: path), "another's lock is not removed")
        _ = pvusb_close(file)
    }

    @Test func `the lock of a file that its holder removed is no lock`() throws {
        let line = #"{"return": {}, "id": 2}"# + "\r\n"
        let qemu = try FakeQEMU([Self.answered(line)])
        let path = Self.lockPath(qemu)
        let file = unsafe pvusb_open_lock(path)
        #expect(pvusb_flock_try(file) == 0)
        // As libxl ends: the file is removed, then closed.
        Thread {
            while unsafe pvusb_is_file_at(file, path) == 1, qemu.heard.isEmpty {
                _ = unsafe pvusb_unlink(path)
            }
            _ = pvusb_close(file)
        }.start()
        #expect(try qemu.client().execute(Self.list, guest: Self.guest) == .object([:]))
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func `a lock file that a killed process left is taken over`() throws {
        let line = #"{"return": {}, "id": 2}"# + "\r\n"
        let qemu = try FakeQEMU([Self.answered(line)])
        try Data().write(to: URL(fileURLWithPath: Self.lockPath(qemu)))
        #expect(try qemu.client().execute(Self.list, guest: Self.guest) == .object([:]))
        #expect(!FileManager.default.fileExists(atPath: Self.lockPath(qemu)))
    }
}
