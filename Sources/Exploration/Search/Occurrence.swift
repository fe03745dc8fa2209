/// What kind of thing happens in a state: the lines of the table.
public enum Occurrence: String, Hashable, Sendable, CaseIterable {
    /// A process performs an effect.
    case effect = "next effect"
    /// A process is killed before its effect.
    case killedBefore = "killed before"
    /// A process is killed after its effect.
    case killedAfter = "killed after"
    /// A new process begins.
    case newCommand = "new command"
    /// Backends and guests go on by themselves.
    case others = "backends, guests"
    /// A wait is over before somebody acts.
    case slow = "slow guest"
    /// Somebody stops the process.
    case interrupted = "interrupted"
    /// The store's connection is lost.
    case storeLost = "store lost"
    /// A commit is answered EAGAIN.
    case again = "EAGAIN"
    /// Every commit is answered EAGAIN.
    case againForEver = "EAGAIN for ever"
    /// A write to sysfs is refused once.
    case refused = "refused once"
    /// A write to sysfs is refused for ever.
    case refusedForEver = "refused for ever"
    /// A look or a lock is refused.
    case lookRefused = "look refused"
    /// Another process keeps a lock.
    case lockHeld = "lock kept"
    /// The device is pulled.
    case unplugged = "unplugged"
    /// The device is pulled and plugged in.
    case replugged = "replugged"
    /// Another device comes to the socket.
    case exchanged = "another device"
    /// udev binds a driver.
    case udev = "udev binds"
    /// The domain is destroyed.
    case destroyed = "domain destroyed"
    /// A new domain has its number.
    case renewed = "domid given anew"
    /// A newer pvusb is at work.
    case newer = "newer pvusb"
    /// Another tool changes the store.
    case tool = "another tool"
    /// The guest changes its nodes.
    case guestRewrites = "guest rewrites"
    /// The guest makes many nodes.
    case guestFloods = "guest floods"
    /// QEMU is killed.
    case qemuKilled = "QEMU killed"
    /// QEMU answers no more.
    case qemuHangs = "QEMU hangs"
    /// QEMU can't open devices.
    case qemuCannotOpen = "QEMU can't open"
    /// QEMU refuses a command.
    case qemuRefuses = "QMP refused"
    /// QEMU's answer is lost.
    case qemuIsCut = "QMP cut"
    /// QEMU does not answer a command.
    case qemuIsSilent = "QMP silent"
    /// xl attaches the device.
    case xlAttaches = "xl attaches"
    /// xl detaches the device.
    case xlDetaches = "xl detaches"
    /// xl does the next thing.
    case xlGoesOn = "xl goes on"
}

extension Fault {
    var occurrence: Occurrence {
        switch self {
        case .storeLostBefore, .storeLostAfter: .storeLost
        case .again: .again
        case .againForEver: .againForEver
        case .refused: .refused
        case .refusedForEver: .refusedForEver
        case .timedOut: .slow
        case .interrupted: .interrupted
        case .qemuRefuses: .qemuRefuses
        case .qemuIsCut: .qemuIsCut
        case .qemuIsSilent: .qemuIsSilent
        case .denied, .unreadable: .lookRefused
        case .lockHeld: .lockHeld
        }
    }
}

extension Event {
    var occurrence: Occurrence {
        switch self {
        case .unplug: .unplugged
        case .replug: .replugged
        case .swap: .exchanged
        case .destroy: .destroyed
        case .renew: .renewed
        case .udev: .udev
        case .guestCloses, .guestGarbles, .guestDeletes, .guestRewrites: .guestRewrites
        case .guestFloods: .guestFloods
        case .qemuDies: .qemuKilled
        case .qemuHangs: .qemuHangs
        case .qemuCannotOpen: .qemuCannotOpen
        case .newerRecords: .newer
        case .recordRewritten, .recordDropped, .controllerMade, .otherAttached: .tool
        }
    }
}
