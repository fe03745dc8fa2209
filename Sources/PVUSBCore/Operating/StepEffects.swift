internal import USBModel

/// A watch that a waiting step sets and ends.
struct StepWatch: Hashable, Sendable {
    let path: StorePath

    var begin: StoreRequest { .watch(path, token: "pvusb") }
    var end: StoreRequest { .unwatch(path, token: "pvusb") }
}

extension Step {
    /// The change of the store that fulfils the step.
    var change: StoreChange? {
        switch self {
        case .createController(let id, let settings): .createController(id, settings, for: nil)
        case .createControllerFor(let new, let id, let settings):
            .createController(id, settings, for: new)
        case .closeController(let id, let kind): .closeController(id, kind)
        case .removeController(let id, let kind): .removeController(id, .free, kind)
        case .destroyController(let id, let kind): .removeController(id, .forced, kind)
        case .removeOrphan(let id, let kind): .removeController(id, .orphan, kind)
        case .claim(let claim): .claim(claim)
        case .record(let device, let record): .record(device, record)
        case .adopt(let new): .adopt(new)
        case .dropNotes(let device): .dropNotes(device)
        case .clear(let device, let place): .clear(device, place)
        case .recall(let device, let place, let record): .recall(device, place, record)
        case .forget(let device): .forget(device, withDrivers: true)
        case .withdrawRecord(let device): .forget(device, withDrivers: false)
        case .awaitBackend, .awaitConnected, .awaitClosed, .awaitListed, .awaitReleased, .unbind,
            .bind, .probe, .plugController, .unplugController, .awaitUnplugged, .awaitTaken, .plug,
            .unplug, .awaitForgotten, .awaitLetGo, .configure:
            nil
        }
    }

    /// The sysfs write that fulfils the step.
    var write: FileRequest? {
        switch self {
        case .unbind(let interface, let driver):
            .write(SysfsPath.unbind(driver), interface.description)
        case .bind(let interface, let driver):
            .write(SysfsPath.bind(driver), interface.description)
        case .probe(let interface): .write(SysfsPath.driversProbe, interface.description)
        default: nil
        }
    }

    /// The watch that tells when a wait may be over.
    var watched: StepWatch? {
        switch self {
        case .awaitBackend(let id, let kind), .awaitConnected(let id, let kind),
            .awaitClosed(let id, let kind):
            StepWatch(path: StoreLayout.backend(of: id, kind) / ControllerKey.state)
        default: nil
        }
    }

    /// What tells that a wait may be over.
    ///
    /// QEMU takes a device from its drivers and gives it back to them, which the kernel tells; that it
    /// opened one without drivers, nobody tells.
    var wakes: Set<Wake> {
        switch self {
        case .awaitTaken, .awaitLetGo: [.hotplug, .tick]
        default: watched == nil ? [.tick] : [.store]
        }
    }

    /// Tells whether the step only waits.
    var isWait: Bool {
        if case .configure = self { return false }
        return change == nil && write == nil && wished == nil
    }

    func configurationRun(
        in seen: Observation, until deadline: Instant
    ) -> ConfigurationRun? {
        guard case .configure(let item) = self else { return nil }
        return ConfigurationRun(item, given: seen, until: deadline)
    }

    var bindsToBackend: Bool {
        guard case .bind(_, let driver) = self else { return false }
        return driver == SysfsPath.usbback
    }
}
