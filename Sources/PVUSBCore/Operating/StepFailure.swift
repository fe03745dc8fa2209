internal import USBModel

extension Step {
    /// What has to be looked at after the step was tried: of a port or a record its transaction has
    /// read what there was, and knows what there is.
    var scope: SurveyScope {
        switch self {
        case .createController(let id, _), .awaitBackend(let id, _), .awaitConnected(let id, _),
            .closeController(let id, _), .awaitClosed(let id, _), .removeController(let id, _),
            .destroyController(let id, _), .removeOrphan(let id, _):
            .store(device: nil, controller: id)
        case .plugController(let id, _), .unplugController(let id), .awaitUnplugged(let id):
            .peripherals(of: id.domain, nil)
        case .unplug(let device, let place, _):
            .peripherals(of: place.controller.domain, device)
        case .awaitTaken(let device, let place), .plug(let device, let place, _),
            .awaitForgotten(let device, let place), .awaitLetGo(let device, let place):
            .taken(device, by: place.controller.domain)
        case .createControllerFor(let new, let id, _): .store(device: new.device, controller: id)
        case .adopt(let new):
            .store(device: new.device, controller: new.record.place?.controller)
        case .record, .clear, .recall, .forget, .withdrawRecord, .dropNotes, .configure: .nothing
        case .claim(let claim): .everyPort(.device(claim.device, claim.place.controller.domain))
        case .awaitListed(let device, _), .awaitReleased(let device): .drivers(of: device)
        case .unbind(let interface, _), .bind(let interface, _), .probe(let interface):
            .drivers(of: interface.device)
        }
    }

    /// Tells whether the plan goes on when the step fails: giving back is tried for every
    /// interface, and the record stays for those that refuse.
    var isBestEffort: Bool {
        switch self {
        case .bind(_, let driver): driver != SysfsPath.usbback
        case .probe: true
        default: false
        }
    }

    /// Tells whether the step drops what a later try would need, should anything have failed.
    var endsMemory: Bool {
        switch self {
        case .forget, .dropNotes: true
        default: false
        }
    }

    /// Tells whether the plan goes on and may succeed without the step: a guest that does not
    /// answer keeps no controller, and what libxl keeps is not worth a device.
    var isDispensable: Bool {
        switch self {
        case .awaitClosed, .configure: true
        default: false
        }
    }

    /// Tells whether having tried is enough: any ordinary driver may want a probed interface, or
    /// none may.
    func isGoodEnough(after tried: StepRun.Ending, in seen: Observation) -> Bool {
        // The guest lets go in its own time.
        if case .unplugController = self { return tried == .tried(refusal: nil) }
        if case .awaitForgotten = self { return tried == .timedOut }
        if case .configure = self { return tried == .tried(refusal: nil) }
        guard case .probe(let interface) = self, tried == .tried(refusal: nil) else { return false }
        return !seen.isUnreadable(interface.device)
            && seen.driver(of: interface) != SysfsPath.usbback
    }

    /// Why the step's wish is not fulfilled although it was tried.
    func failure(
        after tried: StepRun.Ending, in seen: Observation, _ waitMilliseconds: Int
    ) -> PVUSBError {
        var refusal: String?
        if case .tried(let text) = tried { refusal = text }
        let tenths = waitMilliseconds % 1000 / 100
        let time = "\(waitMilliseconds / 1000)\(tenths == 0 ? "" : ".\(tenths)") s"
        switch self {
        case .bind(let interface, let driver):
            return notMoved(interface, "bound to \(driver.text)", refusal, seen)
        case .unbind(let interface, let driver):
            return notMoved(interface, "unbound from \(driver.text)", refusal, seen)
        case .probe(let interface):
            return notMoved(interface, "given to its drivers", refusal, seen)
        case .awaitBackend(let id, let kind), .awaitConnected(let id, let kind),
            .awaitClosed(let id, let kind):
            let state = seen.controller(id)?.backendState?.label ?? "gone"
            return PVUSBError(
                .failed,
                "\(seen.name(of: id)) is \(state), not \(text.value), after \(time)",
                remedy: kind == .pv
                    ? "check that usbback is loaded and the guest has the driver xen-hcd"
                    : "check that the guest has the driver xen-hcd")
        case .plugController, .unplugController, .awaitUnplugged, .awaitTaken, .plug, .unplug,
            .awaitForgotten, .awaitLetGo:
            return qemuFailure(refusal, in: seen, time)
        case .configure:
            return PVUSBError(.failed, refusal ?? "libxl's configuration could not be changed")
        case .claim(let claim) where seen.places(of: claim.device).contains { $0 != claim.place }:
            return PVUSBError(
                .busy, "another tool gave \(claim.device) away at the same moment",
                remedy: "pvusb devices")
        case .awaitListed(let device, _):
            return PVUSBError(
                .failed, "usbback took no notice of \(device) within \(time)",
                remedy: "pvusb recover \(device)")
        case .awaitReleased(let device):
            return PVUSBError(
                .failed, "usbback did not release \(device) within \(time)",
                remedy: "pvusb recover \(device)")
        default:
            return PVUSBError(
                .failed,
                "the change '\(text.action) \(text.target)' did not last: another tool "
                    + "changes the same nodes", remedy: "pvusb devices")
        }
    }

    private func notMoved(
        _ interface: InterfaceID, _ what: String, _ refusal: String?, _ seen: Observation
    ) -> PVUSBError {
        let now = seen.driver(of: interface).map { "it is with \($0.text)" } ?? "it has no driver"
        let cause = seen.has(interface) ? refusal ?? now : "it is gone"
        let reason = seen.unreadableReason(of: interface.device)
        return PVUSBError(
            .failed, "\(interface) could not be \(what)", cause: reason ?? cause,
            remedy: "pvusb recover \(interface.device)")
    }
}
