internal import USBModel

extension SimulatedQEMU {
    init(_ qemu: WorldDocument.QEMU) throws(WorldFailure) {
        self.init(domain: qemu.domid, process: qemu.process)
        name = qemu.name
        user = qemu.user
        root = qemu.root
        opening = try Opening(rawValue: qemu.opening).orFail("qemus.opening", qemu.opening)
        answers = qemu.answers
        guestEjects = qemu.guestEjects
        slots = try qemu.slots.map { slot throws(WorldFailure) in
            Slot(
                controller: slot.controller, port: slot.port,
                device: try BusID(slot.busId).orFail("qemus.slots.busId", slot.busId),
                number: slot.number)
        }
        peripherals = try qemu.peripherals.map { item throws(WorldFailure) in
            try Peripheral(item)
        }
    }

    var document: WorldDocument.QEMU {
        WorldDocument.QEMU(
            domid: domain, process: process, name: name, user: user, root: root,
            opening: opening.rawValue, answers: answers, guestEjects: guestEjects,
            slots: slots.map {
                WorldDocument.Slot(
                    controller: $0.controller, port: $0.port, busId: $0.device.description,
                    number: $0.number)
            }, peripherals: peripherals.map(\.document))
    }
}

extension SimulatedQEMU.Peripheral {
    fileprivate init(_ item: WorldDocument.Peripheral) throws(WorldFailure) {
        self.init(id: item.id, driver: item.driver)
        ports = item.ports
        controller = item.controller
        port = item.port
        device = try item.busId.map { name throws(WorldFailure) in
            try BusID(name).orFail("qemus.peripherals.busId", name)
        }
        number = item.number
        isLeaving = item.isLeaving
    }

    fileprivate var document: WorldDocument.Peripheral {
        WorldDocument.Peripheral(
            id: id, driver: driver, ports: ports, controller: controller, port: port,
            busId: device?.description, number: number, isLeaving: isLeaving)
    }
}
