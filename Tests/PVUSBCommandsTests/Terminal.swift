import Foundation
import Glibc
import TestSupport

/// A terminal of a test's own.
enum Terminal {
    /// A terminal could not be made.
    struct Failure: Error {
        let errno: Int32
    }

    /// What `pvusb` writes to a terminal, with the terminal's line ends taken back.
    static func output(of words: [String], in sandbox: Sandbox) throws -> String {
        var (master, slave): (Int32, Int32) = (-1, -1)
        guard unsafe openpty(&master, &slave, nil, nil, nil) == 0 else {
            throw Failure(errno: errno)
        }
        let reader = FileHandle(fileDescriptor: master, closeOnDealloc: true)
        let terminal = FileHandle(fileDescriptor: slave, closeOnDealloc: true)
        let process = try Program.start(
            try Program.pvusb(), words, in: sandbox.directory.path,
            environment: ["PVUSB_SANDBOX": Sandbox.file], output: terminal,
            errors: FileHandle.nullDevice)
        try terminal.close()
        let text = read(from: reader.fileDescriptor)
        process.waitUntilExit()
        return text.replacing("\r\n", with: "\n")
    }

    /// Reads until the other side is closed, which a terminal tells as an error.
    private static func read(from descriptor: Int32) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer.prefix(count)
        }
    }
}
