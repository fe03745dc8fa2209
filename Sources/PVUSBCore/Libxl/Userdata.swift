/// Which domains libxl keeps a configuration of, as files of its directory of userdata.
///
/// A file's name is `userdata-d.<domid>.<uuid>.libxl-json` (libxl_dom.c, `userdata_path`); the
/// domain's lock is named in the same way.
public struct Userdata: Hashable, Sendable {
    static let directory = "/var/lib/xen"

    /// The uuids that files name for a domain's number; more than one makes no sense.
    private let uuids: [DomainID: [String]]

    /// Reads the names in libxl's directory; any that are no configuration are passed over.
    init(names: [String] = []) {
        var uuids: [DomainID: [String]] = [:]
        for name in names {
            guard let (domain, uuid) = Self.owner(of: name), domain != .zero else { continue }
            uuids[domain, default: []].append(uuid)
        }
        self.uuids = uuids
    }

    /// Whether libxl keeps anything of a guest; where another toolstack runs it does not, though
    /// there is a file of domain 0 on every host (xen-init-dom0.c).
    var isKept: Bool { !uuids.isEmpty }

    /// The configuration of a domain.
    ///
    /// - Throws: there is none, or more than one.
    func configuration(of domain: DomainID) throws(UserdataProblem) -> ConfigurationFile {
        let own = uuids[domain] ?? []
        guard let uuid = own.first else {
            throw UserdataProblem("libxl keeps no configuration of domain \(domain)")
        }
        guard own.count == 1 else {
            throw UserdataProblem("libxl keeps \(own.count) configurations of domain \(domain)")
        }
        return ConfigurationFile(domain: domain, uuid: uuid)
    }

    private static func owner(of name: String) -> (domain: DomainID, uuid: String)? {
        let words = name.split(separator: ".", omittingEmptySubsequences: false)
        guard words.count == 4, words[0] == "userdata-d", words[3] == "libxl-json",
            let domain = UInt16(decimal: words[1]).flatMap(DomainID.init), isUUID(words[2])
        else { return nil }
        return (domain, String(words[2]))
    }

    private static func isUUID(_ word: Substring) -> Bool {
        word.utf8.count == 36 && word.allSatisfy { $0 == "-" || $0.isHexDigit }
    }
}

/// The file in which libxl keeps a domain's configuration.
struct ConfigurationFile: Hashable, Sendable {
    let domain: DomainID
    let uuid: String

    var path: String {
        "\(Userdata.directory)/userdata-d.\(domain).\(uuid).libxl-json"
    }

    /// What libxl takes to read and change it (libxl_internal.c, `libxl__lock_domain_userdata`).
    var lock: Lock { Lock(.userdata(domain, uuid: uuid)) }
}

/// Why a domain's configuration is left as it is, as a sentence without its full stop.
struct UserdataProblem: Error, Hashable {
    let message: String

    init(_ message: String) {
        self.message = message
    }
}
