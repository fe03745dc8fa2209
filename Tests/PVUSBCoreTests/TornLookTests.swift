import Testing

@testable import PVUSBCore

/// A look takes time, and what it shows need never have been so at one moment.
struct TornLookTests {
    private static let portTable = FileRequest.read("/sys/bus/usb/drivers/usbback/port_ids")

    @Test
    func `a device that goes to another guest during the look is that guest's, not half done`()
        throws
    {
        var host = LittleHost()
        host.addGuest(6, ports: 1)
        var looks = 0
        let run = host.run(
            Operation(.attach(.name("win10"), .busID(bus("1-1")), at: nil))
        ) { _, effect, host in
            guard case .files(let requests) = effect else { return nil }
            // Names are looked up first; then another command has the port.
            host.nodes["/local/domain/0/backend/vusb/6/0/port/1"] = "1-1"
            guard let index = requests.firstIndex(of: Self.portTable) else { return nil }
            looks += 1
            // usbback hears of it after its table was read, and has the device when its driver is.
            host.driver = "usbback"
            guard case .files(var replies) = host.perform(effect) else { return nil }
            replies[index] = .bytes(Array((looks == 1 ? "" : "1-1:6:0:1\n").utf8))
            return .files(replies)
        }
        #expect(run.outcome.error?.code == .busy)
        #expect(run.outcome.error?.message == "1-1 is in guest6 at 0:1")
        #expect(looks == 2)
    }
}
