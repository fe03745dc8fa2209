/// A promise that holds in every explored state; the texts are what a finding begins with.
public enum Law: String, Hashable, Sendable, CaseIterable {
    /// No device is part host, part guest by our doing.
    case unbindsFirst = "all unbinds come before any bind"
    /// usbback refuses a bind before the port names the device, and dies of a port that is
    /// cleared under it.
    case portFirst =
        "a port is written before the first bind to usbback, cleared after the last unbind"
    /// A process may die after any step.
    case recordFirst = "what is needed to undo a step is in the store before the step"
    /// The kernel and a guest may take their time.
    case nothingHeld = "no transaction is open across a write to sysfs or a wait"
    /// What decides is read in the transaction that writes.
    case compareAndSwap = "a port is read in the transaction that writes it"
    /// A repeated command changes nothing.
    case idempotence = "doing a finished thing again changes nothing and succeeds"
    /// One `recover` is enough.
    case recovery = "recover ends at the host, in a guest or parked"
    /// The host has what it had.
    case hostDrivers = "a device that comes home has its own drivers again"
    /// Nothing of us stays in the store.
    case debris = "recover leaves nothing behind"
    /// A repeated command is as good as the first.
    case repetition = "the command repeated reaches its goal or says why not"
    /// `devices` says what was intended, how far it got and what to type.
    case truth = "devices tell the truth"
    /// What is typed as told helps.
    case remedy = "the remedy that is shown leads to an end"
    /// A report says what was reached.
    case report = "a report says what is so"
    /// A driver is given to the device that had it.
    case ownDriver = "a recorded driver is applied to the recorded device only"
    /// A kill can't cut a change in half.
    case wholeChanges = "a batch that writes more than one node is one transaction"
    /// Two guests never have the same device.
    case oneOwner = "no two ports hold a device by our doing"
    /// What libxl makes a domain anew from is what the domain has.
    case configuration = "libxl's configuration has the devices that the ports have"
    /// Who only looks or plans leaves all as it was.
    case looking = "a look and a dry run change nothing"
    /// What is no way is said at once.
    case refusing = "what is refused changes nothing"
    /// A guest's words steer nobody's terminal.
    case telling = "what is told is text of one line"
    /// Whatever is told, an operation ends.
    case ending = "every command ends"
    /// What a guest or another device does is not another device's trouble.
    case bystanders = "what happens to one device leaves the others alone"
    /// Refusals are told with the interface.
    case refusals = "a refusal that lasts is told with the interface that refuses"
}

/// A broken promise, with what led to it.
public struct Violation: Hashable, Sendable {
    /// The promise.
    public let law: Law
    /// What was found instead.
    public let found: String
    /// The name of the scenario in which it was found.
    public let scenario: String
    /// What happened up to there.
    public let moves: [Move]
    /// What was tried then, an effect a line.
    public let afterwards: [String]

    /// Notes a broken promise.
    public init(
        law: Law, found: String, scenario: String, moves: [Move], afterwards: [String] = []
    ) {
        self.law = law
        self.found = found
        self.scenario = scenario
        self.moves = moves
        self.afterwards = afterwards
    }
}
