internal import Exploration

/// Why the words on the line make no sense.
struct UsageError: Error {
    let message: String
}

/// What is to be explored and shown.
struct ExploreOptions {
    enum Task {
        case explore
        case list
        case libxl
    }

    var task = Task.explore
    var extent = Catalogue.Extent.bounded
    var showsTable = false
    var showsScenarios = false
    var wantsHelp = false
    private var prefix = ""

    static let usage = """
        usage: explore [--quick | --narrow | --bounded | --full | --kinds] [--table] [--scenarios]
                       [NAME]
               explore --list [NAME]      the scenarios
               explore --libxl            crashes in attach and detach, counted as for libxl

        Explores every order of what may happen, crashes and the doings of others included, and
        holds each state against the laws. NAME is how the names of scenarios begin.
        Exit codes: 0 every law holds; 1 one does not, its trace is printed, or with --bounded and
        --full something never happens to a command without a reason that is known; 2 usage.
        """

    init(_ words: [String]) throws(UsageError) {
        for word in words {
            switch word {
            case "--quick": extent = .quick
            case "--narrow": extent = .narrow
            case "--bounded": extent = .bounded
            case "--full": extent = .full
            case "--kinds": extent = .kinds
            case "--table": showsTable = true
            case "--scenarios": showsScenarios = true
            case "--list": task = .list
            case "--libxl": task = .libxl
            case "--help": wantsHelp = true
            case _ where word.hasPrefix("-") || !prefix.isEmpty:
                throw UsageError(message: "'\(word)' is not understood\n\(Self.usage)")
            default: prefix = word
            }
        }
    }

    /// Whether everything is explored that the table has to tell of.
    var isWhole: Bool { prefix.isEmpty && (extent == .bounded || extent == .full) }

    var scenarios: [Scenario] {
        Catalogue.scenarios(extent).filter { $0.name.hasPrefix(prefix) }
    }
}
