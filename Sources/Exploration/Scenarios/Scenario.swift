public import PVUSBCore
public import Simulation

/// Where a story begins, who acts in it, and how much may happen.
public struct Scenario: Sendable {
    /// How much may happen along a path beside what the processes do themselves.
    public struct Budget: Hashable, Sendable {
        /// How many processes are killed at most, one after the other.
        public var crashes: UInt8
        /// How many events and faults there are at most.
        public var events: UInt8
        /// How many of both there are at most, once there was an event.
        public var together: UInt8

        /// Sets a budget.
        public init(crashes: UInt8, events: UInt8, together: UInt8 = 2) {
            self.crashes = crashes
            self.events = events
            self.together = together
        }

        func allowsCrash(_ node: Node) -> Bool {
            node.crashes < crashes && (node.events == 0 || node.crashes + node.events < together)
        }

        func allowsEvent(_ node: Node) -> Bool {
            node.events < events && node.crashes + node.events < together
        }
    }

    /// A name of its own, by which a trace finds it again.
    public let name: String
    /// The kind of the controller in it.
    public let kind: ControllerKind
    /// What the table calls its command.
    public let label: String
    /// The world in which it begins.
    public let world: World
    /// The commands: one, or two at once.
    public let commands: [Command]
    /// The device that it is about.
    public let device: BusID
    /// The device as it is plugged in.
    public let plugged: SimulatedDevice
    /// Another device for the same socket.
    public let other: SimulatedDevice
    /// The events that may happen.
    public var events: [Event] = []
    /// The faults that may happen.
    public var faults: [Fault] = []
    /// The commands that an xl may begin.
    public var xl: [XLStory] = []
    /// How much may happen.
    public var budget: Budget
    /// Whether the commands reach their goal when nobody disturbs them.
    public var succeeds = true
    /// Whether the commands only plan.
    public var isDry = false
    /// Whether the commands are refused, and change nothing.
    public var isRefused = false
    /// Whether the commands have a store to ask.
    public var hasStore = true
    /// Whether a newer pvusb wrote the records.
    var isNewer = false
    /// The paths of files that can't be read.
    var hidden: Set<String> = []
    /// Whether a watch begins with what it has seen.
    var isUpToDate = true
    /// Whether the command brings the device home when nobody disturbs it.
    var comesHome = false
    /// Whether what libxl keeps can be kept true.
    var keepsConfigurations = true
    /// Whether two ports hold the device at the beginning.
    var isContested = false
    /// Whether a domain that is gone has left nodes.
    var hasOrphans = false
    /// Who was at work before.
    var meddlers: Meddlers = []

    /// The world in which nothing of all this has happened yet, for telling debris.
    public let clean: World
}

extension Scenario {
    /// Tells whether a command of it is about the other device.
    var movesBystander: Bool {
        commands.contains { command in
            guard case .attach(_, .busID(SmallWorld.bystander), _) = command else { return false }
            return true
        }
    }

    /// Tells whether the device has no drivers at the beginning.
    var startsUnbound: Bool { Expectation(device, in: world).state == .unbound }

    /// Tells whether some interfaces of a device that is nobody's lack drivers at the beginning:
    /// no record says that they had any, so that only who names the device gives it back.
    var startsAstray: Bool {
        let state = Expectation(device, in: world).state
        return state == .unbound || state == .host && !world.isHome(device)
    }

    /// Tells whether nobody may look at what QEMUs have open.
    var hidesQEMU: Bool { hidden.contains { $0.hasPrefix("/proc/") } }

    /// Tells whether the device's own files can't be read, for as long as nothing is judged.
    var isUnreadable: Bool { hidden.contains("/sys/bus/usb/devices/\(device)/devnum") }

    /// What is in the store at the beginning and may stay: not what a domain that is gone has left.
    var ownPaths: [StorePath] {
        guard hasOrphans else { return world.storePaths }
        return world.storePaths.filter { path in
            let words = path.components
            guard words.count > 5, words[3] == "backend" else { return true }
            return UInt16(words[5]).map(world.isAlive) ?? true
        }
    }

    /// Tells whether the device's ordinary drivers claim several interfaces at once.
    var tiesInterfaces: Bool { plugged.interfaces.contains { !$0.siblings.isEmpty } }

    /// Tells whether a command of it makes a controller that stays.
    var adds: Bool {
        commands.contains { command in
            switch command {
            case .addController, .apply: true
            default: false
            }
        }
    }

    /// Tells whether the other device is with its drivers before and after.
    var keepsBystander: Bool { !movesBystander && world.isHome(SmallWorld.bystander) }

    /// Every event that can happen to a controller of a kind.
    static func events(of kind: ControllerKind) -> [Event] {
        switch kind {
        case .pv: hostEvents + guestEvents
        case .qusb: hostEvents + guestEvents + [.qemuDies, .qemuCannotOpen(tells: false)]
        case .deviceModel:
            hostEvents
                + [
                    .qemuDies, .qemuHangs, .qemuCannotOpen(tells: true),
                    .qemuCannotOpen(tells: false),
                ]
        }
    }

    /// What others who know the store do to it: a newer pvusb, an administrator, a toolstack.
    ///
    /// Beside a command that names a place nobody fills it: what it holds then is meant.
    static func storeEvents(beside commands: [Command]) -> [Event] {
        let events: [Event] = [
            .newerRecords, .recordRewritten, .recordDropped, .controllerMade,
        ]
        let namesPlace = commands.contains { command in
            if case .detachPlace = command { true } else { false }
        }
        return events + (namesPlace ? [] : [.otherAttached])
    }

    private static let hostEvents: [Event] = [
        .unplug, .replug(usbbackFirst: false), .replug(usbbackFirst: true),
        .swap(usbbackFirst: false), .swap(usbbackFirst: true), .destroy(leavingBackend: false),
        .destroy(leavingBackend: true), .renew(leavingBackend: false),
        .renew(leavingBackend: true), .udev(takesLast: false),
    ]

    private static let guestEvents: [Event] = [
        .guestCloses, .guestGarbles, .guestDeletes, .guestRewrites, .guestFloods,
    ]

    /// Every fault; a fault is possible only where its effect is.
    static func faults(of kind: ControllerKind) -> [Fault] {
        allFaults + (kind == .deviceModel ? [.qemuRefuses, .qemuIsCut, .qemuIsSilent] : [])
    }

    private static let allFaults: [Fault] =
        [
            .storeLostBefore, .storeLostAfter, .again, .againForEver, .timedOut, .interrupted,
            .denied, .unreadable, .lockHeld,
        ] + errnos.map { .refused($0) }
        + [.noDevice, .busy, .inputOutput].map { .refusedForEver($0) }

    /// The errnos with which a bind or an unbind may be refused.
    private static let errnos: [FileErrno] = [
        .notPermitted, .noEntry, .inputOutput, .again, .accessDenied, .busy, .noDevice, .invalid,
    ]
}
