import Testing

@testable import PVUSBCore

/// The laws of every plan, over every combination of what can be seen of a small device.
struct PlannerLawTests {
    static let scenes: [Scene] = {
        let names = ["usbhid", "uas", "", "usbback"]
        let drivers: [[String]?] = [nil] + names.flatMap { first in names.map { [first, $0] } }
        let identities = [
            HostDevice("1-1").identity, HostDevice("1-1", hash: 8).identity, nil,
        ]
        let goals: [RecordGoal] = [.attach, .attached, .detach, .parked]
        let records: [Record?] =
            [nil]
            + goals.flatMap { goal in
                [place(1), nil].flatMap { place in
                    identities.map {
                        Record(goal, at: place, drivers: ["usbhid", "uas"], identity: $0)
                    }
                }
            }
        let ports = [["", ""], ["1-1", ""], ["", "1-1"], ["1-1", "1-1"], ["9-9", ""]]
        let tables = [nil, [], ["1-1:5:0:1"], ["1-1:5:0:2"]]
        return drivers.flatMap { drivers in
            records.flatMap { record in
                ports.flatMap { ports in
                    tables.map { Scene(drivers, ports: ports, record: record, table: $0) }
                }
            }
        }
    }()

    /// A plan and what it was made for.
    struct Case {
        let scene: Scene
        let seen: Observation
        let plan: Plan
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
            ports \(first.scene.controllers[0].ports), table \(first.scene.table ?? ["none"]): \
            \(first.plan.lines)
            """
        Issue.record(Comment(rawValue: told), sourceLocation: sourceLocation)
    }

    @Test func `there are enough cases`() {
        #expect(Self.homeward.count > 10_000)
        #expect(Self.outward.count > 50)
    }

    @Test func `law 1, all unbinds come before any bind`() {
        expect("unbinds first", of: Self.homeward + Self.outward) { item in
            let kinds = item.plan.steps.map(\.text.action)
            let lastUnbind = kinds.lastIndex(of: "unbind") ?? -1
            let firstBind = kinds.firstIndex { $0 == "bind" || $0 == "probe" } ?? kinds.count
            return lastUnbind < firstBind
        }
    }

    @Test func `law 2, the claim comes before the first bind to usbback`() {
        let captures = Self.outward.filter { $0.plan.lines.contains { $0.hasSuffix(" usbback") } }
        expect("claim first", of: captures) { item in
            let claim = item.plan.lines.firstIndex { $0.hasPrefix("claim") } ?? Int.max
            let bind = item.plan.lines.firstIndex {
                $0.hasSuffix("usbback") && $0.hasPrefix("bind")
            }
            return claim < bind ?? Int.max
        }
    }

    @Test func `law 2, a port is cleared after the last unbind from usbback`() {
        expect("clear last", of: Self.homeward) { item in
            let lines = item.plan.lines
            guard let clear = lines.firstIndex(where: { $0.hasPrefix("clear") }) else {
                return true
            }
            return !lines[clear...].contains { $0.hasPrefix("unbind") }
        }
    }

    @Test func `law 2, the port of a captured device is not cleared under usbback`() {
        expect("unbind before clear", of: Self.homeward) { item in
            for case .clear(let id, let place) in item.plan.steps {
                guard item.scene.table == ["\(id):5:0:\(place.port.number)"] else { continue }
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
            item.plan.steps.contains { ["unbind", "clear"].contains($0.text.action) }
        }
        expect("record first", of: cases) { $0.plan.lines.first == "record 1-1 detach" }
    }

    @Test func `law 8, a recorded driver is applied to the recorded device only`() {
        expect("same device", of: Self.homeward) { item in
            let bound = item.plan.steps.contains {
                $0.text.action == "bind" && !$0.holds(in: item.seen)
            }
            guard bound, let record = item.seen.records[bus("1-1")] else { return true }
            return record.identity == item.scene.devices.first?.identity
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
            let lines = item.plan.lines
            guard
                let bind = item.plan.steps.firstIndex(where: { step in
                    ["bind", "probe"].contains(step.text.action) && !step.holds(in: item.seen)
                })
            else { return true }
            return lines[..<bind].contains("await 1-1 released by usbback")
        }
    }
}
