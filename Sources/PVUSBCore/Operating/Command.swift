/// What an operation is asked to do.
public enum Command: Hashable, Sendable {
    /// Look at the host's devices.
    case devices
    /// Look at the controllers of a domain, or of all.
    case list(DomainSelector?)
    /// Look at all that is said of a device, or of a domain's controllers.
    case show(ShowTarget)
    /// Look at what works on this host and what is in the way of the rest.
    case doctor
    /// Look until something differs from what was seen before.
    case awaitChange(since: Inventory)
    /// Give a domain a controller.
    case addController(DomainSelector, wish: ControllerWish)
    /// Take a controller away, its devices first; with force without waiting for the guest.
    case removeController(DomainSelector, ControllerNumber, force: Bool = false)
    /// Give a domain a device, at a place or at a free one.
    case attach(DomainSelector, DeviceSelector, at: PlaceWish?)
    /// Take a device back, to its host drivers or to none at all.
    case detach(DeviceSelector, rebind: Bool = true)
    /// Take the device in a port back, to its host drivers or to none at all.
    case detachPlace(DomainSelector, PlaceWish, rebind: Bool = true)
    /// Give a domain the controllers and devices that its file wants, as far as it lacks them.
    case apply(GuestFile, to: DomainSelector)
    /// Finish or undo what is half done, on the devices named or on all.
    case recover([DeviceSelector])
}

/// How an operation goes about it.
public struct OperationOptions: Hashable, Sendable {
    /// Whether only the plan is wanted.
    public var isDryRun: Bool
    /// How long each wait may take, in milliseconds.
    public var waitMilliseconds: Int
    /// Whether there is a store to ask; without one only the host's devices can be looked at.
    public var hasStore: Bool

    /// Sets the options; the default time-out is libxl's ten seconds.
    public init(isDryRun: Bool = false, waitMilliseconds: Int = 10_000, hasStore: Bool = true) {
        self.isDryRun = isDryRun
        self.waitMilliseconds = waitMilliseconds
        self.hasStore = hasStore
    }
}

extension Command {
    /// Gives a domain a controller with these settings.
    public static func addController(
        _ domain: DomainSelector, _ settings: ControllerSettings
    ) -> Command {
        .addController(domain, wish: ControllerWish(settings))
    }

    /// The domain that something is to be given to, whose QEMU counts; for a check-up all do.
    var target: DomainInterest {
        switch self {
        case .attach(let domain, _, _), .addController(let domain, _), .apply(_, let domain):
            .one(domain)
        case .doctor: .guests
        default: .none
        }
    }

    /// Tells whether the command can have several things to do, each of which fails for itself.
    var hasManyTasks: Bool {
        switch self {
        case .recover, .apply, .removeController(_, _, force: true): true
        default: false
        }
    }

    /// What is looked at first: where the names of devices and domains suffice to know what is
    /// meant, whatever else there is to see is seen under the locks.
    var scope: SurveyScope {
        switch self {
        case .addController: .names(withDevices: false)
        case .attach(_, let device, _), .detach(let device, _):
            .names(withDevices: device.knownID == nil)
        case .list(let domain?), .detachPlace(let domain, _, _): .around(.domain(domain))
        default: .everything
        }
    }

    /// Tells whether the command has an answer even where there is no store.
    var asksDevicesOnly: Bool {
        switch self {
        case .devices, .awaitChange: true
        default: false
        }
    }

    /// Tells whether the command only looks.
    public var onlyLooks: Bool {
        switch self {
        case .devices, .list, .show, .doctor, .awaitChange: true
        case .addController, .removeController, .attach, .detach, .detachPlace, .apply, .recover:
            false
        }
    }
}
