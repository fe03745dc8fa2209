import Exploration
import PVUSBCore
import Testing

/// A mutant, and the scenario in which it has to be found.
struct SeededBug: CustomTestStringConvertible {
    let mutant: Mutant
    /// The name of the scenario, without the kind.
    let scenario: String
    /// Whether the mistake shows only when others act, too.
    let needsEvents: Bool

    var testDescription: String { mutant.name }

    init(
        _ name: String, _ origin: String, in scenario: String, events: Bool = false,
        twist: @escaping Twists.Twist = { effect, _ in .perform(effect) },
        lie: @escaping Twists.Lie = { _, answer in answer }
    ) {
        mutant = Mutant(name, origin: origin, twist: twist, lie: lie)
        self.scenario = scenario
        needsEvents = events
    }

    static let all =
        records + ports + drivers + lies + transactions + recoveries + controllers + qusb
        + deviceModel + configurations
}

// MARK: - Records

extension SeededBug {
    private static let record = "/libxl/pvusb/device/1-1"

    static let records = [
        SeededBug(
            "no record is written", "libxl bug 25", in: "attach, pv, 1",
            twist: Twists.without { $0.writes("/libxl/pvusb/device") }),
        SeededBug(
            "the record lacks the drivers", "law 3", in: "attach, pv, 1",
            twist: Twists.without { $0.writes("/interface/") }),
        SeededBug(
            "the record lacks the second interface's driver", "libxl 3.2, siblings",
            in: "attach, pv, 2", twist: Twists.without { $0.writes("/interface/1-1@1_1") }),
        SeededBug(
            "the recorded driver is empty", "libxl bug 23", in: "attach, pv, 1",
            twist: Twists.changing { $0.writes("/interface/") ? $0.writing("") : $0 }),
        SeededBug(
            "another driver is recorded", "libxl bug 24", in: "attach, pv, 1",
            twist: Twists.changing { $0.writes("/interface/") ? $0.writing("usbhid") : $0 }),
        SeededBug(
            "the record is another socket's", "libxl bug 10, prefix", in: "attach, pv, 1",
            twist: Twists.changing { $0.moved("/device/1-1/", to: "/device/1-12/") }),
        SeededBug(
            "xl's notes are not written", "libxl 2.1", in: "attach, pv, 1",
            twist: Twists.without { $0.writes("/libxl/usbback") }),
        SeededBug(
            "the record does not say that the controller was made for it", "libxl bug 9",
            in: "attach, controller made, pv, 1",
            twist: Twists.without { $0.writes("1-1/controller") }),
        SeededBug(
            "a detach does not say that it has begun", "law 3", in: "detach, pv, 1",
            twist: Twists.without { $0.writes("1-1/goal") && $0.written == "detach" }),
        SeededBug(
            "the record goes before the drivers are back", "libxl bug 3", in: "detach, pv, 1",
            twist: Twists.adding(
                [.remove(path(record))], where: { $0.writes("/port/1") && $0.written == "" })),
        SeededBug(
            "xl's notes stay when the record goes", "libxl bug 24", in: "detach, pv, 1",
            twist: Twists.without { $0.removes("/libxl/usbback") }),
        SeededBug(
            "the record stays when the device is back", "debris", in: "detach, pv, 1",
            twist: Twists.without { $0.removes(record) }),
        SeededBug(
            "parking is not recorded", "micro-state 2", in: "detach --no-rebind, pv, 1",
            twist: Twists.without { $0.written == "parked" }),
    ]

    static func path(_ text: String) -> StorePath {
        guard let path = StorePath(text) else { preconditionFailure("\(text) is a path") }
        return path
    }
}

// MARK: - Ports

extension SeededBug {
    private static let port = "/local/domain/0/backend/vusb/1/0/port/1"

    static let ports = [
        SeededBug(
            "the port is not written", "libxl bug 21, order", in: "attach, pv, 1",
            twist: Twists.without { $0.writes("backend/vusb/1/0/port") && $0.written == "1-1" }),
        SeededBug(
            "the port is cleared before the unbind", "libxl 4.3, V13", in: "detach, pv, 1",
            twist: Twists.adding(
                [.write(path(port), text: "")],
                where: { $0.writes("1-1/goal") && $0.written == "detach" })),
        SeededBug(
            "the port is never cleared", "libxl bug 13", in: "detach, pv, 1",
            twist: Twists.without { $0.writes("backend/vusb/1/0/port") && $0.written == "" }),
        SeededBug(
            "the port is removed instead of cleared", "libxl 2.2", in: "detach, pv, 1",
            twist: Twists.changing {
                $0.writes("backend/vusb/1/0/port") && $0.written == "" ? .remove(path(port)) : $0
            }),
        SeededBug(
            "a port is written without being read", "libxl bug 17", in: "attach, pv, 1",
            twist: { effect, memory in
                guard case .store(let batch) = effect else { return .perform(effect) }
                if batch == [.begin] { memory = [effect] }
                if batch == [.commit] || batch == [.abort] { memory = [] }
                guard !memory.isEmpty, batch.count > 1 else { return .perform(effect) }
                return .perform(.store(batch.map { $0 == .read(path(port)) ? .read(.root) : $0 }))
            }),
        SeededBug(
            "the device goes to a port that does not exist", "libxl bug 16", in: "attach, pv, 1",
            twist: Twists.changing {
                $0.written == "1-1" ? $0.moved("/port/1", to: "/port/9") : $0
            }),
        SeededBug(
            "the neighbour's bus id is written", "libxl bug 10, prefix", in: "attach, pv, 1",
            twist: Twists.changing {
                $0.writes("/port/1") && $0.written == "1-1" ? $0.writing("1-2") : $0
            }),
    ]
}
