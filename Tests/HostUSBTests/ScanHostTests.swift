import Foundation
import HostUSB
import TestSupport
import Testing
import USBModel

struct ScanHostTests {
    private func captured() throws -> HostSnapshot {
        try scanHost(SystemFiles(sysfs: try CapturedHost.sysfs()))
    }

    @Test func `a real host's devices are all read`() throws {
        let host = try captured()
        #expect(host.devices.count == 19)
        #expect(host.devices.filter(\.id.isRootHub).count == 7)
        #expect(host.unreadable.isEmpty)
        #expect(host.portTable == nil)
        #expect(host.drivers.map(\.text).contains("usb-storage"))
    }

    @Test func `a device of three interfaces is read whole`() throws {
        let host = try captured()
        let gadget = try #require(host.devices.first { $0.id == BusID("7-1") })
        #expect(gadget.name == "lab LabGadget")
        #expect(gadget.serial == "GADG0001")
        #expect(gadget.speed == .high)
        #expect(gadget.interfaces.map(\.interfaceClass.description) == ["08", "02", "0a"])
        #expect(gadget.interfaces.map(\.driver?.text) == ["usb-storage", nil, nil])
    }

    @Test func `hubs are known`() throws {
        let hubs = try captured().devices.filter { $0.isHub && !$0.id.isRootHub }
        #expect(hubs.map(\.id.description) == ["1-3"])
    }

    @Test func `the scan agrees with what the shell reads`() throws {
        #expect(try captured().devices.map(line) == expected())
    }

    @Test func `one device is read alone`() throws {
        let files = SystemFiles(sysfs: try CapturedHost.sysfs())
        let one = try scanHost(files, only: BusID("1-4").map { [$0] })
        #expect(try one.devices == captured().devices.filter { $0.id == BusID("1-4") })
        #expect(one.devices.count == 1)
    }

    @Test func `a host without USB is a failure`() throws {
        let directory = try TemporaryDirectory()
        let failure = HostScanFailure(errno: .noEntry, path: "/sys/bus/usb/devices")
        #expect(throws: failure) { try scanHost(SystemFiles(sysfs: directory.path)) }
    }

    private func line(_ device: HostDevice) -> String {
        let interfaces = device.interfaces
        return [
            device.id.description, device.address.description, device.vendorProduct.description,
            device.speed?.description ?? "-",
            interfaces.map(\.interfaceClass.description).joined(separator: ","),
            interfaces.map { $0.driver?.text ?? "-" }.joined(separator: ","),
            device.manufacturer ?? "-", device.product ?? "-", device.serial ?? "-",
        ].joined(separator: "\t")
    }

    private func expected() throws -> [String] {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let script = Process()
        let output = Pipe()
        script.executableURL = URL(fileURLWithPath: "/bin/bash")
        script.arguments = [
            root.appendingPathComponent("scripts/expect-devices").path,
            try CapturedHost.sysfs(),
        ]
        script.standardOutput = output
        try script.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        script.waitUntilExit()
        #expect(script.terminationStatus == 0)
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
