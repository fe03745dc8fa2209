public import USBModel

/// The files in which libxl keeps what the domains are made of.
extension World {
    static let userdataDirectory = "/var/lib/xen"

    /// The name of a file of that directory; nil for any other path.
    static func userdataName(_ path: String) -> String? {
        guard path.hasPrefix("\(userdataDirectory)/") else { return nil }
        return String(path.dropFirst(userdataDirectory.count + 1))
    }

    func listUserdata() throws(FileErrno) -> [String] {
        guard !userdata.isEmpty else { throw .noEntry }
        return userdata.keys.sorted()
    }

    func readUserdata(_ name: String) throws(FileErrno) -> [UInt8] {
        guard let bytes = userdata[name] else { throw .noEntry }
        return bytes
    }

    /// Replaces a file of libxl's; no other file of the simulated tree can be replaced.
    ///
    /// libxl drops a domain's files under the lock of whoever replaces them (libxl_domain.c,
    /// `devices_destroy_cb`): here it does so at once, and what it dropped can't be brought back.
    public mutating func replace(_ path: String, with bytes: [UInt8]) throws(FileErrno) {
        guard let name = Self.userdataName(path) else { throw .readOnly }
        guard userdata[name] != nil else { throw .noEntry }
        userdata[name] = bytes
    }

    /// What libxl drops with a domain (libxl_domain.c, `libxl__userdata_destroyall`).
    mutating func dropUserdata(of domain: UInt16) {
        userdata = userdata.filter { !$0.key.hasPrefix("userdata-d.\(domain).") }
    }
}
