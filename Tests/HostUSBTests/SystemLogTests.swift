import Foundation
import HostUSB
import TestSupport
import Testing

struct SystemLogTests {
    @Test func `a line goes to the log with who wrote it`() throws {
        let directory = try TemporaryDirectory()
        let listener = try LogListener(directory.path("log"))
        SystemLog(path: directory.path("log")).write("goal=host")
        let process = getpid()
        #expect(
            listener.next() == "<29>pvusb[\(process)]: uid=\(getuid()) pid=\(process) goal=host")
    }

    @Test func `a line that is too long is cut`() throws {
        let directory = try TemporaryDirectory()
        let listener = try LogListener(directory.path("log"))
        SystemLog(path: directory.path("log")).write(String(repeating: "x", count: 9000))
        #expect(listener.next().utf8.count == SystemLog.bytesMax)
    }

    @Test(arguments: ["/nowhere/log", "/" + String(repeating: "p", count: 200)])
    func `a log that is not there is no failure`(path: String) {
        SystemLog(path: path).write("goal=host")
        #expect(!FileManager.default.fileExists(atPath: path))
    }
}
