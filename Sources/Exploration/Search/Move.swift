public import PVUSBCore

/// One thing that happens in an explored story.
///
/// A list of them, together with the scenario it begins in, is a trace that can be replayed.
public enum Move: Hashable, Sendable {
    /// A process, 0 or 1, performs the effect it asks for and hears the answer.
    case perform(Int)
    /// A process dies before the effect it asks for is performed.
    case killBefore(Int)
    /// A process dies when the effect is performed, before it hears the answer.
    case killAfter(Int)
    /// A new process begins a command; none is alive.
    case begin(Command)
    /// The kernel's backends and the guests do the next thing they would do.
    case react
    /// What a process asked for goes wrong.
    case fault(Int, Fault)
    /// Somebody else does something.
    case event(Event)
    /// An xl begins a command beside us.
    case xlBegins(XLStory)
    /// It does the next thing that it does.
    case xlActs
}

/// What goes wrong with the one effect that a process asked for.
public enum Fault: Hashable, Sendable {
    /// The connection to the store is lost before the batch arrives, and stays so.
    case storeLostBefore
    /// It is lost after the batch was done, before the answer comes.
    case storeLostAfter
    /// A commit is answered EAGAIN.
    case again
    /// Every commit of the process is answered EAGAIN from now on.
    case againForEver
    /// The kernel refuses a write with an errno, once.
    case refused(FileErrno)
    /// The kernel refuses this very write from now on, whoever makes it.
    case refusedForEver(FileErrno)
    /// A wait is over by the clock although somebody would still have acted.
    case timedOut
    /// Somebody wants the process to stop.
    case interrupted
    /// QEMU refuses what it is asked by QMP.
    case qemuRefuses
    /// QEMU does what it is asked, and the connection is cut before it says so.
    case qemuIsCut
    /// QEMU is silent: it does nothing and answers nothing.
    case qemuIsSilent
    /// A listing is refused, or no lock can be taken.
    case denied
    /// The device can't be read at this look.
    case unreadable
    /// Another process has the lock, and keeps it longer than anybody waits.
    case lockHeld
}

/// What somebody else does to the host.
public enum Event: Hashable, Sendable {
    /// The device is pulled.
    case unplug
    /// The device is pulled and plugged in again, or plugged in.
    case replug(usbbackFirst: Bool)
    /// Another device comes to the socket.
    case swap(usbbackFirst: Bool)
    /// The domain is destroyed as xl does it; the backend may be left.
    case destroy(leavingBackend: Bool)
    /// The same, and a new domain gets its number.
    case renew(leavingBackend: Bool)
    /// The first interface without a driver, or the last, is given to its ordinary one, as udev
    /// does.
    case udev(takesLast: Bool)
    /// The guest closes its end of the controller.
    case guestCloses
    /// The guest writes what makes no sense where its state belongs.
    case guestGarbles
    /// The guest deletes its nodes of the controller.
    case guestDeletes
    /// The guest points its end at another backend.
    case guestRewrites
    /// The guest makes many nodes.
    case guestFloods
    /// The guest's QEMU is killed.
    case qemuDies
    /// QEMU answers nobody from now on, and serves its devices all the same.
    case qemuHangs
    /// QEMU can't open devices from now on; it tells by QMP, or in its log only.
    case qemuCannotOpen(tells: Bool)
    /// A newer pvusb writes records of its own.
    case newerRecords
    /// Somebody makes the device's record one of a way back.
    case recordRewritten
    /// Somebody removes the device's record.
    case recordDropped
    /// Another tool makes a controller for the first guest.
    case controllerMade
    /// Another tool gives the other device to the first port.
    case otherAttached
}

/// A command of xl's that begins beside us.
public enum XLStory: Hashable, Sendable {
    /// `xl usbdev-attach` of the device to a port that the other guest's controller has.
    case attach
    /// `xl usbdev-attach` of the device to a port of the same guest.
    case attachHere
    /// `xl usbdev-detach` of the device from the port that holds it.
    case detach
}

extension Move {
    /// What kind of thing happens, for the table.
    var occurrence: Occurrence {
        switch self {
        case .perform: .effect
        case .killBefore: .killedBefore
        case .killAfter: .killedAfter
        case .begin: .newCommand
        case .react: .others
        case .fault(_, let fault): fault.occurrence
        case .event(let event): event.occurrence
        case .xlBegins(.detach): .xlDetaches
        case .xlBegins: .xlAttaches
        case .xlActs: .xlGoesOn
        }
    }
}
