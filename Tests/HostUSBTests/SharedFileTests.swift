import Foundation
import HostUSB
import TestSupport
import Testing
import USBModel

struct SharedFileTests {
    private let directory: TemporaryDirectory
    private var path: String { directory.path("file") }

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func text() throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    }

    @Test func `a file is read once, and again when another has replaced it`() throws {
        try directory.write("one", to: "file")
        let (first, second) = (try SharedFile(path), try SharedFile(path))
        #expect(try first.readIfReplaced() == Array("one".utf8))
        #expect(try first.readIfReplaced() == nil)
        try second.replace(with: Array("two".utf8))
        #expect(try second.readIfReplaced() == nil, "one's own version is known")
        #expect(try first.readIfReplaced() == Array("two".utf8))
        #expect(try first.readIfReplaced() == nil)
    }

    @Test func `each of many replacements is noticed, though inodes are used again`() throws {
        let (writer, reader) = (try SharedFile(path), try SharedFile(path))
        for number in 0..<200 {
            let bytes = Array("\(number)".utf8)
            try writer.replace(with: bytes)
            #expect(try reader.readIfReplaced() == bytes)
        }
    }

    @Test func `a file that is not there can be named, not read`() throws {
        let file = try SharedFile(path)
        #expect(throws: FileErrno.noEntry) { try file.readIfReplaced() }
        try file.replace(with: [])
        #expect(try SharedFile(path).readIfReplaced() == [])
        try FileManager.default.removeItem(atPath: path)
        #expect(throws: FileErrno.noEntry) { try file.readIfReplaced() }
    }

    @Test func `a file of more than 64 MiB is refused`() throws {
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.truncate(atOffset: (1 << 26) + 1)
        try handle.close()
        let file = try SharedFile(path)
        #expect(throws: FileErrno.tooLarge) { try file.readIfReplaced() }
    }

    @Test func `a folder that is not there is refused at once`() {
        #expect(throws: FileErrno.noEntry) { try SharedFile(directory.path("no/file")) }
        #expect(throws: FileErrno.invalid) { try SharedFile("\(path)\u{0}") }
    }

    @Test func `what was left of a temporary file is overwritten, all of it`() throws {
        try directory.write(String(repeating: "x", count: 10_000), to: "file.tmp")
        try SharedFile(path).replace(with: Array("new".utf8))
        #expect(try text() == "new")
        #expect(try SystemFiles().list(directory.path) == ["file", "file.lock"])
    }

    @Test func `a replacement that fails leaves the old file`() throws {
        try directory.write("old", to: "file")
        let file = try SharedFile(path)
        #expect(try file.readIfReplaced() != nil)
        try directory.write("", to: "file.tmp/in-the-way")
        #expect(throws: FileErrno(rawValue: 21)) { try file.replace(with: Array("new".utf8)) }
        #expect(try text() == "old")
        #expect(try file.readIfReplaced() == nil)
    }

    @Test func `the lock file's inode never changes`() throws {
        func inode() throws -> UInt64? {
            try FileManager.default.attributesOfItem(atPath: "\(path).lock")[.systemFileNumber]
                as? UInt64
        }
        let file = try SharedFile(path)
        let before = try inode()
        for _ in 0..<3 { try file.replace(with: [1]) }
        _ = try SharedFile(path)
        #expect(try inode() == before)
    }

    // MARK: - One at a time

    struct Refused: Error, Equatable {
        let errno: FileErrno
    }

    @Test func `the body's value and its error come out, and the lock is free again`() throws {
        let (first, second) = (try SharedFile(path), try SharedFile(path))
        let failure = Refused(errno: .busy)
        #expect(throws: failure) {
            try first.exclusively { () throws(Refused) in
                throw failure
            } else: {
                Refused(errno: $0)
            }
        }
        let value = try second.exclusively { () throws(Refused) in
            7
        } else: {
            Refused(errno: $0)
        }
        #expect(value == 7)
    }

    /// Adds one to the number in a file, often; a lost update shows in the sum.
    private static func count(_ path: String, times: Int) throws {
        let file = try SharedFile(path)
        var number = 0
        for _ in 0..<times {
            try file.exclusively { () throws(Refused) in
                do throws(FileErrno) {
                    if let bytes = try file.readIfReplaced() {
                        number = Int(String(decoding: bytes, as: UTF8.self)) ?? -1
                    }
                    number += 1
                    try file.replace(with: Array("\(number)".utf8))
                } catch {
                    throw Refused(errno: error)
                }
            } else: {
                Refused(errno: $0)
            }
        }
    }

    @Test func `of many who change the file none loses a change`() async throws {
        try directory.write("0", to: "file")
        let path = path
        try await withThrowingTaskGroup { group in
            for _ in 0..<4 { group.addTask { try Self.count(path, times: 50) } }
            try await group.waitForAll()
        }
        #expect(try text() == "200")
    }
}
