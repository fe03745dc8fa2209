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

    /// Tells whether the device's ordinary drivers claim several interfaces at once.
    var tiesInterfaces: Bool { plugged.interfaces.contains { !$0.siblings.isEmpty } }

    /// Tells whether a command of it makes a controller that stays.
    var adds: Bool {
        commands.contains { if case .addController = $0 { true } else { false } }
    }

    /// Every event that fits a device in a guest's controller.
    static let allEvents: [Event] = [
        .unplug, .replug(usbbackFirst: false), .replug(usbbackFirst: true),
        .swap(usbbackFirst: false), .swap(usbbackFirst: true), .destroy(leavingBackend: false),
        .destroy(leavingBackend: true), .renew(leavingBackend: false),
        .renew(leavingBackend: true), .udev, .guestCloses, .guestGarbles, .guestDeletes,
        .guestRewrites, .guestFloods,
    ]

    /// Every fault; a fault is possible only where its effect is.
    static let allFaults: [Fault] =
        [
            .storeLostBefore, .storeLostAfter, .again, .againForEver, .timedOut, .interrupted,
        ] + errnos.map { .refused($0) }
        + [.noDevice, .busy, .inputOutput].map { .refusedForEver($0) }

    /// The errnos with which a bind or an unbind may be refused.
    private static let errnos: [FileErrno] = [
        .notPermitted, .noEntry, .inputOutput, .again, .accessDenied, .busy, .noDevice, .invalid,
    ]
}
