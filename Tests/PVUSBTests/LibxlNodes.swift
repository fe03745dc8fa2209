/// What libxl writes, by hand: path, value and permissions as `xenstore-ls -fp` shows them.
///
/// The paths and values are those of libxl_usb.c and libxl_device.c (`libxl__device_generic_add`),
/// the permissions those of `libxl__device_generic_add` and what xenstored lets children inherit.
enum LibxlNodes {
    /// The guest before it has a controller.
    static func before(_ guest: TestGuest) -> [String] {
        """
        /libxl/$D = ""   (n0)
        /libxl/$D/device = ""   (n0)
        /libxl/$D/dm-version = "qemu_xen"   (n0)
        /libxl/$D/type = "pv"   (n0)
        /local/domain/$D = ""   (n0,r$D)
        /local/domain/$D/device = ""   (n0,r$D)
        /local/domain/$D/domid = "$D"   (n0)
        /local/domain/$D/name = "guest$D"   (n0)
        /local/domain/$D/vm = "/vm/1d3f6f0a-4a7e-9c55-0000-$D"   (n0)
        """.lines(guest)
    }

    /// Controller 0 of a guest, connected, with devices in its first two ports.
    static func controller(
        _ guest: TestGuest, first: String = "", second: String = ""
    ) -> [String] {
        """
        /libxl/$D/device/vusb = ""   (n0)
        /libxl/$D/device/vusb/0 = ""   (n0)
        /libxl/$D/device/vusb/0/backend = "/local/domain/0/backend/vusb/$D/0"   (n0)
        /libxl/$D/device/vusb/0/frontend = "/local/domain/$D/device/vusb/0"   (n0)
        /libxl/$D/device/vusb/0/frontend-id = "$D"   (n0)
        /libxl/$D/device/vusb/0/num-ports = "8"   (n0)
        /libxl/$D/device/vusb/0/online = "1"   (n0)
        /libxl/$D/device/vusb/0/port = ""   (n0)
        /libxl/$D/device/vusb/0/port/1 = ""   (n0)
        /libxl/$D/device/vusb/0/port/2 = ""   (n0)
        /libxl/$D/device/vusb/0/port/3 = ""   (n0)
        /libxl/$D/device/vusb/0/port/4 = ""   (n0)
        /libxl/$D/device/vusb/0/port/5 = ""   (n0)
        /libxl/$D/device/vusb/0/port/6 = ""   (n0)
        /libxl/$D/device/vusb/0/port/7 = ""   (n0)
        /libxl/$D/device/vusb/0/port/8 = ""   (n0)
        /libxl/$D/device/vusb/0/state = "1"   (n0)
        /libxl/$D/device/vusb/0/type = "pv"   (n0)
        /libxl/$D/device/vusb/0/usb-ver = "2"   (n0)
        /local/domain/$D/device/vusb = ""   (n0,r$D)
        /local/domain/$D/device/vusb/0 = ""   (n$D,r0)
        /local/domain/$D/device/vusb/0/backend = "/local/domain/0/backend/vusb/$D/0"   (n$D,r0)
        /local/domain/$D/device/vusb/0/backend-id = "0"   (n$D,r0)
        /local/domain/$D/device/vusb/0/conn-ring-ref = "9"   (n$D,r0)
        /local/domain/$D/device/vusb/0/event-channel = "8"   (n$D,r0)
        /local/domain/$D/device/vusb/0/state = "4"   (n$D,r0)
        /local/domain/$D/device/vusb/0/urb-ring-ref = "8"   (n$D,r0)
        /local/domain/0/backend/vusb/$D = ""   (n0)
        /local/domain/0/backend/vusb/$D/0 = ""   (n0,r$D)
        /local/domain/0/backend/vusb/$D/0/frontend = "/local/domain/$D/device/vusb/0"   (n0,r$D)
        /local/domain/0/backend/vusb/$D/0/frontend-id = "$D"   (n0,r$D)
        /local/domain/0/backend/vusb/$D/0/num-ports = "8"   (n0,r$D)
        /local/domain/0/backend/vusb/$D/0/online = "1"   (n0,r$D)
        /local/domain/0/backend/vusb/$D/0/port = ""   (n0,r$D)
        /local/domain/0/backend/vusb/$D/0/port/1 = "$1"   (n0,r$D)
        /local/domain/0/backend/vusb/$D/0/port/2 = "$2"   (n0,r$D)
        /local/domain/0/backend/vusb/$D/0/port/3 = ""   (n0,r$D)
        /local/domain/0/backend/vusb/$D/0/port/4 = ""   (n0,r$D)
        /local/domain/0/backend/vusb/$D/0/port/5 = ""   (n0,r$D)
        /local/domain/0/backend/vusb/$D/0/port/6 = ""   (n0,r$D)
        /local/domain/0/backend/vusb/$D/0/port/7 = ""   (n0,r$D)
        /local/domain/0/backend/vusb/$D/0/port/8 = ""   (n0,r$D)
        /local/domain/0/backend/vusb/$D/0/state = "4"   (n0,r$D)
        /local/domain/0/backend/vusb/$D/0/type = "pv"   (n0,r$D)
        /local/domain/0/backend/vusb/$D/0/usb-ver = "2"   (n0,r$D)
        """.lines(guest, ["$1": first, "$2": second])
    }

