import Testing

@testable import PVUSBCore

/// The laws of every plan, over every combination of what can be seen of a small device.
struct PlannerLawTests {
    static let scenes = PlannerScenes.plain + PlannerScenes.rich + PlannerScenes.orphaned

    /// A plan and what it was made for.
    struct Case {
        let scene: Scene
        let seen: Observation
        let plan: Plan
        /// The steps as a person reads them.
        let lines: [String]

        init(scene: Scene, seen: Observation, plan: Plan) {
            self.scene = scene
            self.seen = seen
            self.plan = plan
            lines = plan.lines
        }

        /// What is ensured by each step, one word.
        var actions: [Substring] { lines.map { $0.prefix { $0 != " " } } }
    }

    /// Every plan that leads home: to the host, by recovery, by a recovery that named the device.
    static let homeward: [Case] = scenes.flatMap { scene in
        let seen = scene.observation
        return [
            seen.planHost(of: bus("1-1")), seen.planRecovery(of: bus("1-1"), named: false),
            seen.planRecovery(of: bus("1-1"), named: true),
        ].map { Case(scene: scene, seen: seen, plan: $0) }
    }

    static let outward: [Case] = scenes.compactMap { scene in
        let seen = scene.observation
        guard let plan = try? seen.planAttach(of: bus("1-1"), to: guest, at: nil) else {
            return nil
        }
        return Case(scene: scene, seen: seen, plan: plan)
    }

    /// Expects a law of every plan; the first few that break it are told.
    private func expect(
        _ law: String, of cases: [Case], _ holds: (Case) -> Bool,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let broken = cases.filter { !holds($0) }
        guard let first = broken.first else { return }
        let device = first.scene.devices.first?.interfaces.map { $0.driver?.text ?? "-" }
        let told = """
            \(broken.count) of \(cases.count) plans break the law "\(law)", the first for \
            drivers \(device.map { "\($0)" } ?? "absent"), \
            record \(first.seen.records[bus("1-1")].map { "\($0)" } ?? "none"), \
            ports \(first.scene.controllers.map(\.ports)), table \(first.scene.table ?? ["none"]), \
            notes \(first.scene.notes.isEmpty ? "none" : "uas"), \
            domains \(first.scene.domains.map(\.id)): \(first.lines)
            """
        Issue.record(Comment(rawValue: told), sourceLocation: sourceLocation)
    }

    @Test func `there are enough cases`() {
        #expect(Self.homeward.count > 50_000)
        #expect(Self.outward.count > 2_000)
        #expect(Self.outward.contains { $0.lines.contains { $0.hasPrefix("create") } })
    }

    @Test func `law 1, all unbinds come before any bind`() {
        expect("unbinds first", of: Self.homeward + Self.outward) { item in
            let kinds = item.actions
            let lastUnbind = kinds.lastIndex(of: "unbind") ?? -1
            let firstBind = kinds.firstIndex { $0 == "bind" || $0 == "probe" } ?? kinds.count
            return lastUnbind < firstBind
        }
    }

    @Test func `law 2, the claim comes before the first bind to usbback`() {
        let captures = Self.outward.filter { $0.lines.contains { $0.hasSuffix(" usbback") } }
        expect("claim first", of: captures) { item in
            let claim = item.lines.firstIndex { $0.hasPrefix("claim") } ?? Int.max
            let bind = item.lines.firstIndex {
                $0.hasSuffix("usbback") && $0.hasPrefix("bind")
            }
            return claim < bind ?? Int.max
        }
    }

    @Test func `law 2, a port is cleared after the last unbind from usbback`() {
        expect("clear last", of: Self.homeward) { item in
            let lines = item.lines
            guard let clear = lines.firstIndex(where: { $0.hasPrefix("clear") }) else {
                return true
            }
            return !lines[clear...].contains { $0.hasPrefix("unbind") }
        }
    }

    @Test func `law 2, the port of a captured device is not cleared under usbback`() {
        expect("unbind before clear", of: Self.homeward) { item in
            for case .clear(let id, let place) in item.plan.steps {
                let controller = place.controller.number.number
                let line = "\(id):5:\(controller):\(place.port.number)"
                guard item.scene.table == [line] else { continue }
                let captured = item.scene.devices.flatMap(\.interfaces)
                    .filter { $0.driver == .usbback }.map(\.id)
                let left = captured.filter {
                    !item.plan.steps.contains(.unbind($0, from: .usbback))
                }
                if !left.isEmpty { return false }
            }
            return true
        }
    }

