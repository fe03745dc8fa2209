internal import USBModel

/// A look at the processes of QEMUs: whether each runs, is one, and which devices it has open.
///
/// Two waves suffice: what the process is and which files it has, then where those lead. The
/// states of a controller tell nothing of this: they outlive QEMU.
struct QEMUScan: Hashable, Sendable {
    /// A domain and the process that the store names as its QEMU.
    struct Target: Hashable {
        let domain: DomainID
        let process: Int32
    }

    /// What was found of a process.
    struct Finding: Hashable {
        var process: QEMUView.Process
        var confinement: String?
    }

    enum Step: Hashable {
        case ask([FileRequest])
        case finished([DomainID: Finding])
    }

    private enum Phase: Hashable {
        case start
        case looking
        case following([Files])
    }

    /// The open files of a QEMU that runs.
    private struct Files: Hashable {
        let target: Target
        let names: [String]
        let confinement: String?
    }

    private let targets: [Target]
    private var phase = Phase.start
    private var findings: [DomainID: Finding] = [:]

    init(_ targets: [Target]) {
        self.targets = targets
    }

    /// Takes the replies to the last requests, nil at first, and says what comes next.
    mutating func next(_ replies: [FileReply]?) -> Step {
        let replies = replies ?? []
        switch phase {
        case .start:
            guard !targets.isEmpty else { return .finished([:]) }
            phase = .looking
            return .ask(targets.flatMap { Self.look(at: $0.process) })
        case .looking: return looked(replies)
        case .following(let files): return follow(files, replies)
        }
    }

    private static func look(at process: Int32) -> [FileRequest] {
        let path = "/proc/\(process)"
        return [
            .read("\(path)/comm"), .readLink("\(path)/exe"), .read("\(path)/status"),
            .readLink("\(path)/root"), .list("\(path)/fd"),
        ]
    }

    private mutating func looked(_ replies: [FileReply]) -> Step {
        var files: [Files] = []
        for (index, target) in targets.enumerated() {
            let own = Array(replies.dropFirst(index * 5).prefix(5))
            let process = ProcessReplies(own, process: target.process)
            guard let names = process.openFiles else {
                findings[target.domain] = process.finding
                continue
            }
            files.append(
                Files(target: target, names: names, confinement: process.confinement))
        }
        let requests = files.flatMap { files in
            files.names.map {
                FileRequest.readLink("/proc/\(files.target.process)/fd/\($0)")
            }
        }
        guard !requests.isEmpty else { return follow(files, []) }
        phase = .following(files)
        return .ask(requests)
    }

    private mutating func follow(_ files: [Files], _ replies: [FileReply]) -> Step {
        var rest = replies[...]
        for files in files {
            let own = rest.prefix(files.names.count)
            rest = rest.dropFirst(files.names.count)
            let open = own.compactMap { reply -> BusAddress? in
                guard case .link(let path) = reply else { return nil }
                return BusAddress(node: path)
            }
            findings[files.target.domain] = Finding(
                process: .running(files.target.process, open: Set(open)),
                confinement: files.confinement)
        }
        return .finished(findings)
    }
}

/// What was read of a process.
private struct ProcessReplies {
    let process: Int32
    let comm: String?
    let executable: String?
    let user: String?
    let root: String?
    let files: FileReply

    init(_ replies: [FileReply], process: Int32) {
        self.process = process
        comm = replies.first?.text
        executable = replies.dropFirst().first?.text?.split(separator: "/").last.map(String.init)
        user = Self.user(in: replies.dropFirst(2).first?.text)
        root = replies.dropFirst(3).first?.text
        files = replies.dropFirst(4).first ?? .failure(.inputOutput)
    }

    /// The effective user of a `status` (proc(5)): real, effective, saved, file system.
    private static func user(in status: String?) -> String? {
        guard let line = status?.split(separator: "\n").first(where: { $0.hasPrefix("Uid:") })
        else { return nil }
        let words = line.split { $0 == " " || $0 == "\t" }
        return words.count > 2 ? String(words[2]) : nil
    }

    /// A program whose file or whose name says so.
    private var isQEMU: Bool {
        [comm, executable].contains { $0?.contains("qemu") ?? false }
    }

    /// The names of the files that a QEMU has open; nil when it is none, or they can't be listed.
    var openFiles: [String]? {
        guard isQEMU, case .names(let names) = files else { return nil }
        return names
    }

    /// What is to be said of a process whose files were not listed.
    var finding: QEMUScan.Finding {
        guard let name = comm ?? executable else {
            return QEMUScan.Finding(process: .gone(process))
        }
        guard isQEMU else { return QEMUScan.Finding(process: .foreign(process, name)) }
        guard case .failure(let errno) = files, errno != .noEntry else {
            return QEMUScan.Finding(process: .gone(process))
        }
        return QEMUScan.Finding(process: .unreadable(process, "\(errno)"))
    }

    /// One that libxl has shut in (`dm_restrict`): another user, and a root without devices.
    var confinement: String? {
        if let root, root != "/" { return "is shut in \(root), where no USB device is" }
        if let user, user != "0" { return "runs as user \(user), who may not open USB devices" }
        return nil
    }
}

extension FileReply {
    /// The text that was read, or where a link points, without the final newline.
    fileprivate var text: String? {
        switch self {
        case .bytes(let bytes):
            String(decoding: bytes.last == 0x0a ? bytes.dropLast() : bytes[...], as: UTF8.self)
        case .link(let path): path
        case .done, .names, .failure: nil
        }
    }
}