    /// pvusb's record of a guest's stick in a port, and libxl's note of its driver.
    ///
    /// The identity's hash is FNV-1a, 64 bits, of the descriptors' bytes 18, 1, 0, 2.
    static func stick(_ guest: TestGuest, port: Int) -> [String] {
        """
        /libxl/pvusb/device/$B-3_2 = ""   (n0)
        /libxl/pvusb/device/$B-3_2/domain = "$D"   (n0)
        /libxl/pvusb/device/$B-3_2/goal = "attached"   (n0)
        /libxl/pvusb/device/$B-3_2/identity = "0781:5567 841c1615a8ad5ae2 S1"   (n0)
        /libxl/pvusb/device/$B-3_2/interface = ""   (n0)
        /libxl/pvusb/device/$B-3_2/interface/$B-3_2@1_0 = "usb-storage"   (n0)
        /libxl/pvusb/device/$B-3_2/port = "/local/domain/0/backend/vusb/$D/0/port/$P"   (n0)
        /libxl/pvusb/device/$B-3_2/vm = "/vm/1d3f6f0a-4a7e-9c55-0000-$D"   (n0)
        /libxl/usbback/$B-3_2 = ""   (n0)
        /libxl/usbback/$B-3_2/$B-3_2@1_0 = ""   (n0)
        /libxl/usbback/$B-3_2/$B-3_2@1_0/driver_path = "/sys/bus/usb/drivers/usb-storage"   (n0)
        """.lines(guest, ["$P": "\(port)"])
    }

    /// The same of a guest's sound device, which has two interfaces.
    static func sound(_ guest: TestGuest, port: Int) -> [String] {
        """
        /libxl/pvusb/device/$B-4 = ""   (n0)
        /libxl/pvusb/device/$B-4/domain = "$D"   (n0)
        /libxl/pvusb/device/$B-4/goal = "attached"   (n0)
        /libxl/pvusb/device/$B-4/identity = "0d8c:0014 841c1615a8ad5ae2 S1"   (n0)
        /libxl/pvusb/device/$B-4/interface = ""   (n0)
        /libxl/pvusb/device/$B-4/interface/$B-4@1_0 = "snd-usb-audio"   (n0)
        /libxl/pvusb/device/$B-4/interface/$B-4@1_1 = "snd-usb-audio"   (n0)
        /libxl/pvusb/device/$B-4/port = "/local/domain/0/backend/vusb/$D/0/port/$P"   (n0)
        /libxl/pvusb/device/$B-4/vm = "/vm/1d3f6f0a-4a7e-9c55-0000-$D"   (n0)
        /libxl/usbback/$B-4 = ""   (n0)
        /libxl/usbback/$B-4/$B-4@1_0 = ""   (n0)
        /libxl/usbback/$B-4/$B-4@1_0/driver_path = "/sys/bus/usb/drivers/snd-usb-audio"   (n0)
        /libxl/usbback/$B-4/$B-4@1_1 = ""   (n0)
        /libxl/usbback/$B-4/$B-4@1_1/driver_path = "/sys/bus/usb/drivers/snd-usb-audio"   (n0)
        """.lines(guest, ["$P": "\(port)"])
    }
}

extension String {
    /// The lines, for the guest's domid `$D` and the bus `$B` its devices are on.
    fileprivate func lines(_ guest: TestGuest, _ words: [String: String] = [:]) -> [String] {
        var text = replacing("$D", with: "\(guest.domain)").replacing("$B", with: "\(guest.bus)")
        for (name, word) in words.sorted(by: { $0.key < $1.key }) {
            text = text.replacing(name, with: word)
        }
        return text.split(separator: "\n").map(String.init)
    }
}
