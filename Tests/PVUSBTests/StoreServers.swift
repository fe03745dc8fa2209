import Foundation

/// A xenstored that tests run on, several at once: each with a guest and devices of its own.
enum StoreServers {
    /// The sockets of real servers, as `scripts/with-stores` starts them.
    static let c = ProcessInfo.processInfo.environment["PVUSB_TEST_C_XENSTORED"]
    static let oxenstored = ProcessInfo.processInfo.environment["PVUSB_TEST_OXENSTORED"]

    /// Lets a domain live as far as a server of `scripts/real-xenstored` knows
    /// (docs/real-xenstored.md); C xenstored refuses permissions for any other.
    static func bear(_ domain: UInt16, at socket: String) throws {
        guard let file = domainFile(domain, at: socket) else { return }
        try Data().write(to: file)
    }

    /// Lets a domain die.
    static func bury(_ domain: UInt16, at socket: String) throws {
        guard let file = domainFile(domain, at: socket) else { return }
        try FileManager.default.removeItem(at: file)
    }

    private static func domainFile(_ domain: UInt16, at socket: String) -> URL? {
        let directory = URL(fileURLWithPath: socket).deletingLastPathComponent()
            .appendingPathComponent("dom")
        guard FileManager.default.fileExists(atPath: directory.path) else { return nil }
        return directory.appendingPathComponent(String(domain))
    }
}
