internal import HostUSB
internal import USBModel
internal import XenStoreServer
internal import XenStoreWire

extension World {
    /// The QEMUs of a real host: the processes that the store names and that are one.
    ///
    /// What a QEMU keeps in its memory is concluded from the ports that it serves: it has read
    /// them, and has those devices whose node it has open.
    func capturedQEMUs(_ files: any Files) -> [SimulatedQEMU] {
        guests.compactMap { guest in
            let node = StorePath.guest(guest.domain) / "image" / "device-model-pid"
            guard let process = text(node).flatMap({ Int32(decimal: $0) }),
                var qemu = SimulatedQEMU(capturing: process, of: guest.domain, files)
            else { return nil }
            let open = files.openDevices(of: process)
            qemu.slots = slots(of: guest.domain, open)
            qemu.peripherals = emulated(of: guest.domain, open)
            return qemu
        }
    }

    private func slots(of domain: UInt16, _ open: Set<BusAddress>) -> [SimulatedQEMU.Slot] {
        controllers(.qusb).filter { $0.domain == domain }.flatMap { controller in
            ports(in: controller.backend / "port").map { port, device in
                SimulatedQEMU.Slot(
                    controller: controller.number, port: port, device: device,
                    number: number(of: device, open))
            }
        }
    }

    /// The controllers that libxl recorded, as its commands made them, and their devices.
    private func emulated(
        of domain: UInt16, _ open: Set<BusAddress>
    ) -> [SimulatedQEMU.Peripheral] {
        let root = StorePath.root / "libxl" / StorePath.Component(UInt(domain)) / "device" / "vusb"
        let numbers = (store.children(of: root) ?? []).compactMap { UInt32(decimal: $0) }.sorted()
        return numbers.flatMap { number -> [SimulatedQEMU.Peripheral] in
            let record = root / StorePath.Component(UInt(number))
            guard text(record / "type") == "devicemodel" else { return [] }
            let names = ["1": "piix3-usb-uhci", "2": "usb-ehci"]
            let id = "xenusb-\(number)"
            var controller = SimulatedQEMU.Peripheral(
                id: id, driver: names[text(record / "usb-ver") ?? ""] ?? "nec-usb-xhci")
            controller.ports = text(record / "num-ports").flatMap { Int($0) } ?? 0
            let devices = ports(in: record / "port").compactMap { port, device in
                self.device(device, at: id, port, open)
            }
            return [controller] + devices
        }
    }

    private func device(
        _ id: BusID, at controller: String, _ port: UInt8, _ open: Set<BusAddress>
    ) -> SimulatedQEMU.Peripheral? {
        guard let number = number(of: id, open) else { return nil }
        var item = SimulatedQEMU.Peripheral(
            id: "xenusb-\(id.bus)-\(number)", driver: "usb-host")
        item.controller = controller
        item.port = "\(port)"
        item.device = id
        item.number = number
        return item
    }

    private func number(of device: BusID, _ open: Set<BusAddress>) -> UInt8? {
        usb.device(device)?.address.flatMap { open.contains($0) ? $0.device : nil }
    }

    private func ports(in directory: StorePath) -> [(UInt8, BusID)] {
        (store.children(of: directory) ?? []).compactMap { UInt8(decimal: $0) }.sorted()
            .compactMap { port in
                text(directory / StorePath.Component(UInt(port))).flatMap { BusID($0) }
                    .map { (port, $0) }
            }
    }
}

extension SimulatedQEMU {
    fileprivate init?(capturing process: Int32, of domain: UInt16, _ files: any Files) {
        let path = "/proc/\(process)"
        guard let name = try? files.line("\(path)/comm"), name.contains("qemu") else { return nil }
        self.init(domain: domain, process: process)
        self.name = name
        root = (try? files.readLink("\(path)/root")) ?? "/"
        let status = (try? files.read("\(path)/status")) ?? []
        let lines = String(decoding: status, as: UTF8.self).split(separator: "\n")
        let users = lines.first { $0.hasPrefix("Uid:") }?.split(separator: "\t")
        user = (users?.dropFirst(2).first).flatMap { UInt32($0) } ?? 0
    }
}

extension Files {
    fileprivate func line(_ path: String) throws(FileErrno) -> String {
        let text = String(decoding: try read(path), as: UTF8.self)
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    fileprivate func openDevices(of process: Int32) -> Set<BusAddress> {
        let names = (try? list("/proc/\(process)/fd")) ?? []
        return Set(
            names.compactMap { name in
                (try? readLink("/proc/\(process)/fd/\(name)")).flatMap { BusAddress(node: $0) }
            })
    }
}
