internal import USBModel

/// The processes of QEMUs as `/proc` shows them (proc(5)).
extension World {
    /// The names below a process's directory.
    func listProcess(_ path: String) throws(FileErrno) -> [String] {
        let place = try processPlace(path)
        guard place.words == ["fd"] else { throw .noEntry }
        return place.qemu.files.indices.map(String.init).sorted()
    }

    /// A file of a process.
    func readProcess(_ path: String) throws(FileErrno) -> [UInt8] {
        let place = try processPlace(path)
        switch place.words {
        case ["comm"]: return Array("\(place.qemu.name)\n".utf8)
        case ["status"]:
            let user = Array(repeating: "\(place.qemu.user)", count: 4).joined(separator: "\t")
            return Array("Name:\t\(place.qemu.name)\nUid:\t\(user)\n".utf8)
        default: throw .noEntry
        }
    }

    /// A link of a process: its program, its root, and its open files.
    func readProcessLink(_ path: String) throws(FileErrno) -> String {
        let place = try processPlace(path)
        switch place.words {
        case ["exe"]: return "/usr/libexec/\(place.qemu.name)6"
        case ["root"]: return place.qemu.root
        default:
            guard place.words.count == 2, place.words[0] == "fd", let index = Int(place.words[1]),
                place.qemu.files.indices.contains(index)
            else { throw .noEntry }
            return place.qemu.files[index]
        }
    }

    /// Tells whether a path is of a process.
    static func isOfProcess(_ path: String) -> Bool { path.hasPrefix("/proc/") }

    private func processPlace(
        _ path: String
    ) throws(FileErrno) -> (qemu: SimulatedQEMU, words: [String]) {
        let words = path.split(separator: "/").map(String.init)
        guard words.count > 2, words[0] == "proc", let process = Int32(words[1]),
            let qemu = qemus.first(where: { $0.process == process })
        else { throw .noEntry }
        return (qemu, Array(words.dropFirst(2)))
    }
}

extension SimulatedQEMU {
    /// What its open files are, by number; a device that is gone is still one.
    fileprivate var files: [String] {
        ["/dev/null", "/var/log/xen/qemu-dm-\(domain).log", "socket:[1\(domain)]"]
            + open.map(\.node)
    }
}
