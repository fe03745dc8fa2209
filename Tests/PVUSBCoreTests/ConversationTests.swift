import Testing

@testable import PVUSBCore

struct ConversationTests {
    private static let own = "/libxl/pvusb/device/1-1"
    private static let identity = "046d:c52b 08fe7607b598b7bb"
    private static let drivers = "/sys/bus/usb/drivers"
    private static let device = Lock(.device(bus("1-1")))

    private static func wait(step: Int) -> Effect {
        .wait(
            for: [.tick],
            until: Instant(Instant.Timer(run: 2, step: step), milliseconds: 10_000))
    }

    private static let claim =
        [Effect.lock(Lock(.claim))]
        + transaction(
            [
                LittleHost.port, "/libxl/5/device/vusb/0/type",
                "/local/domain/0/backend/vusb/5/0/online", "/local/domain/5/vm",
                "/libxl/usbback/1-1", "\(own)/goal", "\(own)/port", "\(own)/controller",
                "\(own)/qmp", "\(own)/interface", "/libxl/pvusb/version",
            ],
            [
                writing("/libxl/pvusb/version", "1"), writing("\(own)/goal", "attach"),
                writing("\(own)/port", LittleHost.port), writing("\(own)/domain", "5"),
                writing("\(own)/vm", "/vm/a"), writing("\(own)/identity", identity),
                writing("\(own)/interface/1-1@1_0", "usbhid"),
                writing("/libxl/usbback/1-1/1-1@1_0/driver_path", "\(drivers)/usbhid"),
                writing(LittleHost.port, "1-1"),
            ]) + [.unlock(Lock(.claim))] + LittleHost.lookAtEveryPort

    private static func move(_ file: String) -> [Effect] {
        [.files([.write("\(drivers)/\(file)", "1-1:1.0")])] + LittleHost.lookAtDrivers
    }

    private static func goal(_ goal: String) -> [Effect] {
        let reads = [
            "\(own)/goal", "\(own)/port", "\(own)/vm", "\(own)/controller",
            "/libxl/pvusb/version", LittleHost.port,
        ]
        return transaction(reads, [writing("\(own)/goal", goal)])
    }

    private static let attach: [Effect] =
        LittleHost.lookForNames + [.lock(device)]
        + LittleHost.toPlan(LittleHost.lookAround(recorded: false)) + claim
        + [wait(step: 2)]
        + LittleHost.lookAtDrivers + move("usbhid/unbind") + move("usbback/bind")
        + goal("attached") + LittleHost.lookAround(recorded: true) + [.unlock(device)]

    private static let detach: [Effect] =
        LittleHost.lookForDevice + [.lock(device)]
        + LittleHost.toPlan(LittleHost.glanceAtRecord)
        + goal("detach") + move("usbback/unbind")
        + transaction([LittleHost.port], [writing(LittleHost.port, "")])
        + [wait(step: 3)] + LittleHost.lookAtDrivers + move("usbhid/bind")
        + transaction(
            ["/libxl/pvusb/version", own, "/libxl/usbback/1-1"],
            [.remove(node(own)), .remove(node("/libxl/usbback/1-1"))])
        + LittleHost.lookAtDrivers + [.unlock(device)]

    /// Talks to an operation, expecting these effects and then its end.
    private func converse(
        _ operation: inout Operation, with host: inout LittleHost, _ effects: [Effect]
    ) -> Outcome? {
        var answer: Answer?
        for (index, effect) in effects.enumerated() {
            let asked = operation.next(answer)
            #expect(asked == effect, "effect \(index)")
            guard asked == effect else { return nil }
            answer = host.perform(asked)
        }
        guard case .finished(let outcome) = operation.next(answer) else { return nil }
        return outcome
    }

