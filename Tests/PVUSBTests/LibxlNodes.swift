import PVUSB

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
        /libxl/$D/type = "$T"   (n0)
        /local/domain/$D = ""   (n0,r$D)
        /local/domain/$D/device = ""   (n0,r$D)
        /local/domain/$D/domid = "$D"   (n0)
        /local/domain/$D/name = "guest$D"   (n0)
        /local/domain/$D/vm = "/vm/1d3f6f0a-4a7e-9c55-0000-$D"   (n0)
        """.lines(guest, ["$T": guest.kind == .deviceModel ? "hvm" : "pv"])
            + (guest.kind.isQEMU ? qemu(guest) : [])
    }

    /// What libxl and QEMU itself note of a guest's QEMU.
    private static func qemu(_ guest: TestGuest) -> [String] {
        """
        /local/domain/$D/image = ""   (n0,r$D)
        /local/domain/$D/image/device-model-pid = "4$D"   (n0,r$D)
        /local/domain/0/device-model/$D = ""   (n0)
        /local/domain/0/device-model/$D/backends = ""   (n0)
        /local/domain/0/device-model/$D/backends/qusb = ""   (n0)
        """.lines(guest)
    }

    /// A controller that QEMU emulates, as it was seen on a Xen 4.17: it has no ends.
    private static func emulated(
        _ guest: TestGuest, _ first: String, _ second: String
    ) -> [String] {
        """
        /libxl/$D/device/vusb = ""   (n0)
        /libxl/$D/device/vusb/0 = ""   (n0)
        /libxl/$D/device/vusb/0/num-ports = "8"   (n0)
        /libxl/$D/device/vusb/0/port = ""   (n0)
        /libxl/$D/device/vusb/0/port/1 = "$1"   (n0)
        /libxl/$D/device/vusb/0/port/2 = "$2"   (n0)
        /libxl/$D/device/vusb/0/port/3 = ""   (n0)
        /libxl/$D/device/vusb/0/port/4 = ""   (n0)
        /libxl/$D/device/vusb/0/port/5 = ""   (n0)
        /libxl/$D/device/vusb/0/port/6 = ""   (n0)
        /libxl/$D/device/vusb/0/port/7 = ""   (n0)
        /libxl/$D/device/vusb/0/port/8 = ""   (n0)
        /libxl/$D/device/vusb/0/type = "devicemodel"   (n0)
        /libxl/$D/device/vusb/0/usb-ver = "3"   (n0)
        """.lines(guest, ["$1": first, "$2": second])
    }

    /// What a record has beside, and libxl's note, which it keeps for its own kind only.
    private static func rest(
        _ guest: TestGuest, _ device: String, _ number: Int, _ notes: [String]
    ) -> [String] {
        switch guest.kind {
        case .pv: notes
        case .qusb: []
        case .deviceModel:
            ["/libxl/pvusb/device/\(device)/qmp = \"xenusb-\(guest.bus)-\(number)\"   (n0)"]
        }
    }

    /// Controller 0 of a guest, connected, with devices in its first two ports.
    static func controller(
        _ guest: TestGuest, first: String = "", second: String = ""
    ) -> [String] {
        guard let backend = guest.kind.backend?.rawValue else {
            return emulated(guest, first, second)
        }
        // QEMU writes a word that usbback does not know.
        let own =
            guest.kind == .qusb
            ? """
            /local/domain/0/backend/qusb/$D/0/hotplug-status = "connected"   (n0,r$D)
            """.lines(guest) : []
        return """
            /libxl/$D/device/vusb = ""   (n0)
            /libxl/$D/device/vusb/0 = ""   (n0)
            /libxl/$D/device/vusb/0/backend = "/local/domain/0/backend/$K/$D/0"   (n0)
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
            /libxl/$D/device/vusb/0/type = "$T"   (n0)
            /libxl/$D/device/vusb/0/usb-ver = "2"   (n0)
            /local/domain/$D/device/vusb = ""   (n0,r$D)
            /local/domain/$D/device/vusb/0 = ""   (n$D,r0)
            /local/domain/$D/device/vusb/0/backend = "/local/domain/0/backend/$K/$D/0"   (n$D,r0)
            /local/domain/$D/device/vusb/0/backend-id = "0"   (n$D,r0)
            /local/domain/$D/device/vusb/0/conn-ring-ref = "9"   (n$D,r0)
            /local/domain/$D/device/vusb/0/event-channel = "8"   (n$D,r0)
            /local/domain/$D/device/vusb/0/state = "4"   (n$D,r0)
            /local/domain/$D/device/vusb/0/urb-ring-ref = "8"   (n$D,r0)
            /local/domain/0/backend/$K/$D = ""   (n0)
            /local/domain/0/backend/$K/$D/0 = ""   (n0,r$D)
            /local/domain/0/backend/$K/$D/0/frontend = "/local/domain/$D/device/vusb/0"   (n0,r$D)
            /local/domain/0/backend/$K/$D/0/frontend-id = "$D"   (n0,r$D)
            /local/domain/0/backend/$K/$D/0/num-ports = "8"   (n0,r$D)
            /local/domain/0/backend/$K/$D/0/online = "1"   (n0,r$D)
            /local/domain/0/backend/$K/$D/0/port = ""   (n0,r$D)
            /local/domain/0/backend/$K/$D/0/port/1 = "$1"   (n0,r$D)
            /local/domain/0/backend/$K/$D/0/port/2 = "$2"   (n0,r$D)
            /local/domain/0/backend/$K/$D/0/port/3 = ""   (n0,r$D)
            /local/domain/0/backend/$K/$D/0/port/4 = ""   (n0,r$D)
            /local/domain/0/backend/$K/$D/0/port/5 = ""   (n0,r$D)
            /local/domain/0/backend/$K/$D/0/port/6 = ""   (n0,r$D)
            /local/domain/0/backend/$K/$D/0/port/7 = ""   (n0,r$D)
            /local/domain/0/backend/$K/$D/0/port/8 = ""   (n0,r$D)
            /local/domain/0/backend/$K/$D/0/state = "4"   (n0,r$D)
            /local/domain/0/backend/$K/$D/0/type = "$T"   (n0,r$D)
            /local/domain/0/backend/$K/$D/0/usb-ver = "2"   (n0,r$D)
            """.lines(
                guest,
                ["$1": first, "$2": second, "$K": backend, "$T": guest.kind.rawValue]) + own
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
        /libxl/pvusb/device/$B-3_2/port = "$R/$P"   (n0)
        /libxl/pvusb/device/$B-3_2/vm = "/vm/1d3f6f0a-4a7e-9c55-0000-$D"   (n0)
        """.lines(guest, ["$P": "\(port)", "$R": ports(guest)])
            + rest(
                guest, "\(guest.bus)-3_2", 7,
                """
                /libxl/usbback/$B-3_2 = ""   (n0)
                /libxl/usbback/$B-3_2/$B-3_2@1_0 = ""   (n0)
                /libxl/usbback/$B-3_2/$B-3_2@1_0/driver_path = "/sys/bus/usb/drivers/usb-storage"   (n0)
                """.lines(guest))
    }

    /// The directory of the ports of a guest's controller 0.
    private static func ports(_ guest: TestGuest) -> String {
        guard let backend = guest.kind.backend?.rawValue else {
            return "/libxl/\(guest.domain)/device/vusb/0/port"
        }
        return "/local/domain/0/backend/\(backend)/\(guest.domain)/0/port"
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
        /libxl/pvusb/device/$B-4/port = "$R/$P"   (n0)
        /libxl/pvusb/device/$B-4/vm = "/vm/1d3f6f0a-4a7e-9c55-0000-$D"   (n0)
        """.lines(guest, ["$P": "\(port)", "$R": ports(guest)])
            + rest(
                guest, "\(guest.bus)-4", 8,
                """
                /libxl/usbback/$B-4 = ""   (n0)
                /libxl/usbback/$B-4/$B-4@1_0 = ""   (n0)
                /libxl/usbback/$B-4/$B-4@1_0/driver_path = "/sys/bus/usb/drivers/snd-usb-audio"   (n0)
                /libxl/usbback/$B-4/$B-4@1_1 = ""   (n0)
                /libxl/usbback/$B-4/$B-4@1_1/driver_path = "/sys/bus/usb/drivers/snd-usb-audio"   (n0)
                """.lines(guest))
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
