import DeviceModel
import HostUSB
import Simulation
import Testing
import XenStore

@testable import PVUSB

/// A QEMU that says what it is told to.
private final class ScriptedDeviceModel: DeviceModelSeam {
    private let answer: Result<QMPValue, QMPFailure>
    private(set) var asked: [QMPCommand] = []
    private(set) var domains: [UInt16] = []

    init(_ answer: Result<QMPValue, QMPFailure>) {
        self.answer = answer
    }

    func execute(_ command: QMPCommand, guest: QMPGuest) throws(QMPFailure) -> QMPValue {
        asked.append(command)
        domains.append(guest.domain)
        return try answer.get()
    }
}

/// A store that can't be asked.
private final class LostStore: Store {
    private let failure: StoreFailure

    init(_ failure: StoreFailure) {
        self.failure = failure
    }

    func perform(_ batch: [StoreRequest]) throws(StoreFailure) -> [StoreReply] { throw failure }
}

/// Locks that can't be asked for.
private final class BrokenLocks: Locks {
    private let failure = LocksFailure("the lock directory is gone")

    func tryLock(_ name: String) throws(LocksFailure) -> LockAnswer { throw failure }
    func unlock(_ name: String) {}
    func holder(of name: String) throws(LocksFailure) -> LockAnswer { throw failure }
}

/// What a driver makes of what the seams say.
struct AnswerTests {
    private let host = SimulatedHost(World.builtIn())

    private func driver(
        store: (any Store)? = nil, locks: (any Locks)? = nil,
        deviceModel: (any DeviceModelSeam)? = nil
    ) -> Driver {
        Driver(
            Seams(
                store: store, files: host, locks: locks ?? host, clock: host,
                deviceModel: deviceModel))
    }

    // MARK: - The store and the locks

    @Test(arguments: [
        (StoreFailure(.denied, "not for you"), Answer.storeDenied("not for you")),
        (StoreFailure(.closed, "it is gone"), .storeLost("it is gone")),
        (StoreFailure(.timedOut, "it is slow"), .storeLost("it is slow")),
    ])
    func `a store that can't be asked is lost, or denied to this user`(
        failure: StoreFailure, answer: Answer
    ) {
        #expect(driver(store: LostStore(failure)).perform(.store([.read(.root)])) == answer)
    }

    @Test func `without a store it is lost`() {
        #expect(driver().perform(.store([.read(.root)])) == .storeLost("there is no store"))
    }

    @Test(arguments: [Lock(.claim), Lock(.claim, isTest: true)])
    func `locks that can't be asked for are told`(lock: Lock) {
        let answer = driver(locks: BrokenLocks()).perform(.lock(lock))
        #expect(answer == .locksFailed("the lock directory is gone"))
    }

    // MARK: - QEMU

    private func perform(
        _ action: DeviceModelCommand.Action, on deviceModel: any DeviceModelSeam
    ) throws -> Answer {
        let command = DeviceModelCommand(domain: try #require(DomainID(3)), action: action)
        return driver(deviceModel: deviceModel).perform(.deviceModel(command))
    }

    @Test(arguments: [
        (
            DeviceModelCommand.Action.add(
                driver: "usb-host", id: "pvusb-3-1",
                properties: ["hostbus": .number(3), "hostport": .text("1.2")]),
            QMPCommand(
                "device_add",
                [
                    "driver": .text("usb-host"), "id": .text("pvusb-3-1"),
                    "hostbus": .number(3), "hostport": .text("1.2"),
                ])
        ),
        (.remove(id: "pvusb-3-1"), QMPCommand("device_del", ["id": .text("pvusb-3-1")])),
        (
            .list(path: "/machine/peripheral"),
            QMPCommand("qom-list", ["path": .text("/machine/peripheral")])
        ),
    ])
    func `a guest's QEMU is asked in its own words`(
        action: DeviceModelCommand.Action, command: QMPCommand
    ) throws {
        let deviceModel = ScriptedDeviceModel(.success(.object([:])))
        #expect(try perform(action, on: deviceModel) == .deviceModel(.done))
        #expect(deviceModel.asked == [command])
        #expect(deviceModel.domains == [3])
    }

    private static func entry(_ name: QMPValue) -> QMPValue { .object(["name": name]) }

    @Test(
        arguments: [
            (Result.success(.object([:])), DeviceModelReply.done),
            (.success(.null), .done),
            (.success(.list([])), .names([])),
            (
                .success(.list([entry(.text("xhci")), entry(.text("pvusb-3-1"))])),
                .names(["xhci", "pvusb-3-1"])
            ),
            // An entry without a name, or with one that is no text, names nothing.
            (.success(.list([.object([:]), entry(.number(1)), .text("x")])), .names([])),
            (
                .failure(.refused(errorClass: "DeviceNotFound", description: "no pvusb-3-1")),
                .refused(errorClass: "DeviceNotFound", description: "no pvusb-3-1")
            ),
            (.failure(.malformed("a line is not JSON")), .unreachable("a line is not JSON")),
            (.failure(.unreachable("no socket")), .unreachable("no socket")),
        ] as [(Result<QMPValue, QMPFailure>, DeviceModelReply)])
    func `what QEMU says is told`(said: Result<QMPValue, QMPFailure>, reply: DeviceModelReply)
        throws
    {
        let deviceModel = ScriptedDeviceModel(said)
        #expect(try perform(.list(path: "/"), on: deviceModel) == .deviceModel(reply))
    }

    @Test func `without a way to the guests' QEMU it is unreachable`() throws {
        let domain = try #require(DomainID(3))
        let command = DeviceModelCommand(domain: domain, action: .remove(id: "x"))
        #expect(
            driver().perform(.deviceModel(command))
                == .deviceModel(.unreachable("there is no way to the guests' QEMU")))
    }
}
