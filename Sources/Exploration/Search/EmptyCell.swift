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
    case whole = "QEMU takes the device and gives it back: nothing is written to sysfs"
    case noQuestion = "it asks QEMU nothing by QMP"
    case quiet = "no backend and no guest has anything to do"
    case noLocks = "it takes no lock"
    case oneKill = "two commands at once have one kill, and no third command"

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
        if row.command == "two at once" { return ofRaces(row, occurrence) }
        let onlyLooks = ["looks", "dry run"].contains(row.command)
        switch occurrence {
        case .xlAttaches, .xlDetaches, .xlGoesOn:
            return ["attach", "detach"].contains(row.command) ? nil : .noXL
        case .lockHeld: return row.command == "dry run" ? .noLocks : nil
        case .again, .againForEver: return onlyLooks ? .noCommits : nil
        case .slow: return onlyLooks || isQuick(row) ? .noWaits : nil
        case .refused, .refusedForEver:
            if onlyLooks || row.command == "controller add" { return .noWrites }
            return row.kind == .pv || isReturn(row) ? nil : .whole
        case .udev: return hasDrivers(row) ? .drivers : nil
        case .qemuRefuses, .qemuIsCut, .qemuIsSilent: return onlyLooks ? .noQuestion : nil
        default: return nil
        }
    }

    private static func ofRaces(_ row: Tally.Row, _ occurrence: Occurrence) -> EmptyCell? {
        switch occurrence {
        case .effect, .killedBefore, .killedAfter: nil
        case .newCommand: .oneKill
        case .others: row.kind == .deviceModel ? .quiet : nil
        default: .alone
        }
    }

    /// QEMU answers a command at once; only a guest that gives a controller back takes its time.
    private static func isQuick(_ row: Tally.Row) -> Bool {
        switch row.kind {
        case .pv: false
        case .qusb: row.command == "recover DEVICE"
        case .deviceModel: !row.command.hasPrefix("controller remove")
        }
    }

    /// What QEMU did not give back is bound by the command.
    private static func isReturn(_ row: Tally.Row) -> Bool {
        ["detach --no-rebind", "recover", "recover DEVICE"].contains(row.command)
    }

    private static func hasDrivers(_ row: Tally.Row) -> Bool {
        switch row.kind {
        case .pv: row.command == "controller add"
        case .qusb: !isReturn(row)
        case .deviceModel: row.command == "controller add"
        }
    }
}
