import Exploration
import PVUSBCore
import Testing

/// What the explorer has found in the core, explored again with little more than what it takes.
struct FoundBugTests {
    /// A scenario, and all that may happen in it.
    struct Found: CustomTestStringConvertible {
        let testDescription: String
        let scenario: String
        var crashes: UInt8 = 0
        var events: [Event] = []
        var faults: [Fault] = []
    }

    static let all = [
        Found(
            testDescription:
                "a device plugged in again before usbback forgot its port was left there",
            scenario: "detach what is absent, pv, 1", events: [.replug(usbbackFirst: true)]),
        Found(
            testDescription:
                "another device plugged in before usbback forgot the port was left there",
            scenario: "recover after an exchange, pv, 1", events: [.swap(usbbackFirst: true)]),
        Found(
            testDescription: "a port was claimed again before QEMU had read that it was emptied",
            scenario: "attach after a replug, qusb, 1", crashes: 1),
        Found(
            testDescription: "a record of an earlier domain took the new domain's device from QEMU",
            scenario: "attach beside a full controller, devicemodel, 1",
            events: [.renew(leavingBackend: false)]),
        Found(
            testDescription: "apply went on without the controller that it could not make",
            scenario: "apply, pv, 1", faults: [.timedOut]),
    ]

    @Test(arguments: all)
    func `a bug that was found stays away`(found: Found) throws {
        var scenario = try #require(Catalogue.scenario(named: found.scenario))
        scenario.events = found.events
        scenario.faults = found.faults
        let count: UInt8 = found.events.isEmpty && found.faults.isEmpty ? 0 : 1
        scenario.budget = Scenario.Budget(crashes: found.crashes, events: count, together: 1)
        scenario.xl = []
        let result = explore(scenario)
        #expect(result.violations.map { scenario.tell($0) } == [])
        #expect(result.tally.states > 10)
    }
}
