internal import PVUSBCore
internal import Simulation

extension World {
    /// Has a QEMU of the world do what an operation asks of it.
    mutating func execute(_ command: DeviceModelCommand) -> DeviceModelReply {
        switch ask(QEMURequest(command.action), domain: command.domain.number) {
        case .done: .done
        case .names(let names): .names(names)
        case .text(let text): .text(text)
        case .refused(let errorClass, let description):
            .refused(errorClass: errorClass, description: description)
        case .unreachable(let reason): .unreachable(reason)
        }
    }
}

extension QEMURequest {
    fileprivate init(_ action: DeviceModelCommand.Action) {
        switch action {
        case .add(let driver, let id, let properties):
            let words = properties.mapValues { property -> Property in
                switch property {
                case .text(let text): .text(text)
                case .number(let number): .number(number)
                }
            }
            self = .add(driver: driver, id: id, properties: words)
        case .remove(let id): self = .remove(id: id)
        case .list(let path): self = .list(path: path)
        case .get(let path, let property): self = .get(path: path, property: property)
        }
    }
}
