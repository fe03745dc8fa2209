import HostUSB
import Simulation
import TestSupport
import Testing
import USBModel

struct SysfsTests {
    private func captured() throws -> (files: SystemFiles, host: SimulatedHost) {
        let files = SystemFiles(sysfs: try CapturedHost.sysfs())
        return (files, SimulatedHost(try World(capturing: files)))
    }

    @Test func `the built-in world is read like a host`() throws {
        let host = try scanHost(SimulatedHost(.builtIn()))
        #expect(
            host.devices.map(line) == [
                "usb1 1.1 1d6b:0002 480 hub", "1-1 1.2 046d:c31c 1.5 usbhid",
                "1-2 1.3 046d:c31c 1.5 usbhid", "1-3 1.4 05e3:0608 480 hub",
                "1-3.1 1.5 0403:6001 12 ftdi_sio", "1-3.2 1.6 0781:5567 480 usb-storage",
                "1-4 1.7 0d8c:0014 12 snd-usb-audio,snd-usb-audio",
                "usb2 2.1 1d6b:0003 5000 hub", "2-1 2.2 1058:25a2 5000 usb-storage",
            ])
        #expect(host.unreadable == [])
        #expect(host.portTable == PortTable(entries: []))
        #expect(
            host.drivers.map(\.text)
                == ["ftdi_sio", "hub", "snd-usb-audio", "usb-storage", "usbback", "usbhid"])
    }

    private func line(_ device: HostDevice) -> String {
        let drivers = device.interfaces.map { $0.driver?.text ?? "-" }.joined(separator: ",")
        let speed = device.speed?.description ?? "-"
        return "\(device.id) \(device.address) \(device.vendorProduct) \(speed) \(drivers)"
    }

    @Test func `a scan shows who has an interface and the port table`() throws {
        var world = World.withController()
        try world.give("1-1", port: 3)
        try world.unbind("1-4:1.1", from: "snd-usb-audio")
        let host = try scanHost(SimulatedHost(world))
        let drivers = Dictionary(
            uniqueKeysWithValues: host.devices.flatMap(\.interfaces).map {
                ($0.id.description, $0.driver?.text)
            })
        #expect(drivers["1-1:1.0"] == "usbback")
        #expect(drivers["1-4:1.0"] == "snd-usb-audio")
        #expect(drivers["1-4:1.1"] == .some(nil))
        #expect(host.portTable == PortTable(Array("1-1:1:0:3\n".utf8)))
    }

    @Test func `without usbback there is no port table`() throws {
        var world = World.builtIn()
        world.unload("usbback")
        #expect(try scanHost(SimulatedHost(world)).portTable == nil)
    }

    @Test func `a captured host is read as the tree it was captured from`() throws {
        let (files, simulated) = try captured()
        let (real, ours) = (try scanHost(files), try scanHost(simulated))
        #expect(ours.devices == real.devices)
        #expect(ours.devices.count == 19)
        #expect(ours.unreadable == real.unreadable)
        #expect(Set(ours.drivers) == Set(real.drivers).union([.usbback]))
        #expect(real.portTable == nil)
        #expect(ours.portTable == PortTable(entries: []))
    }

    @Test func `a captured host survives its file`() throws {
        let (_, simulated) = try captured()
        let copy = SimulatedHost(try World(json: try simulated.world().json()))
        #expect(try scanHost(copy) == scanHost(simulated))
    }

    @Test func `names and links are those of the captured tree`() throws {
        let (files, simulated) = try captured()
        let devices = "/sys/bus/usb/devices"
        #expect(try simulated.list(devices) == files.list(devices))
        for name in try files.list(devices) where name.contains(":") {
            let link = "\(devices)/\(name)/driver"
            #expect((try? simulated.readLink(link)) == (try? files.readLink(link)), "\(name)")
        }
    }

    @Test func `attributes are those of the captured tree`() throws {
        let (files, simulated) = try captured()
        for name in try files.list("/sys/bus/usb/devices") {
            let directory = "/sys/bus/usb/devices/\(name)"
            for attribute in try simulated.list(directory) {
                let path = "\(directory)/\(attribute)"
                #expect(try simulated.read(path) == files.read(path), "\(path)")
            }
        }
    }

    @Test(arguments: [
        "/sys/bus/usb/devices/9-9/busnum",  // no such device
        "/sys/bus/usb/devices/1-1/nothing",  // no such attribute
        "/sys/bus/usb/devices/1-1:1.0/descriptors",  // only a device has them
        "/sys/bus/usb/devices/1-1:1.0/driver",  // a link
        "/sys/bus/usb/devices", "/sys/bus/usb/drivers/usbhid/port_ids",
        "/sys/bus/usb/drivers/usbback/other", "/etc/passwd", "",
    ])
    func `a file that is not there can't be read`(path: String) {
        let host = SimulatedHost(.builtIn())
        #expect(throws: FileErrno.noEntry) { try host.read(path) }
    }

    @Test(arguments: [
        "/sys/bus/usb/devices/9-9", "/sys/bus/usb/devices/1-1/busnum", "/sys", "/proc", "",
    ])
    func `a directory that is not there can't be listed`(path: String) {
        let host = SimulatedHost(.builtIn())
        #expect(throws: FileErrno.noEntry) { try host.list(path) }
    }

    @Test func `a link that is not there can't be read, and nothing can be replaced`() throws {
        let host = SimulatedHost(.builtIn())
        for name in ["1-1", "9-9:1.0", "1-1:1.0/x"] {
            let path = "/sys/bus/usb/devices/\(name)/driver"
            #expect(throws: FileErrno.noEntry) { try host.readLink(path) }
        }
        #expect(throws: FileErrno.readOnly) { try host.replace("/etc/passwd", with: []) }
    }

    @Test func `a tree without USB makes no world`() throws {
        let directory = try TemporaryDirectory()
        let failure = WorldFailure(
            "\(directory.path)/bus/usb/devices can't be listed (ENOENT)",
            remedy: "name the tree's sys folder with --sysfs")
        #expect(throws: failure) { try World.capturing(sysfs: directory.path) }
    }
}
