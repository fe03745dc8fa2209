import PVUSB
import Testing

/// What a step does to the world before its commit, written by hand from libxl's schema and sysfs.
///
/// - Parameter isRecorded: whether the device has a record when the step is done.
func expectedChange(of step: Step, isRecorded: Bool) throws -> Effect? {
    switch step {
    case .awaitBackend, .awaitConnected, .awaitClosed, .awaitListed, .awaitReleased,
        .awaitUnplugged, .awaitTaken, .awaitForgotten, .awaitLetGo:
        return nil
    // What QEMU is asked depends on what it has, what libxl keeps on what it kept.
    case .plugController, .unplugController, .plug, .unplug, .configure: return nil
    case .unbind(let interface, let driver):
        return .files([.write("/sys/bus/usb/drivers/\(driver)/unbind", "\(interface)")])
    case .bind(let interface, let driver):
        return .files([.write("/sys/bus/usb/drivers/\(driver)/bind", "\(interface)")])
    case .probe(let interface):
        return .files([.write("/sys/bus/usb/drivers_probe", "\(interface)")])
    case .claim(let claim):
        let port = portPath(claim.place)
        return .store(
            try recordWrites(claim.device, claim.record, port)
                + driverPaths(claim.record) + [writing(port, "\(claim.device)")])
    case .record(let device, let record):
        guard isRecorded else {
            let port = portPath(try #require(record.place))
            return .store(try recordWrites(device, record, port))
        }
        let goal = "/libxl/pvusb/device/\(encoded(device))/goal"
        return .store([try writing(goal, record.goal.rawValue)])
    case .clear(_, let place): return .store([try writing(portPath(place), "")])
    case .recall(let device, let place, let record):
        let goal = "/libxl/pvusb/device/\(encoded(device))/goal"
        return .store([
            try writing(goal, record.goal.rawValue), try writing(portPath(place), ""),
        ])
    case .withdrawRecord(let device):
        let path = "/libxl/pvusb/device/\(encoded(device))"
        return .store([.remove(try #require(StorePath(path)))])
    case .forget(let device):
        let paths = ["/libxl/pvusb/device/\(encoded(device))", "/libxl/usbback/\(encoded(device))"]
        return .store(try paths.map { .remove(try #require(StorePath($0))) })
    case .createController(let id, let settings):
        return .store(try controllerWrites(id, settings))
    case .closeController(let id, _):
        let backend = "/local/domain/0/backend/vusb/\(id.domain)/\(id.number.number)"
        return .store([
            try writing("\(backend)/online", "0"), try writing("\(backend)/state", "5"),
        ])
    case .createControllerFor(let new, let id, let settings):
        return .store(
            try controllerWrites(id, settings) + creationRecord(new.device, new.record, id)
        )
    case .dropNotes(let device):
        let path = "/libxl/usbback/\(encoded(device))"
        return .store([.remove(try #require(StorePath(path)))])
    case .adopt(let new):
        let port = portPath(try #require(new.record.place))
        let own = "/libxl/pvusb/device/\(encoded(new.device))/interface"
        return .store(
            [.remove(try #require(StorePath(own)))]
                + (try recordWrites(new.device, new.record, port)))
    case .removeController(let id, _), .destroyController(let id, _), .removeOrphan(let id, _):
        // The last controller of the last domain: libxl prunes what is empty above it.
        let number = id.number.number
        let paths = [
            "/local/domain/\(id.domain)/device/vusb/\(number)",
            "/local/domain/\(id.domain)/device/vusb",
            "/libxl/\(id.domain)/device/vusb/\(number)", "/libxl/\(id.domain)/device/vusb",
            "/local/domain/0/backend/vusb/\(id.domain)/\(number)",
            "/local/domain/0/backend/vusb/\(id.domain)", "/local/domain/0/backend/vusb",
        ]
        return .store(try paths.map { .remove(try #require(StorePath($0))) })
    }
}

private func encoded(_ name: some CustomStringConvertible) -> String {
    name.description.replacing(".", with: "_").replacing(":", with: "@")
}

private func portPath(_ place: Place) -> String {
    let controller = place.controller
    return "/local/domain/0/backend/vusb/\(controller.domain)/\(controller.number.number)/port/"
        + "\(place.port.number)"
}

private func recordWrites(
    _ device: BusID, _ record: Record, _ port: String
) throws -> [StoreRequest] {
    let path = "/libxl/pvusb/device/\(encoded(device))"
    return [
        try writing("/libxl/pvusb/version", "1"), try writing("\(path)/goal", record.goal.rawValue),
        try writing("\(path)/port", port),
        try writing(
            "\(path)/domain", "\(try #require(record.place?.controller ?? record.created).domain)"),
        try writing("\(path)/vm", try #require(record.vm)),
        try writing("\(path)/identity", "\(try #require(record.identity))"),
    ]
        + (try record.interfaces.map {
            try writing("\(path)/interface/\(encoded($0.id))", $0.driver?.text ?? "")
        })
}

/// The record of a device for which a controller is made: it has no port yet.
private func creationRecord(
    _ device: BusID, _ record: Record, _ id: ControllerID
) throws -> [StoreRequest] {
    let path = "/libxl/pvusb/device/\(encoded(device))"
    let own = try recordWrites(device, record, "").filter { request in
        if case .write(let written, _) = request { written.text != "\(path)/port" } else { true }
    }
    let created = try writing("\(path)/controller", "created \(id.number.number)")
    return Array(own[..<4]) + [created] + own[4...]
}

private func driverPaths(_ record: Record) throws -> [StoreRequest] {
    try record.interfaces.compactMap { interface in
        guard let driver = interface.driver else { return nil }
        let path = "/libxl/usbback/\(encoded(interface.id.device))/\(encoded(interface.id))"
        return try writing("\(path)/driver_path", "/sys/bus/usb/drivers/\(driver)")
    }
}

private func controllerWrites(
    _ id: ControllerID, _ settings: ControllerSettings
) throws -> [StoreRequest] {
    let front = "/local/domain/\(id.domain)/device/vusb/\(id.number.number)"
    let back = "/local/domain/0/backend/vusb/\(id.domain)/\(id.number.number)"
    let libxl = "/libxl/\(id.domain)/device/vusb/\(id.number.number)"
    let (frontPath, backPath) = (try #require(StorePath(front)), try #require(StorePath(back)))
    let guest = id.domain.number
    return [
        try writing("\(libxl)/frontend", front), try writing("\(libxl)/backend", back),
        .makeDirectory(frontPath),
        .setPermissions(frontPath, [StorePermission(.none, guest), StorePermission(.read, 0)]),
        try writing("\(front)/backend", back), try writing("\(front)/backend-id", "0"),
        try writing("\(front)/state", "1"),
        .makeDirectory(backPath),
        .setPermissions(backPath, [StorePermission(.none, 0), StorePermission(.read, guest)]),
        try writing("\(back)/frontend", front),
    ] + (try details(back, id, settings)) + (try details(libxl, id, settings))
}

private func details(
    _ path: String, _ id: ControllerID, _ settings: ControllerSettings
) throws -> [StoreRequest] {
    let keys = [
        ("frontend-id", "\(id.domain)"), ("online", "1"), ("state", "1"), ("type", "pv"),
        ("usb-ver", "\(settings.version)"), ("num-ports", "\(settings.ports)"), ("port", ""),
    ]
    let ports = (1...settings.ports).map { ("port/\($0)", "") }
    return try (keys + ports).map { try writing("\(path)/\($0.0)", $0.1) }
}
