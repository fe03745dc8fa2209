internal import USBModel
internal import XenStoreWire

extension Claim {
    private var port: StorePath { StoreLayout.port(place) }
    private var controller: StorePath { StoreLayout.record(of: place.controller) }
    private var online: StorePath {
        StoreLayout.backend(of: place.controller, place.kind) / ControllerKey.online
    }
    private var vm: StorePath { StoreLayout.domain(place.controller.domain) / "vm" }
    private var notes: StorePath { StoreLayout.driverPaths(of: device) }

    /// What decides whether the device may have the port.
    var reads: [StoreRequest] {
        let nodes = [port, controller / ControllerKey.type, online, vm, notes]
        return nodes.map { .read($0) } + registration.reads
    }

    /// Decides on the values that were read.
    func decide(_ seen: StoreChange.Values) -> StoreChange.Decision {
        guard seen[controller / ControllerKey.type] == place.kind.rawValue, isOnline(seen)
        else { return .lost(gone) }
        guard seen[vm] == record.vm else { return .lost(anotherDomain) }
        guard let holder = seen[port], holder.isEmpty || holder == device.description else {
            return .lost(taken(seen[port]))
        }
        guard seen.recordsAreOurs else { return .refuse(.newerRecords) }
        guard let writes = registration.writes(given: seen) else { return .lost(recorded) }
        // What xl noted for an earlier device on the socket is none of this one's.
        let outdated: [StoreRequest] = seen[notes] == nil ? [] : [.remove(notes)]
        return .write(outdated + writes + driverPaths + [.write(port, text: device.description)])
    }

    /// A controller that QEMU emulates has no `online`, unless it shall go.
    private func isOnline(_ seen: StoreChange.Values) -> Bool {
        place.kind == .deviceModel ? seen[online] != "0" : seen[online] == "1"
    }

    /// libxl's notes, so that `xl usbdev-detach` knows the drivers too (libxl_usb.c,
    /// `usbdev_rebind`); of what QEMU has it makes none, and would never remove ours.
    private var driverPaths: [StoreRequest] {
        guard place.kind == .pv else { return [] }
        return record.interfaces.compactMap { interface in
            interface.driver.map { driver in
                .write(StoreLayout.driverPath(of: interface.id), text: SysfsPath.driver(driver))
            }
        }
    }

    private var name: String { "port \(place.label) of domain \(place.controller.domain)" }

    private var gone: PVUSBError {
        PVUSBError(.notFound, "\(name) is going away or gone", remedy: "pvusb list")
    }

    private var anotherDomain: PVUSBError {
        PVUSBError(
            .notFound, "domain \(place.controller.domain) is not the domain it was a moment ago",
            remedy: "pvusb list")
    }

    private func taken(_ holder: String?) -> PVUSBError {
        guard holder != nil else { return gone }
        return PVUSBError(.busy, "\(name) was taken a moment ago", remedy: "pvusb list")
    }

    private var recorded: PVUSBError {
        PVUSBError(
            .busy, "\(device) was taken by another command a moment ago",
            remedy: "pvusb devices")
    }
}
