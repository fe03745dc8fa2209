internal import USBModel

extension Report {
    /// A line for the system's log for each goal for which something was changed or tried.
    ///
    /// - Parameter milliseconds: how long all of it took.
    public func auditLines(milliseconds: UInt64) -> [String] {
        goals.compactMap { $0.auditLine(milliseconds) }
    }
}

extension GoalReport {
    /// What was to be reached, about what, how it ended and how long it took; nil when nothing
    /// was done, because all was so already or was refused at once.
    fileprivate func auditLine(_ milliseconds: UInt64) -> String? {
        guard steps.contains(where: { $0.result != .alreadySo && !$0.step.isWait }) else {
            return nil
        }
        let words = [
            "goal=\(goal.word)", subject, origin, "result=\(result)",
            "duration=\(milliseconds / 1000).\(String(1000 + milliseconds % 1000).dropFirst())s",
        ]
        return words.filter { !$0.isEmpty }.joined(separator: " ")
    }

    private var subject: String {
        switch goal {
        case .assigned(let device, _), .host(let device), .parked(let device),
            .withdrawn(let device, _):
            let identity = (status?.device?.identity ?? lastRecord?.identity).map {
                " identity=\($0.description.logged)"
            }
            return "device=\(device)\(identity ?? "")"
        case .controllerAdded(let id, _), .controllerRemoved(let id):
            return "controller=\(id.number.number)"
        }
    }

    /// The domain, its identity and the port: where the device goes, or where it came from.
    private var origin: String {
        let place = lastRecord?.place
        let domain = (goal.domain ?? place?.controller.domain).map { "domain=\($0)" }
        let vm = lastRecord?.vm.map { "vm=\($0.logged)" }
        return [domain, vm, place.map { "port=\($0.label)" }].compactMap { $0 }
            .joined(separator: " ")
    }

    private var result: String {
        error.map { "\"\($0.message.logged)\"" } ?? "done"
    }

    /// The record that was written last.
    private var lastRecord: Record? {
        let written = steps.compactMap { report -> Record? in
            switch report.step {
            case .record(_, let record), .recall(_, _, let record): record
            case .claim(let claim): claim.record
            case .adopt(let new), .createControllerFor(let new, _, _): new.record
            default: nil
            }
        }
        return written.last ?? status?.record
    }
}

extension Goal {
    /// The goal in one word.
    fileprivate var word: String {
        switch self {
        case .assigned: "assigned"
        case .host: "host"
        case .parked: "parked"
        case .withdrawn: "withdrawn"
        case .controllerAdded: "controller-added"
        case .controllerRemoved: "controller-removed"
        }
    }
}

extension String {
    /// The text without anything that could end a line or steer a terminal.
    fileprivate var logged: String {
        String(
            unicodeScalars.map { scalar in
                let isPlain = (0x20...0x7e).contains(scalar.value) && scalar != "\""
                return isPlain ? Character(scalar) : "?"
            })
    }
}
