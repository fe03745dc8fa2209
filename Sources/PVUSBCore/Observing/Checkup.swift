/// One thing that was checked of a host.
public struct Check: Hashable, Sendable {
    /// What came of it.
    public enum Result: String, Hashable, Sendable, CaseIterable {
        /// It is as it should be.
        case good
        /// It is not, and something can't be done until it is mended.
        case bad
        /// Something was left half done.
        case unfinished
    }

    /// What was checked: `xenstore`, `usbback`, a device, a guest.
    public let name: String
    /// What came of it.
    public let result: Result
    /// What was found, as a clause.
    public let message: String
    /// The one command to type, or what else to do; nil when nothing is.
    public let remedy: String?

    init(_ name: String, _ result: Result, _ message: String, remedy: String? = nil) {
        self.name = name
        self.result = result
        self.message = message
        self.remedy = remedy
    }

    /// Why the store can't be asked.
    public init(storeFailure error: PVUSBError) {
        let cause = error.cause.map { " (\($0))" } ?? ""
        self.init("xenstore", .bad, error.message + cause, remedy: error.remedy)
    }
}

extension Inventory {
    /// The checks of the host's own side, which needs no store.
    public var hostChecks: [Check] {
        let host = observation.host
        let odd = host.unreadable.map { device in
            Check(
                "device \(device.name)", .bad, "it can't be read: \(device.reason)",
                remedy: "plug it in again")
        }
        return [Check("devices", .good, "\(host.devices.count) are plugged in")] + odd
    }

    /// The checks of a host with a store: what works, what does not and why, what is half done.
    public var checks: [Check] {
        hostChecks + [storeCheck, usbbackCheck] + guestChecks + deviceChecks + controllerChecks
            + oddityChecks
    }

    private var guests: [DomainView] { observation.domains.filter { $0.id != .zero } }

    private var storeCheck: Check {
        guard observation.recordsAreOurs else {
            return Check(
                "xenstore", .bad, "its records are of a pvusb that is newer than this one",
                remedy: "use the newer pvusb")
        }
        return Check("xenstore", .good, "it answers, and has \(guests.count) guests")
    }

    private var usbbackCheck: Check {
        guard observation.host.drivers.contains(SysfsPath.usbback) else {
            return Check(
                "usbback", .bad, "it is not loaded: no controller of kind pv can work",
                remedy: "load usbback, or use the kinds qusb and devicemodel")
        }
        let isTold = observation.host.portTable != nil
        return Check(
            "usbback", .good,
            isTold ? "it is loaded" : "it is loaded, and does not tell which devices it expects")
    }

    /// Which kinds of controller work in each guest, and why the others do not.
    private var guestChecks: [Check] {
        guests.map { guest in
            let choice = observation.kinds(for: guest.id)
            let others = ControllerKind.allCases.compactMap { kind in
                choice.obstacles[kind].map { "not \(kind.rawValue): \($0)" }
            }
            let usable = choice.usable.map(\.rawValue).joined(separator: ", ")
            let works = usable.isEmpty ? "no kind works" : "\(usable) works"
            return Check(
                "guest \(guest.label)", choice.usable.isEmpty ? .bad : .good,
                ([works] + others).joined(separator: "; "))
        }
    }

    /// What is half done, unless somebody works on it now.
    private var deviceChecks: [Check] {
        observation.deviceStatuses().filter { workers[$0.id] == nil }.compactMap { status in
            guard let remedy = status.remedy else { return nil }
            let problem = status.problems.first ?? "it is \(status.state.rawValue)"
            return Check("device \(status.id)", .unfinished, problem, remedy: remedy)
        }
    }

    private var controllerChecks: [Check] {
        observation.controllers.compactMap { controller in
            let isLeft = observation.isLeftClosing(controller)
            guard controller.isOrphan || isLeft else { return nil }
            let id = controller.id
            return Check(
                "controller \(id.number.number) of domain \(id.domain)", .unfinished,
                isLeft ? "it was asked to go, and is still there" : "its domain is gone",
                remedy: "pvusb recover")
        }
    }

    private var oddityChecks: [Check] {
        observation.oddities.map { Check("xenstore", .bad, $0.message) }
    }
}
