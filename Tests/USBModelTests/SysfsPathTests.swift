import Testing
import USBModel

struct SysfsPathTests {
    @Test func `paths are those of the kernel`() throws {
        let hid = try #require(DriverName("usbhid"))
        let device = try #require(BusID("3-1.2"))
        let interface = try #require(InterfaceID("3-1.2:1.0"))
        #expect(SysfsPath.attribute(.serial, of: device) == "/sys/bus/usb/devices/3-1.2/serial")
        #expect(SysfsPath.driverLink(interface) == "/sys/bus/usb/devices/3-1.2:1.0/driver")
        #expect(SysfsPath.bind(hid) == "/sys/bus/usb/drivers/usbhid/bind")
        #expect(SysfsPath.unbind(.usbback) == "/sys/bus/usb/drivers/usbback/unbind")
        #expect(SysfsPath.driversProbe == "/sys/bus/usb/drivers_probe")
        #expect(SysfsPath.portIDs == "/sys/bus/usb/drivers/usbback/port_ids")
    }
}
