import Foundation
import HostUSB
import TestSupport
import Testing
import USBModel

struct FolderWatchTests {
    private let directory: TemporaryDirectory
    private let clock: SystemClock
    private let watch: FolderWatch

    init() throws {
        directory = try TemporaryDirectory()
        clock = try SystemClock()
        watch = try FolderWatch(folderOf: directory.path("file"))
        try clock.register(descriptor: watch.descriptor, for: .hotplug)
    }

    /// Whether something was renamed: an event is there as soon as the rename is done.
    private func hears() -> Bool { clock.wait(for: .hotplug, until: 0) == .woken }

    @Test func `a file that is replaced is heard of, once`() throws {
        #expect(!hears())
        try SystemFiles().replace(directory.path("file"), with: [1])
        #expect(hears())
        #expect(hears(), "until it is drained")
        watch.drain()
        #expect(!hears())
        try SystemFiles().replace(directory.path("file"), with: [2])
        try SystemFiles().replace(directory.path("file"), with: [3])
        #expect(hears())
        watch.drain()
        #expect(!hears())
    }

    @Test func `a file that is only used is not`() throws {
        let file = try SharedFile(directory.path("file"))
        try file.exclusively({ () throws(FileErrno) in }, else: { $0 })
        #expect(!hears())
    }

    @Test(arguments: [("none/file", FileErrno.noEntry), ("\0", .invalid)])
    func `a folder that is not there can't be watched`(name: String, errno: FileErrno) throws {
        try Data().write(to: URL(fileURLWithPath: directory.path("plain")))
        #expect(throws: errno) { try FolderWatch(folderOf: directory.path(name)) }
        #expect(throws: FileErrno.notDirectory) {
            try FolderWatch(folderOf: directory.path("plain/file"))
        }
    }
}
