internal import PVUSBCore

/// Why something never happens to a command of a kind, in the table of what was explored.
enum EmptyCell: String, CaseIterable {
    case noQEMU = "usbback serves this kind, no QEMU"
    case noQMP = "QEMU is told nothing by QMP about this kind"
    case noNodes = "the guest has no nodes of this kind"
    case noWrites = "it writes nothing to sysfs"
    case noCommits = "it changes nothing in the store"
    case noWaits = "it waits for nobody who would act"
    case alone = "events beside two commands at once are explored by --full only"
    case noXL = "xl is explored beside attach and detach only"
    case noPort = "no port holds the device"
    case drivers = "no interface is ever without a driver"

    /// The letter that stands in the cell.
    var letter: String {
        let index = Self.allCases.firstIndex(of: self) ?? 0
        return String(UnicodeScalar(UInt8(ascii: "a") + UInt8(index)))
    }

    /// The reason for a cell's being empty; nil where it must not be.
    init?(_ row: Tally.Row, _ occurrence: Occurrence) {
        let reason = Self.ofKind(row, occurrence) ?? Self.ofCommand(row, occurrence)
        guard let reason else { return nil }
        self = reason
    }

    private static func ofKind(_ row: Tally.Row, _ occurrence: Occurrence) -> EmptyCell? {
        switch (row.kind, occurrence) {
        case (.pv, .qemuKilled), (.pv, .qemuHangs), (.pv, .qemuCannotOpen): .noQEMU
        case (.pv, .qemuRefuses), (.pv, .qemuIsCut), (.pv, .qemuIsSilent): .noQEMU
        case (.qusb, .qemuHangs), (.qusb, .qemuRefuses), (.qusb, .qemuIsCut): .noQMP
        case (.qusb, .qemuIsSilent): .noQMP
        case (.deviceModel, .guestRewrites), (.deviceModel, .guestFloods): .noNodes
        default: nil
        }
    }

    private static func ofCommand(_ row: Tally.Row, _ occurrence: Occurrence) -> EmptyCell? {
        if row.command == "two at once", occurrence.isOfOthers { return .alone }
        switch occurrence {
        case .xlAttaches, .xlDetaches, .xlGoesOn:
            return ["attach", "detach"].contains(row.command) ? nil : .noXL
        case .killedAfter, .again, .againForEver:
            return ["looks", "dry run"].contains(row.command) ? .noCommits : nil
        case .slow: return ["looks", "dry run"].contains(row.command) ? .noWaits : nil
        case .refused, .refusedForEver:
            return ["looks", "dry run", "controller add"].contains(row.command) ? .noWrites : nil
        case .udev: return row.command == "controller add" ? .drivers : nil
        default: return nil
        }
    }
}

extension Occurrence {
    /// Whether it is neither the commands' own nor a kill.
    fileprivate var isOfOthers: Bool {
        switch self {
        case .effect, .killedBefore, .killedAfter, .newCommand, .others: false
        default: true
        }
    }
}
