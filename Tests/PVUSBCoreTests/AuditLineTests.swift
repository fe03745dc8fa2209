import PVUSBCore
import Testing

struct AuditLineTests {
    private static let device = HostDevice("1-1", serial: "A\u{1b}[1m\"x")

    private static func report(
        _ goal: Goal, _ steps: [StepReport], error: PVUSBError? = nil
    ) -> Report {
        var scene = Scene()
        scene.devices = [device]
        var report = Report()
        report.goals = [
            GoalReport(
                goal: goal, label: "", steps: steps, error: error,
                status: goal.device.map { scene.observation.status(of: $0) })
        ]
        return report
    }

    private static let claim = Step.claim(
        Claim(device: bus("1-1"), place: place(1), record: Record(.attach)))
    private static let identity = "046d:c52b 0000000000000007 A?[1m?x"

    @Test func `a change is told with the device, the domain, the port and the time`() {
        let report = Self.report(.assigned(bus("1-1"), place(1)), [StepReport(Self.claim, .done)])
        #expect(
            report.auditLines(milliseconds: 61_042) == [
                "goal=assigned device=1-1 identity=\(Self.identity) domain=5 vm=/vm/a port=0:1 "
                    + "result=done duration=61.042s"
            ])
    }

    @Test func `a way back says where the device came from, and why it failed`() {
        let step = StepReport(.record(bus("1-1"), Record(.detach)), .done)
        let report = Self.report(
            .host(bus("1-1")), [step], error: PVUSBError(.failed, "a \"b\"\nc"))
        #expect(
            report.auditLines(milliseconds: 7) == [
                "goal=host device=1-1 identity=\(Self.identity) domain=5 vm=/vm/a port=0:1 "
                    + "result=\"a ?b??c\" duration=0.007s"
            ])
    }

    @Test func `so does one that is recorded and cleared at once`() {
        let step = StepReport(.recall(bus("1-1"), place(1), Record(.detach)), .done)
        let report = Self.report(.host(bus("1-1")), [step])
        #expect(
            report.auditLines(milliseconds: 7) == [
                "goal=host device=1-1 identity=\(Self.identity) domain=5 vm=/vm/a port=0:1 "
                    + "result=done duration=0.007s"
            ])
    }

    @Test func `a controller is told with its domain`() {
        let id = controllerID(3)
        let added = Self.report(
            .controllerAdded(id, settings()),
            [StepReport(.createController(id, settings()), .done)])
        let removed = Self.report(
            .controllerRemoved(id), [StepReport(.removeController(id), .done)])
        let parked = Self.report(
            .parked(bus("1-1")), [StepReport(.forget(bus("1-1")), .failed("no"))])
        #expect(
            [added, removed, parked].flatMap { $0.auditLines(milliseconds: 0) } == [
                "goal=controller-added controller=3 domain=5 result=done duration=0.000s",
                "goal=controller-removed controller=3 domain=5 result=done duration=0.000s",
                "goal=parked device=1-1 identity=\(Self.identity) result=done duration=0.000s",
            ])
    }

    @Test(arguments: [
        [], [StepReport(claim, .alreadySo)],
        [StepReport(.awaitListed(bus("1-1"), place(1)), .done)],
    ])
    func `where nothing was changed nothing is told`(steps: [StepReport]) {
        let report = Self.report(.assigned(bus("1-1"), place(1)), steps)
        #expect(report.auditLines(milliseconds: 0) == [])
    }
}
