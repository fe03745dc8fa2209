internal import USBModel

extension Step {
    /// What has to be looked at after the step was tried.
    var scope: SurveyScope {
        switch self {
        case .createController(let id, _), .awaitBackend(let id), .awaitConnected(let id),
            .removeController(let id):
            .store(device: nil, controller: id)
        case .claim(let claim):
            .store(device: claim.device, controller: claim.place.controller)
        case .record(let device, let record):
            .store(device: device, controller: record.place?.controller)
        case .clear(let device, let place): .store(device: device, controller: place.controller)
        case .forget(let device): .store(device: device, controller: nil)
        case .awaitListed(let device), .awaitReleased(let device): .drivers(of: device)
        case .unbind(let interface, _), .bind(let interface, _), .probe(let interface):
            .drivers(of: interface.device)
        }
    }

    /// Tells whether the plan goes on when the step fails: giving back is tried for every
    /// interface, and the record stays for those that refuse.
    var isBestEffort: Bool {
        guard case .bind(_, let driver) = self else { return false }
        return driver != SysfsPath.usbback
    }

    /// Tells whether having tried is enough: any driver may want a probed interface, or none.
    func isGoodEnough(after tried: StepRun.Ending) -> Bool {
        guard case .probe = self, case .tried = tried else { return false }
        return true
    }

    /// Why the step's wish is not fulfilled although it was tried.
    func failure(
        after tried: StepRun.Ending, in seen: Observation, _ waitMilliseconds: Int
    ) -> PVUSBError {
        var refusal: String?
        if case .tried(let text) = tried { refusal = text }
        let seconds = waitMilliseconds / 1000
        switch self {
        case .bind(let interface, let driver):
            return notMoved(interface, "to \(driver.text)", refusal, seen)
        case .unbind(let interface, let driver):
            return notMoved(interface, "from \(driver.text)", refusal, seen)
        case .awaitBackend(let id), .awaitConnected(let id):
            let state = seen.controller(id)?.backendState?.label ?? "gone"
            return PVUSBError(
                .failed,
                "controller \(id.number.number) of domain \(id.domain) is \(state), not "
                    + "\(text.value), after \(seconds) s",
                remedy: "check that usbback is loaded and the guest has the driver xen-hcd")
        case .awaitListed(let device):
            return PVUSBError(
                .failed, "usbback took no notice of \(device) within \(seconds) s",
                remedy: "pvusb recover \(device)")
        case .awaitReleased(let device):
            return PVUSBError(
                .failed, "usbback did not release \(device) within \(seconds) s",
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
        let verb = if case .bind = self { "bound" } else { "unbound" }
        let now = seen.driver(of: interface).map { "it is with \($0.text)" } ?? "it has no driver"
        let cause = seen.has(interface) ? refusal ?? now : "it is gone"
        return PVUSBError(
            .failed, "\(interface) could not be \(verb) \(what)", cause: cause,
            remedy: "pvusb recover \(interface.device)")
    }
}
