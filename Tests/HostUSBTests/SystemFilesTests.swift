import Foundation
import TestSupport
import Testing
import USBModel

@testable import HostUSB

struct SystemFilesTests {
    private let directory: TemporaryDirectory
    private let files = SystemFiles()

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func mode(_ name: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: directory.path(name))[.posixPermissions]
            as? Int
    }

    @Test func `a read of sysfs asks for a page, of which a shorter answer is the end`() throws {
        #expect(Descriptor.bufferSize <= 4_096, "binary attributes come page by page")
        for size in [0, 1, 4_095, 4_096, 4_097, 8_192, 12_289] {
            let text = String(repeating: "d", count: size)
            try directory.write(text, to: "descriptors")
            let bytes = try SystemFiles(sysfs: directory.path).read("/sys/descriptors")
            #expect(bytes == Array(text.utf8))
        }
    }

    @Test func `names are sorted by bytes, hidden ones included`() throws {
        for name in ["b", "a", "B", ".h", "é", "a1"] { try directory.write("", to: name) }
        #expect(try files.list(directory.path) == [".h", "B", "a", "a1", "b", "é"])
    }

    @Test func `a directory of many names is listed whole`() throws {
        let names = (100..<400).map { "a-name-of-some-length-\($0)" }
        for name in names { try directory.write("", to: name) }
        #expect(try files.list(directory.path) == names)
    }

    @Test func `a file is read whole, an empty one too`() throws {
        try directory.write("", to: "empty")
        try directory.write(String(repeating: "x", count: 20_000), to: "long")
        #expect(try files.read(directory.path("empty")) == [])
        #expect(try files.read(directory.path("long")).count == 20_000)
    }

    @Test func `a file of the greatest length is read, a longer one is not`() throws {
        let limit = FileRequest.readMax
        try directory.write(String(repeating: "x", count: limit), to: "full")
        try directory.write(String(repeating: "x", count: limit + 1), to: "over")
        #expect(try files.read(directory.path("full")).count == limit)
        #expect(throws: FileErrno.tooLarge) { try files.read(directory.path("over")) }
    }

    @Test func `a link is read and not followed`() throws {
        try FileManager.default.createSymbolicLink(
            atPath: directory.path("link"), withDestinationPath: "../nowhere")
        #expect(try files.readLink(directory.path("link")) == "../nowhere")
        try directory.write("", to: "plain")
        #expect(throws: FileErrno.invalid) { try files.readLink(directory.path("plain")) }
    }

    @Test func `a write changes an existing file in place, and creates none`() throws {
        try directory.write("0123456789", to: "bind")
        try files.write("3-1:1.0", to: directory.path("bind"))
        #expect(try files.read(directory.path("bind")) == Array("3-1:1.0789".utf8))
        #expect(throws: FileErrno.noEntry) { try files.write("x", to: directory.path("none")) }
        #expect(try files.list(directory.path) == ["bind"])
    }

    @Test func `a write that the kernel refuses is its errno`() {
        #expect(throws: FileErrno(rawValue: 28)) { try files.write("x", to: "/dev/full") }
    }

    @Test func `a replaced file is a new one of mode 0600, and nothing is left beside it`() throws {
        try directory.write("old and longer", to: "file")
        try files.replace(directory.path("file"), with: Array("new".utf8))
        try files.replace(directory.path("fresh"), with: [0, 1, 2])
        #expect(try files.read(directory.path("file")) == Array("new".utf8))
        #expect(try files.read(directory.path("fresh")) == [0, 1, 2])
        #expect(try mode("file") == 0o600)
        #expect(try files.list(directory.path) == ["file", "fresh"])
    }

    @Test func `a replacement that fails leaves nothing behind`() throws {
        try directory.write("", to: "busy/child")
        #expect(throws: FileErrno.self) { try files.replace(directory.path("busy"), with: [1]) }
        #expect(try files.list(directory.path) == ["busy"])
        #expect(throws: FileErrno.noEntry) {
            try files.replace(directory.path("none/file"), with: [1])
        }
    }

    @Test(arguments: ["", "\u{0}", "/etc/passwd\u{0}.txt"])
    func `a path the kernel would cut is refused`(path: String) {
        #expect(throws: FileErrno.self) { try files.read(path) }
        #expect(throws: FileErrno.self) { try files.list(path) }
        #expect(throws: FileErrno.self) { try files.readLink(path) }
        #expect(throws: FileErrno.self) { try files.write("", to: path) }
        #expect(throws: FileErrno.self) { try files.replace(path, with: []) }
    }

    @Test func `only paths below sys are mapped`() throws {
        try directory.write("here", to: "bus/x")
        try directory.write("elsewhere", to: "sysroot")
        let mapped = SystemFiles(sysfs: directory.path)
        #expect(try mapped.read("/sys/bus/x") == Array("here".utf8))
        #expect(try mapped.list("/sys") == ["bus", "sysroot"])
        #expect(try mapped.read(directory.path("bus/x")) == Array("here".utf8))
        #expect(throws: FileErrno.noEntry) { try mapped.read("/sysroot") }
    }

    @Test func `a sysfs is known by its type`() {
        #expect(!SystemFiles(sysfs: directory.path).sysfsIsReal)
        #expect(!SystemFiles(sysfs: directory.path("none")).sysfsIsReal)
        #expect(!SystemFiles(sysfs: "/proc").sysfsIsReal)
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/sys/kernel")))
    func `the host's own sysfs is one`() {
        #expect(SystemFiles().sysfsIsReal)
    }

    @Test func `requests are performed in order and a refusal ends nothing`() throws {
        try directory.write("abc", to: "file")
        let path = directory.path("file")
        let replies = files.perform([
            .read(directory.path("none")), .write(path, "x"), .read(path), .list(directory.path),
        ])
        #expect(
            replies == [
                .failure(.noEntry), .done, .bytes(Array("xbc".utf8)), .names(["file"]),
            ])
    }
}
