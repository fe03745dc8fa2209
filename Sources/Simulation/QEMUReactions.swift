internal import USBModel
internal import XenStoreWire

/// What a QEMU does by itself (QEMU, hw/usb/xen-usb.c and hw/usb/host-libusb.c).
extension World {
    /// Lets go of devices that are gone, of ports whose controller is gone, and of controllers
    /// that the guest gives back.
    mutating func qemusReact(_ controllers: [SimulatedController]) -> Bool {
        var isBusy = false
        for index in qemus.indices {
            isBusy = forgetsDevices(index) || isBusy
            isBusy = forgetsSlots(index, ofAllBut: controllers) || isBusy
            isBusy = ejects(index) || isBusy
        }
        return isBusy
    }

    private mutating func forgetsDevices(_ index: Int) -> Bool {
        let present = usb.devices.compactMap(\.address)
        let before = qemus[index]
        for slot in before.slots.indices {
            guard let number = before.slots[slot].number else { continue }
            let address = BusAddress(bus: before.slots[slot].device.bus, device: number)
            if !present.contains(address) { qemus[index].slots[slot].number = nil }
        }
        for item in before.peripherals.indices {
            guard let number = before.peripherals[item].number,
                let device = before.peripherals[item].device
            else { continue }
            let address = BusAddress(bus: device.bus, device: number)
            if !present.contains(address) { qemus[index].peripherals[item].number = nil }
        }
        return qemus[index] != before
    }

    private mutating func forgetsSlots(
        _ index: Int, ofAllBut controllers: [SimulatedController]
    ) -> Bool {
        let domain = qemus[index].domain
        let known = Set(controllers.filter { $0.domain == domain }.map(\.number))
        let lost = qemus[index].slots.filter { !known.contains($0.controller) }
        for slot in lost { release(slot, of: index) }
        return !lost.isEmpty
    }

    private mutating func ejects(_ index: Int) -> Bool {
        let leaving = qemus[index].peripherals.filter { $0.isLeaving && $0.ports > 0 }
        guard qemus[index].guestEjects, let first = leaving.first else { return false }
        removePeripheral(first.id, of: index)
        return true
    }

    /// Takes something out that was added, and with a controller what is at it.
    mutating func removePeripheral(_ id: String, of index: Int) {
        let gone = qemus[index].peripherals.filter { $0.id == id || $0.controller == id }
        qemus[index].peripherals.removeAll { $0.id == id || $0.controller == id }
        for item in gone {
            guard let device = item.device, let number = item.number else { continue }
            handBack(BusAddress(bus: device.bus, device: number), isOrderly: true)
        }
    }

    private mutating func release(_ slot: SimulatedQEMU.Slot, of index: Int) {
        qemus[index].slots.removeAll { $0 == slot }
        guard let number = slot.number else { return }
        handBack(BusAddress(bus: slot.device.bus, device: number), isOrderly: true)
    }
}

/// The backend of kind `qusb`.
extension World {
    mutating func qusbReacts(_ controller: SimulatedController) -> Bool {
        guard let index = qemus.firstIndex(where: { $0.domain == controller.domain }),
            let own = state(of: controller.backend)
        else { return false }
        switch (own, state(of: controller.frontend)) {
        case (.initialising, .initialising):
            write(controller.backend / "hotplug-status", "connected")
            return set(controller.backend, .initWait)
        case (.initWait, .connected), (.initialised, .connected):
            return set(controller.backend, .connected)
        case (.initWait, _), (.connected, .connected): return readsPorts(of: controller, index)
        case (.closing, .closed), (.closing, nil), (.connected, .closed), (.connected, nil):
            for slot in qemus[index].slots where slot.controller == controller.number {
                release(slot, of: index)
            }
            return set(controller.backend, .closed)
        default: return false
        }
    }

    private mutating func readsPorts(of controller: SimulatedController, _ index: Int) -> Bool {
        let count = text(controller.backend / "num-ports").flatMap { UInt8(decimal: $0) } ?? 0
        var isBusy = false
        for port in 0..<min(count, PortTableEntry.portMax) {
            isBusy = readsPort(port + 1, of: controller, index) || isBusy
        }
        return isBusy
    }

    /// A port that is in use is only looked at for being cleared: whatever else is written into it
    /// changes nothing.
    private mutating func readsPort(
        _ port: UInt8, of controller: SimulatedController, _ index: Int
    ) -> Bool {
        let known = qemus[index].slots.first {
            $0.controller == controller.number && $0.port == port
        }
        switch (known, text(controller.port(port))) {
        case (let slot?, ""):
            release(slot, of: index)
            return true
        case (nil, let name?):
            guard let device = BusID(name), !device.isRootHub else { return false }
            let opens = qemus[index].opening == .opens
            let number = opens ? open(device, claims: true) : nil
            qemus[index].slots.append(
                SimulatedQEMU.Slot(
                    controller: controller.number, port: port, device: device, number: number))
            return true
        default: return false
        }
    }
}
