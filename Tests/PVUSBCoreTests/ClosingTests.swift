import Testing

@testable import PVUSBCore

/// A controller's backend is asked to go.
struct ClosingTests {
    private static let back = "/local/domain/0/backend/vusb/5/0"
    private static let change = StoreChange.closeController(controllerID())

    @Test func `it reads both ends of what it changes, and every port`() {
        let ports = (1...31).map { StoreRequest.read(node("\(Self.back)/port/\($0)")) }
        #expect(
            Self.change.reads
                == [.read(node("\(Self.back)/online")), .read(node("\(Self.back)/state"))] + ports)
    }

    @Test(arguments: ["1", "2", "3", "4", "5", "7", "garbage"])
    func `it goes offline and closes`(state: String) throws {
        let nodes: Nodes = [
            "\(Self.back)/state": state, "\(Self.back)/online": "1", "\(Self.back)/port/1": "",
        ]
        #expect(
            try Self.change.decide(on: nodes)
                == .write([
                    writing("\(Self.back)/online", "0"), writing("\(Self.back)/state", "5"),
                ]))
    }

    @Test func `one that has closed only goes offline, and one that is gone is left`() throws {
        #expect(
            try Self.change.decide(on: ["\(Self.back)/state": "6"])
                == .write([writing("\(Self.back)/online", "0")]))
        #expect(try Self.change.decide(on: [:]) == .leave)
    }

    @Test(arguments: [("1", "1-1"), ("31", "9-9"), ("2", "../../etc")])
    func `one that holds something is not asked`(port: String, value: String) throws {
        let nodes: Nodes = ["\(Self.back)/state": "4", "\(Self.back)/port/\(port)": value]
        #expect(
            try Self.change.decide(on: nodes)
                == .lost(
                    PVUSBError(
                        .busy, "controller 0 of domain 5 holds a device", remedy: "pvusb list")))
    }
}

/// Controllers and values that are seldom met are seen as they are.
struct SeldomSeenTests {
    private static func look(_ host: LittleHost) throws -> Observation {
        var host = host
        guard case .inventory(let inventory) = host.run(Operation(.list(nil))).outcome else {
            throw StoreErrorName.invalid
        }
        return inventory.observation
    }

    @Test func `the ports of an emulated controller are libxl's own`() throws {
        let libxl = "/libxl/5/device/vusb/0"
        var host = LittleHost()
        host.nodes["\(libxl)/type"] = "devicemodel"
        host.nodes["\(libxl)/backend"] = nil
        host.nodes["\(libxl)/port/1"] = "9-9"
        host.nodes["\(libxl)/port/2"] = "1-1"
        let seen = try Self.look(host)
        let view = seen.controller(controllerID())
        #expect(view?.kind == .deviceModel)
        #expect(view?.ports == [.device(bus("9-9")), .device(bus("1-1"))])
        #expect(view?.backendState == nil)
        let status = seen.status(of: bus("1-1"))
        // Its domain has no QEMU that could have it.
        #expect(status.state == .assignedUncaptured)
        #expect(status.kind == .deviceModel)
        #expect(status.remedy == "pvusb recover 1-1")
    }

    @Test func `a port that holds no text is no device, and is told`() throws {
        var host = LittleHost()
        let run = host.run(Operation(.list(nil))) { _, effect, host in
            guard case .store(let batch) = effect, case .store(let replies) = host.perform(effect)
            else { return nil }
            let port = StoreRequest.read(node(LittleHost.port))
            return .store(
                zip(batch, replies).map { $0 == port ? .value([0xff, 0xfe]) : $1 })
        }
        guard case .inventory(let inventory) = run.outcome else {
            Issue.record("a look ended without an inventory")
            return
        }
        let seen = inventory.observation
        #expect(seen.content(of: place(1)) == .unreadable(Untrusted("not text")))
        let told = "\(LittleHost.port) holds 'bytes that are no text', which is no device"
        #expect(seen.oddities.map(\.message) == [told])
    }

    @Test func `records that a newer pvusb writes in the midst of a detach are not changed`() throws
    {
        var host = try LittleHost.attached()
        let run = host.run(Operation(.detach(.busID(bus("1-1"))))) { _, effect, host in
            if effect == .store([.begin]) { host.nodes["/libxl/pvusb/version"] = "2" }
            return nil
        }
        #expect(
            run.outcome.error
                == PVUSBError(
                    .failed,
                    "the records in the store were written by a newer pvusb; they are only read; "
                        + "1-1 is assigned now", remedy: "use the newer pvusb"))
        #expect(host.nodes["/libxl/pvusb/device/1-1/goal"] == "attached")
        #expect(host.holdsNothing)
    }
}
