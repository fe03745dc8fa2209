import Testing

@testable import PVUSBCore

/// What an operation does when somebody wants it to stop, or when the store goes away.
struct InterruptionTests {
    /// A command and the host that it is given to.
    struct Case: CustomTestStringConvertible {
        let testDescription: String
        let command: Command
        let host: LittleHost
    }

    static func cases() throws -> [Case] {
        let device = DeviceSelector.busID(bus("1-1"))
        let attached = try LittleHost.attached()
        var unfinished = attached
        unfinished.apply([writing("/libxl/pvusb/device/1-1/goal", "detach")])
        var disconnected = LittleHost()
        disconnected.nodes["/local/domain/0/backend/vusb/5/0/state"] = "2"
        let attach = Command.attach(.name("win10"), device, at: nil)
        return [
            Case(testDescription: "attach", command: attach, host: LittleHost()),
            Case(testDescription: "attach, waiting", command: attach, host: disconnected),
            Case(testDescription: "detach", command: .detach(device), host: attached),
            Case(testDescription: "recover", command: .recover([]), host: unfinished),
            Case(
                testDescription: "controller add",
                command: .addController(.name("win10"), settings()), host: LittleHost()),
        ]
    }

    /// A case and the number of the effect in whose place something else happens.
    struct Cut: CustomTestStringConvertible {
        let item: Case
        let index: Int
        var testDescription: String { "\(item.testDescription) at \(index)" }
    }

    static func cuts(_ isWanted: (Effect) -> Bool) throws -> [Cut] {
        try cases().flatMap { item in
            var host = item.host
            // The first two waits are over early; nobody acts in a host that waits in vain.
            var waits = 0
            let run = host.run(Operation(item.command)) { _, effect, host in
                waits += isWait(effect) ? 1 : 0
                host.wakes = waits < 3
                return nil
            }
            return run.effects.indices.filter { isWanted(run.effects[$0]) }
                .map { Cut(item: item, index: $0) }
        }
    }

    static func isWait(_ effect: Effect) -> Bool {
        if case .wait = effect { true } else { false }
    }

    static func isStore(_ effect: Effect) -> Bool {
        if case .store = effect { true } else { false }
    }

    @Test(arguments: try cuts { $0.changesWorld || isWait($0) })
    func `a stop gives back what is held and changes nothing more`(cut: Cut) throws {
        var host = cut.item.host
        var before = host
        let run = host.run(Operation(cut.item.command)) { index, _, host in
            guard index == cut.index else { return nil }
            before = host
            return .stop
        }
        let after = run.effects.dropFirst(cut.index + 1)
        #expect(after.filter { $0.changesWorld || Self.isWait($0) } == [])
        #expect(host.holdsNothing)
        #expect(host.nodes == before.nodes)
        #expect(host.driver == before.driver)
        #expect(run.outcome.error?.code == .interrupted)
        #expect(run.outcome.error?.exitCode == 4)
    }

    @Test(arguments: try cuts { $0.changesWorld || isWait($0) })
    func `a stop ends every watch that was set`(cut: Cut) throws {
        var host = cut.item.host
        let run = host.run(Operation(cut.item.command)) { index, _, _ in
            index == cut.index ? .stop : nil
        }
        let requests = run.effects.flatMap { effect -> [StoreRequest] in
            if case .store(let batch) = effect { batch } else { [] }
        }
        let begun = requests.filter { if case .watch = $0 { true } else { false } }
        let ended = requests.filter { if case .unwatch = $0 { true } else { false } }
        #expect(begun.count == ended.count)
    }

    @Test(arguments: try cuts { $0.changesWorld })
    func `a stop tells the steps that were done`(cut: Cut) throws {
        var host = cut.item.host
        var before = host
        let run = host.run(Operation(cut.item.command)) { index, _, host in
            guard index == cut.index else { return nil }
            before = host
            return .stop
        }
        let isChanged = before.nodes != cut.item.host.nodes || before.driver != cut.item.host.driver
        #expect(run.outcome.done.isEmpty == !isChanged)
    }

    @Test(arguments: try cuts { $0.changesWorld || isWait($0) })
    func `a stop before anything was done leaves nothing to recover`(cut: Cut) throws {
        guard cut.item.command == .attach(.name("win10"), .busID(bus("1-1")), at: nil) else {
            return
        }
        var host = cut.item.host
        let run = host.run(Operation(cut.item.command)) { index, _, _ in
            index == cut.index ? .stop : nil
        }
        let isChanged = host.nodes != cut.item.host.nodes || host.driver != cut.item.host.driver
        #expect(run.outcome.error?.remedy == (isChanged ? "pvusb recover 1-1" : nil))
    }

    @Test(arguments: try cuts(isStore))
    func `a lost store ends it without a roll-back`(cut: Cut) throws {
        var host = cut.item.host
        var before = host
        let run = host.run(Operation(cut.item.command)) { index, _, host in
            guard index == cut.index else { return nil }
            before = host
            return host.loseStore()
        }
        let after = run.effects.dropFirst(cut.index + 1)
        #expect(after.filter { $0.changesWorld || Self.isStore($0) } == [])
        #expect(host.holdsNothing)
        #expect(host.nodes == before.nodes)
        #expect(host.driver == before.driver)
        #expect(run.outcome.error?.code == .storeLost)
    }

    @Test(arguments: try cuts { _ in true })
    func `an operation that is stopped anywhere ends, and stays ended`(cut: Cut) {
        var host = cut.item.host
        var operation = Operation(cut.item.command)
        var answer: Answer?
        var last = operation.next(nil)
        for index in 0..<200 {
            if case .finished = last { break }
            answer = index == cut.index ? .stop : host.perform(last)
            last = operation.next(answer)
        }
        guard case .finished = last else {
            Issue.record("it does not end")
            return
        }
        for answer in [nil, .stop, .woken, .timedOut, .storeLost("EOF"), .store([])] as [Answer?] {
            #expect(operation.next(answer) == last)
        }
    }
}
