import Foundation
import HostUSB
import Simulation
import TestSupport
import Testing
import USBModel
import XenStoreWire

struct WorldFileRefusalTests {
    private let directory: TemporaryDirectory
    private var path: String { directory.path("world.json") }

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func text(_ name: String) throws -> String {
        String(
            decoding: try Data(contentsOf: URL(fileURLWithPath: directory.path(name))),
            as: UTF8.self)
    }

    @Test(arguments: [0, 1, 100, 1 << 20, (1 << 20) + 1])
    func `a new world never takes an existing file's place`(length: Int) throws {
        let content = String(repeating: "x", count: length)
        try directory.write(content, to: "world.json")
        let failure = WorldFailure(
            "it exists already", remedy: "name another file, or remove it")
        #expect(throws: failure) { try WorldFile.create(path, .builtIn()) }
        #expect(try text("world.json") == content)
        #expect(try SystemFiles().list(directory.path) == ["world.json"])
    }

    @Test func `a new world wants a folder, and a name that is none`() throws {
        #expect(throws: WorldFailure("its folder does not exist")) {
            try WorldFile.create(directory.path("no/world.json"), .builtIn())
        }
        #expect(throws: WorldFailure("it can't be used (errno 21)")) {
            try WorldFile.create(directory.path, .builtIn())
        }
    }

    @Test func `a new world is the world, and its owner's alone`() throws {
        try WorldFile.create(path, .builtIn())
        #expect(try Array(text("world.json").utf8) == World.builtIn().json())
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test func `a file that is not there is not made by looking`() throws {
        let failure = WorldFailure(
            "it does not exist", remedy: "make it: pvusb sandbox new FILE")
        #expect(throws: failure) { try WorldFile(path) }
        #expect(throws: failure) { try SimulatedHost(file: path, stopSignals: .ignored) }
        #expect(try SystemFiles().list(directory.path) == [])
    }

    @Test func `a file that is no world is left as it is`() throws {
        try directory.write("{\"kind\": \"Wor", to: "world.json")
        let failure = WorldFailure(
            "it is no whole JSON document (13 bytes)",
            remedy: "make a new one: pvusb sandbox new FILE")
        #expect(throws: failure) { try SimulatedHost(file: path, stopSignals: .ignored) }
        #expect(try text("world.json") == "{\"kind\": \"Wor")
    }

    @Test func `a world longer than the files seam reads can be used`() throws {
        var world = World.builtIn()
        let value = String(repeating: "v", count: 2_000)
        for number in 0..<600 { world.set("/long/\(number)", value) }
        try WorldFile.create(path, world)
        let host = try SimulatedHost(file: path, stopSignals: .ignored)
        #expect(try host.perform([.write(at("/a"), text: "1")]) == [.done])
        #expect(try text("world.json").utf8.count > FileRequest.readMax)
    }

    @Test func `a file that goes or breaks meanwhile is a lost store, not a crash`() throws {
        try WorldFile.create(path, .builtIn())
        let host = try SimulatedHost(file: path, stopSignals: .ignored)
        try FileManager.default.removeItem(atPath: path)
        #expect(reason(of: host).contains("it does not exist"))
        #expect(throws: FileErrno.inputOutput) { try host.list("/sys/bus/usb/devices") }
        #expect(host.wait(for: .store, until: 1) == .timedOut)
        try directory.write("[]", to: "world.json")
        #expect(reason(of: host).contains("it is JSON, but no world"))
        #expect(try text("world.json") == "[]")
        try FileManager.default.removeItem(atPath: path)
        try WorldFile.create(path, .builtIn())
        #expect(try host.perform([.read(at("/tool"))]) == [.value([])])
    }

    /// Why the store can't be asked.
    private func reason(of host: SimulatedHost) -> String {
        let error = #expect(throws: (any Error).self) { try host.perform([.read(at("/tool"))]) }
        return error.map { "\($0)" } ?? ""
    }
}
