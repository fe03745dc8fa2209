internal import Foundation

/// An empty directory of one test's own, removed with the object.
package final class TemporaryDirectory {
    /// Its absolute path.
    package let path: String

    /// Makes the directory.
    package init() throws {
        let url = FileManager.default.temporaryDirectory
            .appendingPathComponent("pvusb-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of something in the directory, whether it is there or not.
    package func path(_ name: String) -> String { "\(path)/\(name)" }

    /// Makes a file with a text, and the directories above it.
    package func write(_ text: String, to name: String) throws {
        let url = URL(fileURLWithPath: path(name))
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }
}