    @Test func `an attach from start to finish`() throws {
        var host = LittleHost()
        var operation = Operation(.attach(.name("win10"), .busID(bus("1-1")), at: nil))
        let outcome = try #require(converse(&operation, with: &host, Self.attach))
        let goal = try #require(outcome.report?.goals.first)
        #expect(goal.goal == .assigned(bus("1-1"), place(1)))
        #expect(goal.label == "1-1 in win10 at 0:1")
        #expect(goal.status?.state == .assigned)
        #expect(outcome.error == nil)
        #expect(
            goal.steps.map { "\($0.step.line): \($0.result)" } == [
                "await domain 5 controller 0 connected: alreadySo",
                "claim 1-1 domain 5 port 0:1: done",
                "await 1-1 listed by usbback: done",
                "unbind 1-1:1.0 usbhid: done",
                "bind 1-1:1.0 usbback: done",
                "record 1-1 attached: done",
            ])
        #expect(host.driver == "usbback")
        #expect(host.holdsNothing)
    }

    @Test func `a detach from start to finish`() throws {
        var host = try LittleHost.attached()
        var operation = Operation(.detach(.busID(bus("1-1"))))
        let outcome = try #require(converse(&operation, with: &host, Self.detach))
        let goal = try #require(outcome.report?.goals.first)
        #expect(goal.goal == .host(bus("1-1")))
        #expect(goal.label == "1-1 with its host drivers")
        #expect(goal.status?.state == .host)
        #expect(goal.status?.remedy == nil)
        #expect(outcome.error == nil)
        #expect(
            goal.steps.map { "\($0.step.line): \($0.result)" }
                == HostPlanTests.wayHome.map { "\($0): done" })
        #expect(host.isUntouched)
    }

    @Test func `an attach of what is there already only looks`() throws {
        var host = try LittleHost.attached()
        var operation = Operation(.attach(.name("win10"), .busID(bus("1-1")), at: nil))
        let effects: [Effect] =
            LittleHost.lookForNames + [.lock(Self.device)]
            + LittleHost.toPlan(LittleHost.lookAround(recorded: true))
            + LittleHost.lookAtDrivers + [.unlock(Self.device)]
        let outcome = try #require(converse(&operation, with: &host, effects))
        #expect(outcome.error == nil)
        #expect(outcome.report?.goals.map(\.steps) == [[]])
    }

    @Test func `a detach of the host's own device only looks`() throws {
        var host = LittleHost()
        var operation = Operation(.detach(.busID(bus("1-1"))))
        let effects: [Effect] =
            LittleHost.lookForDevice + [.lock(Self.device)]
            + LittleHost.toPlan(LittleHost.glanceAtHost)
            + LittleHost.toPlan(LittleHost.lookAroundHost) + LittleHost.lookAtDrivers
            + [.unlock(Self.device)]
        let outcome = try #require(converse(&operation, with: &host, effects))
        #expect(outcome.error == nil)
        #expect(outcome.report?.goals.map(\.steps) == [[]])
    }

    @Test func `what a process uses when it is home is looked for in every port`() throws {
        var host = try LittleHost.attached()
        let second = "/local/domain/0/backend/vusb/5/0/port/2"
        let run = host.run(Operation(.detach(.busID(bus("1-1"))))) { _, effect, host in
            guard effect == LittleHost.lookAtDrivers.first, host.nodes["\(Self.own)/goal"] == nil
            else { return nil }
            host.driver = "usbfs"
            host.nodes[second] = "1-1"
            return nil
        }
        #expect(
            run.outcome.error
                == PVUSBError(
                    .failed,
                    "another tool was at work: a port holds 1-1, but usbback does not have it; "
                        + "1-1 is assigned-uncaptured now",
                    remedy: "pvusb recover 1-1"))
    }

    @Test func `what a domain that went meanwhile leaves of a new controller is removed`() throws {
        var host = LittleHost()
        let domain = DomainSelector.name("win10")
        let run = host.run(Operation(.addController(domain, settings()))) { _, effect, host in
            guard case .wait = effect else { return nil }
            for path in host.nodes.keys
            where path.hasPrefix("/local/domain/5/") || path.hasPrefix("/libxl/5/") {
                host.nodes[path] = nil
            }
            return .timedOut
        }
        #expect(run.outcome.error != nil)
        let left = host.nodes.keys.filter { $0.hasPrefix("/local/domain/0/backend/vusb/5/1") }
        #expect(left.isEmpty)
    }

    @Test func `a dry run looks once and takes no lock`() throws {
        var host = LittleHost()
        var operation = Operation(
            .attach(.name("win10"), .busID(bus("1-1")), at: nil),
            OperationOptions(isDryRun: true))
        let look = LittleHost.look(recorded: false, forGuest: true)
        let outcome = try #require(converse(&operation, with: &host, LittleHost.toPlan(look)))
        guard case .plans(let plans, refusals: []) = outcome else {
            Issue.record("the outcome is \(outcome)")
            return
        }
        #expect(plans.map(\.lines.count) == [6])
        #expect(host.isUntouched)
    }

    @Test func `a look asks who works on what is half done`() throws {
        var host = LittleHost()
        host.apply(Record(.detach).writes(for: bus("1-1")))
        host.lockHolders["device.1-1"] = 4711
        var operation = Operation(.devices)
        let effects: [Effect] =
            LittleHost.look(recorded: true, noted: false) + [
                .lock(Lock(.device(bus("1-1")), isTest: true))
            ]
        let outcome = try #require(converse(&operation, with: &host, effects))
        guard case .inventory(let inventory) = outcome else {
            Issue.record("the outcome is \(outcome)")
            return
        }
        #expect(inventory.workers == [bus("1-1"): Worker(process: 4711)])
    }
}
