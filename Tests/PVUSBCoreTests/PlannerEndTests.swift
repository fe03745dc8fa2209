import Testing

@testable import PVUSBCore

/// Law 6: when nothing goes wrong, a recovery leaves nothing to recover.
struct PlannerEndTests {
    /// A recovery that somebody asked for by name, and what is seen when all its steps are done.
    struct Case {
        let scene: Scene
        let plan: Plan
        let end: Observation
        /// Whether more than one port held it at first.
        let isContest: Bool
        let status: DeviceStatus
    }

    static let cases: [Case] = PlannerLawTests.scenes.compactMap { scene in
        let seen = scene.observation
        // Of two ports that are both another tool's nobody but a person can say which one goes.
        let task = PVUSBCore.Task.recover(bus("1-1"), named: true)
        guard seen.isKnown(bus("1-1")), let plan = try? task.plan(in: seen) else { return nil }
        let end = seen.after(plan)
        return Case(
            scene: scene, plan: plan, end: end,
            isContest: seen.places(of: bus("1-1")).count > 1, status: end.status(of: bus("1-1")))
    }

    private func told(_ broken: [Case], of all: [Case]) -> Comment? {
        guard let first = broken.first else { return nil }
        let seen = first.scene.observation
        return """
            \(broken.count) of \(all.count), the first for drivers \
            \(seen.host.devices.first?.interfaces.map { $0.driver?.text ?? "-" } ?? ["absent"]), \
            record \(seen.records[bus("1-1")].map { "\($0)" } ?? "none"), \
            ports \(seen.controllers.map(\.ports)), orphans \(seen.controllers.map(\.isOrphan)), \
            notes \(seen.notes.count), \(seen.status(of: bus("1-1")).state): \
            \(first.plan.lines) ends \(first.status.state), \(first.status.problems)
            """
    }

    private func expectSettled(_ cases: [Case], sourceLocation: SourceLocation = #_sourceLocation) {
        let broken = cases.filter { item in
            // The other port of a contest may be half done; that is its own tool's business.
            guard !item.isContest else { return item.status.state == .contested }
            return item.status.remedy != nil && item.end.isKnown(bus("1-1"))
        }
        guard let comment = told(broken, of: cases) else { return }
        Issue.record(comment, sourceLocation: sourceLocation)
    }

    @Test func `a recovery ends what there is to recover`() {
        #expect(Self.cases.count > 15_000)
        expectSettled(Self.cases)
    }

    @Test func `a recovery ends at the host, in a guest or parked`() {
        let ends: [DeviceState] = [.host, .unbound, .assigned, .hub]
        let broken = Self.cases.filter { item in
            guard !item.isContest,
                !item.scene.devices.isEmpty
            else { return false }
            return !ends.contains(item.status.state)
        }
        if let comment = told(broken, of: Self.cases) { Issue.record(comment) }
    }

    @Test func `a recovery that is done has nothing left to do`() {
        let task = PVUSBCore.Task.recover(bus("1-1"), named: true)
        let broken = Self.cases.filter { item in
            guard !item.isContest else { return false }
            // What no driver wants is offered again whenever it is named; what is not there, and
            // held by nothing, can't be named.
            guard item.status.state != .unbound, item.end.isKnown(bus("1-1")) else { return false }
            return (try? task.plan(in: item.end).steps) != []
        }
        if let comment = told(broken, of: Self.cases) { Issue.record(comment) }
    }

    @Test func `a device that was at home before is at home again with the same drivers`() {
        let broken = Self.cases.filter { item in
            guard item.scene.observation.status(of: bus("1-1")).state == .host else { return false }
            return item.end.host.devices != item.scene.devices
        }
        if let comment = told(broken, of: Self.cases) { Issue.record(comment) }
    }
}

extension Observation {
    /// Tells whether there is a device, a record of it or a port that holds it.
    fileprivate func isKnown(_ id: BusID) -> Bool { deviceStatuses().contains { $0.id == id } }
}
