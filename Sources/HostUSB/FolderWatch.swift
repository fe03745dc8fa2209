internal import CLinux
internal import SystemPackage
public import USBModel

/// Tells when a file of a folder was replaced as a whole, by a rename (inotify(7), IN_MOVED_TO).
///
/// Register its ``descriptor`` with a clock, and ``drain()`` it before the next wait.
public final class FolderWatch {
    private let file: Descriptor

    /// Watches the folder that a file is in.
    ///
    /// - Throws: the errno with which the kernel refused the watch.
    public init(folderOf path: String) throws(FileErrno) {
        let folder = SystemFiles.directory(of: try checkedPath(path))
        file = try Descriptor(owning: unsafe pvusb_watch_renames(folder))
    }

    /// The open file, which can be read when something was renamed since the last ``drain()``.
    public var descriptor: Int32 { file.number }

    /// Forgets what was renamed so far.
    public func drain() {
        pvusb_drain(file.number)
    }
}
