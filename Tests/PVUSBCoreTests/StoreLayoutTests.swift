import PVUSBCore
import Testing

struct StoreLayoutTests {
    @Test(arguments: [
        (StoreLayout.domains, "/local/domain"),
        (StoreLayout.version, "/libxl/pvusb/version"),
        (StoreLayout.records, "/libxl/pvusb/device"),
        (StoreLayout.driverPaths, "/libxl/usbback"),
        (StoreLayout.domain(domid(5)), "/local/domain/5"),
        (StoreLayout.controllers(of: domid(5)), "/libxl/5/device/vusb"),
        (StoreLayout.record(of: controllerID(3)), "/libxl/5/device/vusb/3"),
        (StoreLayout.frontend(of: controllerID(3)), "/local/domain/5/device/vusb/3"),
        (StoreLayout.backend(of: controllerID(3)), "/local/domain/0/backend/vusb/5/3"),
        (StoreLayout.port(place(31, on: 3)), "/local/domain/0/backend/vusb/5/3/port/31"),
        (
            StoreLayout.ports(of: controllerID(3), .pv), "/local/domain/0/backend/vusb/5/3/port"
        ),
        (
            StoreLayout.ports(of: controllerID(3), .qusb),
            "/local/domain/0/backend/qusb/5/3/port"
        ),
        (StoreLayout.ports(of: controllerID(3), .deviceModel), "/libxl/5/device/vusb/3/port"),
        (StoreLayout.record(of: bus("3-1.2")), "/libxl/pvusb/device/3-1_2"),
        (StoreLayout.driverPaths(of: bus("3-1.2")), "/libxl/usbback/3-1_2"),
        (
            StoreLayout.driverPath(of: interface("3-1.2:1.0")),
            "/libxl/usbback/3-1_2/3-1_2@1_0/driver_path"
        ),
    ])
    func `a path is libxl's`(path: StorePath, text: String) {
        #expect(path.text == text)
    }

    @Test(arguments: ["3-1", "3-1.2", "255-1.2.3.4.5.255", "usb3"])
    func `a bus id survives its name in the store`(name: String) {
        #expect(BusID(component: bus(name).component.text) == bus(name))
    }

    @Test(arguments: ["3-1:1.0", "3-1.2:1.0", "3-0:1.0", "3-1.2:255.255"])
    func `an interface survives its name in the store`(name: String) {
        #expect(InterfaceID(component: interface(name).component.text) == interface(name))
    }

    @Test(arguments: [
        "3-1.2",  // not encoded: the store has no such name
        "3-1_", "3-", "_", "", "3-1@2",  // no bus ids
        "3-01", "0-1", "256-1",  // numbers the kernel never writes
    ])
    func `a name that is no device's is refused`(name: String) {
        #expect(BusID(component: name) == nil)
    }

    @Test(arguments: ["3-1:1_0", "3-1@1.0", "3-1_1_0", "3-1@1", "3-1@1_0_0", ""])
    func `a name that is no interface's is refused`(name: String) {
        #expect(InterfaceID(component: name) == nil)
    }

    @Test(arguments: [(UInt16(0), UInt8(0), UInt8(1)), (5, 0, 1), (32751, 255, 31)])
    func `a port's path leads back to its place`(domain: UInt16, controller: UInt8, port: UInt8) {
        for kind in ControllerKind.allCases {
            let bare = place(port, on: controller, of: domain)
            let place = Place(controller: bare.controller, port: bare.port, kind: kind)
            #expect(StoreLayout.place(ofPort: StoreLayout.port(place)) == place)
        }
    }

    @Test(arguments: [
        "/",  // the root
        "/local/domain/0/backend/vusb/5/0/port",  // no port
        "/local/domain/0/backend/vusb/5/0/port/1/x",  // below a port
        "/local/domain/0/backend/vusb/5/0/port/0",  // ports count from 1
        "/local/domain/0/backend/vusb/5/0/port/32",  // over 31
        "/local/domain/0/backend/vusb/5/0/port/01",  // not as it is written
        "/local/domain/0/backend/vusb/5/256/port/1",  // over 255
        "/local/domain/0/backend/vusb/32752/0/port/1",  // no domain
        "/local/domain/0/backend/vusb/05/0/port/1",  // not as it is written
        "/local/domain/0/backend/vscsi/5/0/port/1",  // another device's
        "/local/domain/1/backend/vusb/5/0/port/1",  // a driver domain's
        "/local/domain/5/device/vusb/5/0/port/1",  // the guest's own
        "/libxl/5/device/vbd/0/port/1",  // another device's
    ])
    func `any other path is no port's`(text: String) {
        #expect(StoreLayout.place(ofPort: node(text)) == nil)
    }
}
