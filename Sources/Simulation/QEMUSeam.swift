public import DeviceModel

extension SimulatedHost: DeviceModelSeam {
    /// Asks a QEMU of the world to do something.
    public func execute(
        _ command: QMPCommand, guest: QMPGuest
    ) throws(QMPFailure) -> QMPValue {
        try keeper.execute(command, guest)
    }
}

extension SimulatedUSBHost: DeviceModelSeam {
    /// Asks a QEMU of the world to do something.
    public func execute(
        _ command: QMPCommand, guest: QMPGuest
    ) throws(QMPFailure) -> QMPValue {
        try world.execute(command, guest)
    }
}

extension WorldKeeper {
    fileprivate func execute(
        _ command: QMPCommand, _ guest: QMPGuest
    ) throws(QMPFailure) -> QMPValue {
        guard let request = QEMURequest(command) else {
            throw .refused(
                errorClass: "CommandNotFound",
                description: "The command \(command.name) has not been found")
        }
        let answer: QEMUAnswer
        do {
            answer = try update { $0.ask(request, domain: guest.domain) }
        } catch {
            throw .unreachable(error.message)
        }
        return try answer.value
    }
}

extension QEMURequest {
    /// Reads a command of QMP; nil for one that is not simulated.
    fileprivate init?(_ command: QMPCommand) {
        let words = command.arguments.compactMapValues { value -> Property? in
            switch value {
            case .text(let text): .text(text)
            case .number(let number): .number(number)
            default: nil
            }
        }
        func text(_ name: String) -> String? {
            if case .text(let text)? = words[name] { text } else { nil }
        }
        switch (command.name, text("id"), text("path")) {
        case ("device_add", let id?, _):
            let own = words.filter { $0.key != "id" && $0.key != "driver" }
            self = .add(driver: text("driver") ?? "", id: id, properties: own)
        case ("device_del", let id?, _): self = .remove(id: id)
        case ("qom-list", _, let path?): self = .list(path: path)
        case ("qom-get", _, let path?):
            self = .get(path: path, property: text("property") ?? "")
        case ("query-status", _, _): self = .status
        default: return nil
        }
    }
}

extension QEMUAnswer {
    fileprivate var value: QMPValue {
        get throws(QMPFailure) {
            switch self {
            case .done: return .object([:])
            case .names(let names):
                return .list(
                    names.map { .object(["name": .text($0), "type": .text("child<device>")]) })
            case .text("running"):
                return .object(["running": .bool(true), "status": .text("running")])
            case .text(let text): return .text(text)
            case .refused(let errorClass, let description):
                throw .refused(errorClass: errorClass, description: description)
            case .unreachable(let reason): throw .unreachable(reason)
            }
        }
    }
}
