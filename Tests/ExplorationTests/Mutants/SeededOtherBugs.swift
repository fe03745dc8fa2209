import Exploration
import PVUSBCore

// MARK: - Recovery and controllers

extension SeededBug {
    static let recoveries = [
        SeededBug(
            "any driver is good enough for a recovery", "libxl bug 24",
            in: "recover DEVICE, pv, 1",
            twist: Twists.files { request in
                guard let target = request.target, target.file == "home/bind" else {
                    return [request]
                }
                return [.write(target.interface, to: "usbhid/bind")]
            }),
        SeededBug(
            "a recovery leaves what a domain left", "debris",
            in: "recover after a domain's end, backend left, pv, 1",
            twist: Twists.without { $0.removes("/backend/vusb/1") }),
        SeededBug(
            "a recovery takes what belongs to another port", "contested",
            in: "recover after a contest, pv, 1",
            twist: Twists.adding(
                [.write(path("/local/domain/0/backend/vusb/2/0/port/1"), text: "")],
                where: { $0.writes("vusb/1/0/port/1") && $0.written == "" })),
    ]

    static let controllers = [
        SeededBug(
            "the guest may not read the backend", "libxl 2.1",
            in: "attach, controller made, pv, 1",
            twist: Twists.without {
                if case .setPermissions(let path, _) = $0 {
                    path.text.contains("/backend/")
                } else {
                    false
                }
            }),
        SeededBug(
            "the guest's end stays when a controller is removed", "libxl bug 41",
            in: "controller remove, pv, 1",
            twist: Twists.without { $0.removes("/local/domain/1/device") }),
        SeededBug(
            "libxl's record stays when a controller is removed", "libxl bug 41",
            in: "controller remove, pv, 1", twist: Twists.without { $0.removes("/libxl/1/") }),
    ]
}

// MARK: - What QEMU serves

extension SeededBug {
    static let qusb = [
        SeededBug(
            "QEMU's port is never cleared", "libxl bug 13", in: "detach, qusb, 1",
            twist: Twists.without { $0.writes("/port/1") && $0.written == "" }),
        SeededBug(
            "QEMU is taken to have what it was only told to have", "law 7",
            in: "attach, qusb, 1",
            lie: Twists.lyingOfFiles { request, reply in
                guard case .readLink(let path) = request, path.hasPrefix("/proc/"),
                    path.hasSuffix("/fd/0")
                else { return reply }
                return .link("/dev/bus/usb/001/002")
            }),
        SeededBug(
            "what QEMU gives back is not waited for", "law 5", in: "detach, qusb, 1",
            twist: { effect, _ in
                if case .wait = effect { .pretend(.timedOut) } else { .perform(effect) }
            }),
        SeededBug(
            "no record is written of what QEMU shall have", "law 3", in: "attach, qusb, 1",
            twist: Twists.without { $0.writes("/libxl/pvusb/device") }),
        SeededBug(
            "what is parked is called detached", "micro-state 2",
            in: "detach --no-rebind, qusb, 1",
            twist: Twists.changing { $0.written == "parked" ? $0.writing("detach") : $0 }),
    ]

    static let deviceModel = [
        SeededBug(
            "QEMU is not told to add the device", "law 7", in: "attach, devicemodel, 1",
            twist: Twists.qemuPretending {
                if case .add("usb-host", _, _) = $0 { true } else { false }
            }),
        SeededBug(
            "QEMU is not told to remove the device", "libxl bug 39", in: "detach, devicemodel, 1",
            twist: Twists.qemuPretending { if case .remove = $0 { true } else { false } }),
        SeededBug(
            "QEMU is not told of a new controller", "law 7",
            in: "controller add, devicemodel, 1",
            twist: Twists.qemuPretending {
                if case .add("nec-usb-xhci", _, _) = $0 { true } else { false }
            }),
        SeededBug(
            "a record without its port is written for QEMU's device", "law 3",
            in: "attach, devicemodel, 1", twist: Twists.without { $0.writes("1-1/port") }),
    ]
}

// MARK: - libxl's configurations

extension SeededBug {
    private static let notReplacing = Twists.pretending(.files([.done])) { effect in
        guard case .files(let requests) = effect, case .replace? = requests.first else {
            return false
        }
        return true
    }

    static let configurations = [
        SeededBug(
            "libxl's configuration lacks what was given", "libxl bug 42",
            in: "attach, configured, pv, 1", twist: notReplacing),
        SeededBug(
            "libxl's configuration keeps what was taken back", "libxl removes no entry",
            in: "detach, configured, pv, 1", twist: notReplacing),
    ]
}
