internal import PVUSBCore
internal import Simulation

/// A process of pvusb in a node: an operation, and what belongs to the process alone.
struct Process: Hashable {
    /// The number of its command.
    var command: Int32
    /// The number of its operation.
    var agent: Int32
    /// The number of its connection to the store.
    var connection: Int32
    /// The locks that it holds, a bit each.
    var locks: UInt64 = 0
    /// What is true of it.
    var traits: Traits = []
    /// The number of the effect with which its transaction read; -1 without one.
    var reads: Int32 = -1

    /// What is true of a process beside its operation.
    struct Traits: OptionSet, Hashable {
        let rawValue: UInt8

        /// Its connection to the store is lost.
        static let storeLost = Traits(rawValue: 1)
        /// Its commits are always answered EAGAIN.
        static let neverCommits = Traits(rawValue: 2)
        /// Others changed drivers or devices since it looked at them last.
        static let usbStale = Traits(rawValue: 4)
        /// Others changed the store since it looked at ports last.
        static let storeStale = Traits(rawValue: 8)
        /// It has a transaction open.
        static let inTransaction = Traits(rawValue: 16)
        /// Others changed something since it began to look at everything.
        static let disturbed = Traits(rawValue: 32)

        /// What counts only for what a process may be blamed for.
        static let blames: Traits = [.usbStale, .storeStale, .disturbed]
    }

    /// Tells whether others changed something since it looked, so that what it waits for has come.
    func hasMissedAnything(_ scenario: Scenario) -> Bool {
        traits.contains(scenario.hasStore ? .disturbed : .usbStale)
    }

    func absorb(into digest: inout Digest) {
        digest.absorb(
            UInt64(UInt32(bitPattern: agent)) << 32 | UInt64(UInt32(bitPattern: connection)))
        digest.absorb(locks)
        let known = traits.subtracting(.blames)
        digest.absorb(UInt64(known.rawValue) << 32 | UInt64(UInt32(bitPattern: reads)))
    }

    /// Two processes do the same from here on if these are the same; that others changed what it
    /// saw counts only for what it may be blamed for.
    var blame: UInt64 {
        UInt64(traits.intersection(.blames).rawValue)
    }
}

/// Who meddled on the way to a node.
struct Meddlers: OptionSet, Hashable {
    let rawValue: UInt16

    /// A device was pulled or plugged in.
    static let plug = Meddlers(rawValue: 1)
    /// A domain was destroyed.
    static let domain = Meddlers(rawValue: 2)
    /// udev bound a driver.
    static let udev = Meddlers(rawValue: 4)
    /// xl was at work.
    static let xl = Meddlers(rawValue: 8)
    /// A guest misbehaved.
    static let guest = Meddlers(rawValue: 16)
    /// A write or a commit was refused, the store was lost, or a wait ended early.
    static let fault = Meddlers(rawValue: 32)
    /// Somebody stopped a process.
    static let stop = Meddlers(rawValue: 64)
    /// QEMU did not do what it could have done.
    static let qemu = Meddlers(rawValue: 128)
    /// A newer pvusb wrote records.
    static let newer = Meddlers(rawValue: 256)
    /// Another tool gave the other device away.
    static let other = Meddlers(rawValue: 512)
    /// What libxl keeps could not be looked at.
    static let hidden = Meddlers(rawValue: 1024)
}

/// A place in an explored story: a world, the living processes, and what is left of the budget.
struct Node {
    /// The number of the world.
    var world: Int32
    /// The living processes.
    var processes: (Process?, Process?) = (nil, nil)
    /// The number of what xl has still to do; -1 without an xl.
    var xl: Int32 = -1
    /// The number of a write that the kernel refuses for ever; -1 without one.
    var refusal: Int32 = -1
    /// How many processes were killed.
    var crashes: UInt8 = 0
    /// How many events and faults there were.
    var events: UInt8 = 0
    /// Whose they were.
    var meddlers: Meddlers = []
    /// Whether something was cut short since the last command began.
    var isCut = false

    subscript(_ slot: Int) -> Process? {
        get { slot == 0 ? processes.0 : processes.1 }
        set { if slot == 0 { processes.0 = newValue } else { processes.1 = newValue } }
    }

    /// Tells whether a process is alive.
    var isBusy: Bool { processes.0 != nil || processes.1 != nil }

    /// The same place in another world.
    func with(world: Int32) -> Node {
        var node = self
        node.world = world
        return node
    }

    /// What tells the state apart from others: the world and the operations, no budgets.
    func state(_ world: Digest) -> Digest {
        var digest = world
        for slot in 0..<2 {
            if let process = self[slot] {
                process.absorb(into: &digest)
            } else {
                digest.absorb(UInt64.max)
            }
        }
        digest.absorb(UInt64(UInt32(bitPattern: xl)) << 32 | UInt64(UInt32(bitPattern: refusal)))
        return digest
    }

    /// The same with what is left of the budget, and with who is to blame.
    func place(_ state: Digest) -> Digest {
        var digest = state
        let blame = (processes.0?.blame ?? 0) << 8 | (processes.1?.blame ?? 0)
        digest.absorb(
            blame << 40 | UInt64(crashes) << 24 | UInt64(events) << 16
                | UInt64(meddlers.rawValue) | (isCut ? 1 << 60 : 0))
        return digest
    }
}
