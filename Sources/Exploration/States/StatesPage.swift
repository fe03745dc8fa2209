/// The page that tells every state of a device, and what each command makes of it.
///
/// It is made by running the real operations in a simulated world, effect by effect.
public struct StatesPage {
    private let kinds: [StateKind]

    /// Prepares a page about kinds of controllers.
    public init(of kinds: [StateKind]) {
        self.kinds = kinds
    }

    /// The page, in Markdown.
    public var text: String {
        let sections = kinds.map { KindSection(of: StateMap(of: $0)).text }
        return ([Self.introduction] + sections).joined(separator: "\n")
    }

    private static let introduction = """
        # The states of a device

        Every state in which a command of pvusb leaves a device, be it at its end or killed at any
        point, and what each command makes of it. This page is written by `scripts/generate-states`:
        it runs the real operations on the simulated host, kills them after every effect that
        changes anything, lets guests and backends go on as far as they can, and does the same from
        every state found so, until there is no new one. `StatesPageTests`: *the page about states
        is the one that the code makes* fails when it is out of date.

        A state's letter is what `devices` shows: **H** `host`, **A** `attaching`, **G** `assigned`,
        **D** `detaching`, **P** `parked`. The device is 1-4, a sound card with two interfaces; the
        guest is pv1.

        """
}
