public import USBModel
public import XenStoreWire

/// One action on the outside world that an operation asks for.
public enum Effect: Hashable, Sendable {
    /// A batch of requests to the store.
    case store([StoreRequest])
    /// A batch of requests to the host's files.
    case files([FileRequest])
    /// A command to a guest's QEMU.
    case deviceModel(DeviceModelCommand)
    /// A lock to take, or only to look at.
    case lock(Lock)
    /// A lock to give back.
    case unlock(Lock)
    /// A wait for something that may have changed, or for a moment.
    case wait(for: Set<Wake>, until: Instant)
    /// Nothing more: the operation is over.
    case finished(Outcome)
}

/// What became of an effect.
public enum Answer: Hashable, Sendable {
    /// The store's replies, one a request.
    case store([StoreReply])
    /// The store could not be asked, or did not answer.
    case storeLost(String)
    /// This user may not ask the store.
    case storeDenied(String)
    /// The files' replies, one a request.
    case files([FileReply])
    /// QEMU's reply.
    case deviceModel(DeviceModelReply)
    /// The lock is taken; or, when it was only looked at, nobody else has it.
    case locked
    /// Another process has the lock; its process id, where it is known.
    case lockHeld(by: Int32?)
    /// The locks could not be used at all.
    case locksFailed(String)
    /// The lock is given back.
    case unlocked
    /// Something that was waited for may have changed.
    case woken
    /// The moment that was waited for has come.
    case timedOut
    /// Somebody wants the operation to stop; the effect it asked for was not done.
    case stop
}

extension Effect {
    /// Tells whether the effect changes the world, so that a wish to stop comes before it.
    ///
    /// The store is changed in transactions only, and not before the commit.
    public var changesWorld: Bool {
        switch self {
        case .store(let batch): batch.contains(.commit)
        case .files(let batch): batch.contains(where: \.changesHost)
        case .deviceModel(let command): command.changesWorld
        case .lock, .unlock, .wait, .finished: false
        }
    }
}

/// A kind of change that a wait waits for.
public enum Wake: Hashable, Sendable {
    /// An event of a store watch.
    case store
    /// A change without an event of its own, as of usbback's port table.
    case tick
    /// A device or an interface that came, went or changed its driver.
    case hotplug
}

/// A moment, told without a clock: so long after the operation first named a timer.
public struct Instant: Hashable, Sendable {
    /// A timer of one operation.
    public struct Timer: Hashable, Sendable {
        /// Which run of steps it belongs to; an operation counts them.
        public let run: Int
        /// Which step of that run; negative for what comes before the steps.
        public let step: Int
        /// Which retry of the step's commit it paces; 0 for the step's own time-out.
        public let retry: Int

        /// Names a timer.
        public init(run: Int, step: Int, retry: Int = 0) {
            self.run = run
            self.step = step
            self.retry = retry
        }

        /// The timer that paces a retry of this timer's step.
        func retry(_ number: Int) -> Timer { Timer(run: run, step: step, retry: number) }
    }

    /// The timer; it starts when the operation first names it.
    public let timer: Timer
    /// Milliseconds after the timer's start.
    public let milliseconds: Int

    /// Names a moment.
    public init(_ timer: Timer, milliseconds: Int) {
        self.timer = timer
        self.milliseconds = milliseconds
    }
}

/// A lock between pvusb processes; the order of taking is: devices by bus id, domain,
/// claim, libxl's.
public struct Lock: Hashable, Sendable {
    /// What a lock protects.
    public enum Subject: Hashable, Sendable {
        /// A device, for the whole of an operation on it.
        case device(BusID)
        /// A domain's controllers, while one is added or removed.
        case domain(DomainID)
        /// The choice of a port, on the whole host.
        case claim
        /// libxl's configuration of a domain; the lock is libxl's own.
        case userdata(DomainID, uuid: String)
    }

    /// What it protects.
    public let subject: Subject
    /// Whether it is only looked at, not taken.
    public let isTest: Bool

    /// Names a lock.
    public init(_ subject: Subject, isTest: Bool = false) {
        self.subject = subject
        self.isTest = isTest
    }

    /// The lock's name for the seam.
    public var name: String {
        switch subject {
        case .device(let device): "device.\(device)"
        case .domain(let domain): "domain.\(domain)"
        case .claim: "claim"
        case .userdata(let domain, let uuid): "userdata-l.\(domain).\(uuid).domain-userdata-lock"
        }
    }
}

/// A command to the QEMU of a domain.
public struct DeviceModelCommand: Hashable, Sendable {
    /// What QEMU shall do.
    public enum Action: Hashable, Sendable {
        /// Add a device: QEMU's driver name, the id to give it, and its properties.
        case add(driver: String, id: String, properties: [String: Property])
        /// Remove the device of an id.
        case remove(id: String)
        /// List the names below a path of QEMU's object tree.
        case list(path: String)
        /// Tell a property of an object.
        case get(path: String, property: String)
    }

    /// A property's value; QEMU 9.2 and newer refuse a number in quotes.
    public enum Property: Hashable, Sendable {
        /// A text.
        case text(String)
        /// A number.
        case number(Int)
    }

    /// The domain whose QEMU is meant.
    public let domain: DomainID
    /// The domain's uuid, after which libxl names a lock; nil when the store does not tell it.
    public let uuid: String?
    /// What it shall do.
    public let action: Action

    /// Makes a command.
    public init(domain: DomainID, uuid: String? = nil, action: Action) {
        self.domain = domain
        self.uuid = uuid
        self.action = action
    }

    /// Whether QEMU is another one afterwards.
    var changesWorld: Bool {
        switch action {
        case .add, .remove: true
        case .list, .get: false
        }
    }
}

/// What QEMU answered.
public enum DeviceModelReply: Hashable, Sendable {
    /// The command is done.
    case done
    /// The names asked for.
    case names([String])
    /// The property asked for, as text.
    case text(String)
    /// QEMU refused: its error class and sentence.
    case refused(errorClass: String, description: String)
    /// QEMU could not be asked.
    case unreachable(String)
}
