internal import USBModel

/// A step as people and programs read it.
public struct StepText: Hashable, Sendable {
    /// What is ensured, one word.
    public let action: String
    /// What it is about.
    public let target: String
    /// What the target shall have; empty where the action says it all.
    public let value: String
}

extension Step {
    /// The step in words.
    public var text: StepText {
        switch self {
        case .createController(let id, let settings), .createControllerFor(_, let id, let settings):
            StepText(
                "create", id,
                "\(settings.kind.rawValue) usb\(settings.version) "
                    + "\(settings.ports) ports")
        case .awaitBackend(let id, _): StepText("await", id, "backend ready")
        case .awaitConnected(let id, _): StepText("await", id, "connected")
        case .closeController(let id, _): StepText("close", id, "")
        case .awaitClosed(let id, _): StepText("await", id, "closed")
        case .removeController(let id, _): StepText("remove", id, "")
        case .destroyController(let id, _): StepText("destroy", id, "")
        case .removeOrphan(let id, _): StepText("remove", id, "left behind")
        case .plugController(let id, _): StepText("plug", id, "into QEMU")
        case .unplugController(let id): StepText("unplug", id, "from QEMU")
        case .awaitUnplugged(let id): StepText("await", id, "gone from QEMU")
        case .awaitTaken(let device, _): StepText("await", device, "opened by QEMU")
        case .plug(let device, let place, _): StepText("plug", device, StepText.port(place))
        case .unplug(let device, let place, _): StepText("unplug", device, StepText.port(place))
        case .awaitForgotten(let device, _): StepText("await", device, "forgotten by QEMU")
        case .awaitLetGo(let device, _): StepText("await", device, "closed by QEMU")
        case .adopt(let new):
            StepText("adopt", new.device, new.record.place.map(StepText.port) ?? "")
        case .dropNotes(let device): StepText("forget", device, "xl's notes")
        case .claim(let claim):
            StepText(
                "claim", claim.device, StepText.port(claim.place))
        case .awaitListed(let device, _): StepText("await", device, "listed by usbback")
        case .unbind(let interface, let driver): StepText("unbind", interface, driver.text)
        case .bind(let interface, let driver): StepText("bind", interface, driver.text)
        case .probe(let interface): StepText("probe", interface, "")
        case .record(let device, let record): StepText("record", device, record.goal.rawValue)
        case .clear(let device, let place):
            StepText("clear", device, StepText.port(place))
        case .recall(let device, let place, _):
            StepText("recall", device, StepText.port(place))
        case .awaitReleased(let device): StepText("await", device, "released by usbback")
        case .forget(let device): StepText("forget", device, "")
        case .withdrawRecord(let device): StepText("withdraw", device, "")
        case .configure(.controller(let id)): StepText("configure", id, "for libxl")
        case .configure(.port(let place)):
            StepText(action: "configure", target: StepText.port(place), value: "for libxl")
        }
    }
}

extension StepText {
    fileprivate static func port(_ place: Place) -> String {
        "domain \(place.controller.domain) port \(place.label)"
    }

    fileprivate init(_ action: String, _ target: BusID, _ value: String) {
        self.init(action: action, target: target.description, value: value)
    }

    fileprivate init(_ action: String, _ target: InterfaceID, _ value: String) {
        self.init(action: action, target: target.description, value: value)
    }

    fileprivate init(_ action: String, _ target: ControllerID, _ value: String) {
        let name = "domain \(target.domain) controller \(target.number.number)"
        self.init(action: action, target: name, value: value)
    }
}
