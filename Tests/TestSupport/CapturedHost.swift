internal import Foundation

/// The sysfs of a real host: seven buses, twelve devices of common classes on them.
///
/// The archive is unpacked once a test process, and removed when the process ends.
package enum CapturedHost {
    /// The directory that stands for `/sys`.
    package static func sysfs() throws -> String {
        "\(try unpacked.get())/sys"
    }

    /// How the archive was not unpacked.
    package struct Failure: Error {
        /// tar's exit status.
        package let status: Int32
    }

    private static let unpacked = Result { try unpack() }

    private static let directory = FileManager.default.temporaryDirectory
        .appendingPathComponent("pvusb-captured-\(UUID().uuidString)").path

    private static var archive: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/host-sysfs.tar.gz").path
    }

    private static func unpack() throws -> String {
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        atexit { try? FileManager.default.removeItem(atPath: CapturedHost.directory) }
        let tar = Process()
        tar.executableURL = URL(fileURLWithPath: "/bin/tar")
        tar.arguments = ["--force-local", "-xzf", archive, "-C", directory]
        try tar.run()
        tar.waitUntilExit()
        guard tar.terminationStatus == 0 else { throw Failure(status: tar.terminationStatus) }
        return directory
    }
}
