internal import USBModel

extension Step {
    /// Why QEMU has or does not have what it should.
    func qemuFailure(
        _ refusal: String?, in seen: Observation, _ time: String
    ) -> PVUSBError {
        switch self {
        case .plugController(let id, _):
            PVUSBError(.failed, "QEMU does not emulate \(seen.name(of: id))", cause: refusal)
        case .unplugController(let id), .awaitUnplugged(let id):
            PVUSBError(
                .failed, "the guest has not let go of \(seen.name(of: id)) within \(time)",
                cause: refusal ?? "QEMU removes a controller only when the guest agrees",
                remedy: "try again, or shut the guest down")
        case .plug(let device, let place, _), .awaitTaken(let device, let place):
            notOpened(device, place, refusal ?? seen.qemus[place.controller.domain]?.obstacle, time)
        case .unplug(let device, let place, _):
            PVUSBError(
                .failed, "QEMU does not give \(device) in port \(place.label) back",
                cause: refusal, remedy: "pvusb recover \(device)")
        case .awaitLetGo(let device, _):
            PVUSBError(
                .failed, "QEMU did not close \(device) within \(time)",
                remedy: "pvusb recover \(device)")
        default: PVUSBError(.failed, "\(text.action) \(text.target) failed", cause: refusal)
        }
    }

    /// libxl calls it a success when QEMU could not open the device.
    private func notOpened(
        _ device: BusID, _ place: Place, _ cause: String?, _ time: String
    ) -> PVUSBError {
        let wait = place.kind == .qusb ? " within \(time)" : ""
        return PVUSBError(
            .failed, "QEMU has not opened \(device)\(wait)",
            cause: cause ?? "QEMU tells the reason in its own log only",
            remedy: "pvusb recover \(device)")
    }
}

extension Observation {
    /// What people call a controller.
    func name(of id: ControllerID) -> String {
        "controller \(id.number.number) of \(domain(id.domain)?.label ?? "domain \(id.domain)")"
    }
}
