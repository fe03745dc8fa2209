import Testing

@testable import PVUSBCore

/// Answers that say no, or that do not belong to what was asked.
struct MisplacedAnswerTests {
    static let denied = PVUSBError(
        .permission, "this user may not ask xenstored", cause: "EACCES",
        remedy: "run pvusb as root")

    @Test func `a look that the store denies says who may look`() {
        var survey = Survey(.everything)
        _ = survey.next(nil)
        #expect(survey.next(.storeDenied("EACCES")) == .finished(.failure(Self.denied)))
    }

    @Test(arguments: [Answer.files([]), .woken, .timedOut, .locked, .unlocked, .deviceModel(.done)])
    func `an answer to something else ends a look`(answer: Answer) {
        var survey = Survey(.everything)
        _ = survey.next(nil)
        let error = PVUSBError(.failed, "an answer came that does not belong to a survey")
        #expect(survey.next(answer) == .finished(.failure(error)))
    }

    @Test func `locks that can't be used end a command before anything is done`() {
        var host = LittleHost()
        let command = Command.attach(.name("win10"), .busID(bus("1-1")), at: nil)
        let run = host.run(Operation(command)) { _, effect, _ in
            if case .lock = effect { .locksFailed("/run/pvusb is no directory") } else { nil }
        }
        #expect(
            run.outcome.error
                == PVUSBError(
                    .failed, "the locks can't be used", cause: "/run/pvusb is no directory"))
        #expect(host.isUntouched)
    }

    @Test func `a store that is denied in the midst of an attach is told, and the record stays`() {
        var host = LittleHost()
        let command = Command.attach(.name("win10"), .busID(bus("1-1")), at: nil)
        let run = host.run(Operation(command)) { _, effect, host in
            let isClaimed = host.nodes[LittleHost.port] == "1-1"
            return isClaimed && InterruptionTests.isStore(effect) ? .storeDenied("EACCES") : nil
        }
        #expect(run.outcome.error == Self.denied)
        #expect(host.nodes["/libxl/pvusb/device/1-1/goal"] == "attach")
        #expect(host.driver == "usbhid")
    }
}

/// A step's check, where what it is about is gone.
struct VanishedStepTests {
    static let steps: [(step: Step, holds: Bool)] = [
        (.unbind(interface("1-1:1.0"), from: .usbback), true),
        (.bind(interface("1-1:1.0"), to: driverName("usbhid")), true),
        (.probe(interface("1-1:1.0")), true),
        (.bind(interface("1-1:1.0"), to: .usbback), false),
        (.clear(bus("1-1"), place(1)), true),
        (.forget(bus("1-1")), true),
        (.awaitConnected(controllerID()), false),
        (.awaitClosed(controllerID()), true),
        (.closeController(controllerID()), true),
        (.removeController(controllerID()), true),
    ]

    @Test(arguments: steps)
    func `nothing is left to take back, and nothing can be given`(step: Step, holds: Bool) {
        var scene = Scene(nil)
        scene.controllers = []
        #expect(step.holds(in: scene.observation) == holds)
    }

    @Test(arguments: steps.filter { $0.step.text.action != "bind" })
    func `an interface of a device that can't be read is not taken for gone`(
        step: Step, holds: Bool
    ) {
        var scene = Scene(nil)
        scene.unreadable = [UnreadableDevice(name: "1-1", reason: "descriptors is missing")]
        let isMove = ["unbind", "probe"].contains(step.text.action)
        guard isMove else { return }
        #expect(!step.holds(in: scene.observation))
    }

    @Test func `another device on the socket is taken home, not parked`() {
        let record = Record(.attached, identity: RecordTests.identity)
        let scene = Scene(
            ["usbback"], ports: ["1-1", "", ""], record: record, table: ["1-1:5:0:1"])
        let plan = scene.observation.planParking(of: bus("1-1"))
        #expect(plan.goal == .parked(bus("1-1")))
        #expect(plan.steps == scene.observation.planHost(of: bus("1-1")).steps)
    }
}

/// The names of errors in JSON, which scripts rely on.
struct ErrorNameTests {
    static let codes: [(code: PVUSBError.Code, name: String, exit: Int32)] = [
        (.failed, "failed", 1), (.usage, "usage", 2), (.permission, "permission", 3),
        (.interrupted, "interrupted", 4), (.notFound, "notFound", 5), (.ambiguous, "ambiguous", 6),
        (.denied, "denied", 7), (.refused, "refused", 8), (.busy, "busy", 9),
        (.partial, "partial", 10), (.pending, "pending", 11), (.unfinished, "unfinished", 12),
        (.storeLost, "storeLost", 1),
    ]

    @Test(arguments: codes)
    func `a code keeps its name and its exit code`(
        code: PVUSBError.Code, name: String, exit: Int32
    ) {
        #expect(code.name == name)
        #expect(PVUSBError(code, "").exitCode == exit)
    }
}

/// What a record says of a controller that was made.
struct CreatedTextTests {
    @Test(arguments: ["created 0", "created 255"])
    func `it reads back`(text: String) {
        #expect(ControllerID(asCreated: text, in: domid(5))?.asCreated == text)
    }

    @Test(arguments: [
        "", "created", "created ", "created 256", "created 01", "created -1", "created 1 ",
        "created  1", "made 1", "1", "Created 1",
    ])
    func `anything else names none`(text: String) {
        #expect(ControllerID(asCreated: text, in: domid(5)) == nil)
    }

    @Test func `without a domain it names none`() {
        #expect(ControllerID(asCreated: "created 0", in: nil) == nil)
    }
}