    @Test func `law 3, the record comes first on the way home`() {
        let cases = Self.homeward.filter { item in
            item.actions.contains { ["unbind", "clear"].contains($0) }
        }
        expect("record first", of: cases) { $0.lines.first == "record 1-1 detach" }
    }

    @Test func `law 8, a recorded driver is applied to the recorded device only`() {
        expect("same device", of: Self.homeward) { item in
            let record = item.seen.records[bus("1-1")]
            let isSame = record?.identity == item.scene.devices.first?.identity
            return item.plan.steps.allSatisfy { step in
                guard case .bind(let interface, let driver) = step, !step.holds(in: item.seen)
                else { return true }
                // Of a device without a record of its own, the notes tell.
                let noted = item.seen.notes[bus("1-1")]?.driver(of: interface) == driver
                return (isSame && record?.driver(of: interface) == driver)
                    || ((record == nil || !isSame) && noted)
            }
        }
    }

    @Test func `what an attach has to make is made and noted before anything else`() {
        let makers = Self.outward.filter { $0.lines.contains { $0.hasPrefix("create") } }
        expect("made first", of: makers) { item in
            guard case .createControllerFor(let new, let id, _)? = item.plan.steps.first else {
                return false
            }
            return new.record.created == id && new.record.place == nil
                && new.record.goal == .attach
        }
    }

    @Test func `a controller goes only if it was made for this device and nobody else uses it`() {
        expect("ours to remove", of: Self.homeward) { item in
            item.plan.steps.allSatisfy { step in
                guard case .removeController(let id, _) = step else { return true }
                let record = item.seen.records[bus("1-1")]
                let others = item.seen.controller(id)?.occupied.filter { $0.device != bus("1-1") }
                return record?.created == id && others?.isEmpty ?? true
                    && record?.vm == item.seen.domain(id.domain)?.vm
            }
        }
    }

    @Test func `a controller goes after its device has left it, and before the record does`() {
        expect("in between", of: Self.homeward) { item in
            let lines = item.lines
            guard let removal = lines.firstIndex(where: { $0.hasPrefix("remove") }) else {
                return true
            }
            let before = lines[..<removal]
            let after = lines[removal...].dropFirst()
            return before.first == "record 1-1 detach"
                && !after.contains { $0.hasPrefix("clear") || $0.hasPrefix("unbind 1-1:1") }
                && after == ["forget 1-1"]
        }
    }

    @Test func `nothing is forgotten before everything is given back`() {
        expect("forget last", of: Self.homeward) { item in
            let ends = ["forget 1-1", "withdraw 1-1", "forget 1-1 xl's notes"]
            let end = item.lines.firstIndex { ends.contains($0) }
            return end == nil || end == item.lines.count - 1
        }
    }

    @Test func `a plan whose every step holds is empty`() {
        expect("empty when reached", of: Self.homeward + Self.outward) { item in
            item.plan.steps.isEmpty || item.plan.steps.contains { !$0.holds(in: item.seen) }
        }
    }

    @Test func `an interface is bound only when no other driver has it by then`() {
        // The kernel answers EBUSY to any other bind, for ever.
        expect("free before bind", of: Self.homeward + Self.outward) { item in
            item.plan.steps.allSatisfy { step in
                guard case .bind(let interface, let driver) = step,
                    let now = item.seen.driver(of: interface), now != driver
                else { return true }
                return item.plan.steps.contains(.unbind(interface, from: now))
            }
        }
    }

    @Test func `usbback has let go before anything is bound or probed`() {
        // A probe would hand the device straight back to usbback.
        expect("released first", of: Self.homeward) { item in
            guard item.scene.table?.isEmpty == false else { return true }
            let lines = item.lines
            guard
                let bind = item.plan.steps.firstIndex(where: { step in
                    ["bind", "probe"].contains(step.text.action) && !step.holds(in: item.seen)
                })
            else { return true }
            return lines[..<bind].contains("await 1-1 released by usbback")
        }
    }
}
