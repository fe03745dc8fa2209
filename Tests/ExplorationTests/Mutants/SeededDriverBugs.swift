import Exploration
import PVUSBCore

// MARK: - Drivers

extension SeededBug {
    static let drivers = [
        SeededBug(
            "each interface is unbound and bound before the next", "libxl bug 21, 4.2",
            in: "attach, pv, 2",
            twist: Twists.files { request in
                guard let target = request.target, target.file == "home/unbind" else {
                    return [request]
                }
                return [request, .write(target.interface, to: "usbback/bind")]
            }),
        SeededBug(
            "each interface is given back before the next is taken", "libxl bug 21",
            in: "detach, pv, 2",
            twist: Twists.files { request in
                guard let target = request.target, target.file == "usbback/unbind" else {
                    return [request]
                }
                return [request, .write(target.interface, to: "home/bind")]
            }),
        SeededBug(
            "the host's drivers are not unbound", "libxl 4.2, a5", in: "attach, pv, 1",
            twist: Twists.pretending(
                .files([.done]), where: { $0.target?.file == "home/unbind" })),
        SeededBug(
            "usbback keeps the device", "libxl bug 22", in: "detach, pv, 1",
            twist: Twists.pretending(
                .files([.done]), where: { $0.target?.file == "usbback/unbind" })),
        SeededBug(
            "the unbind is of another driver", "libxl 3.1", in: "attach, pv, 1",
            twist: Twists.files { request in
                guard let target = request.target, target.file == "home/unbind" else {
                    return [request]
                }
                return [.write(target.interface, to: "usbback/unbind")]
            }),
        SeededBug(
            "the name is cut after eight bytes", "libxl bug 1", in: "detach, pv, 1",
            twist: Twists.files { request in
                guard case .write(let path, let text) = request else { return [request] }
                return [.write(path, String(text.prefix(6)))]
            }),
        SeededBug(
            "the rebind stops at the first interface", "libxl bug 3", in: "detach, pv, 2",
            twist: Twists.pretending(
                .files([.done]),
                where: { $0.target?.file == "home/bind" && $0.target?.interface == "1-1:1.1" })),
        SeededBug(
            "the neighbour is unbound, too", "law 9", in: "attach, pv, 1",
            twist: Twists.files { request in
                guard request.target?.file == "home/unbind" else { return [request] }
                return [request, .write("1-2:1.0", to: "home/unbind")]
            }),
    ]
}

// MARK: - Lies

extension SeededBug {
    static let lies = [
        SeededBug(
            "a device without drivers is taken for one that is back", "libxl bugs 2 and 22",
            in: "detach, pv, 1",
            lie: Twists.lyingOfFiles { request, reply in
                guard case .readLink(let path) = request, path.contains("1-1:1.0"),
                    case .failure = reply
                else { return reply }
                return .link("../../../../../../bus/usb/drivers/home")
            }),
        SeededBug(
            "usbback's table is not looked at before the bind", "libxl bug 9", in: "attach, pv, 1",
            lie: Twists.lyingOfFiles { request, reply in
                guard case .read(let path) = request, path.hasSuffix("port_ids") else {
                    return reply
                }
                return .bytes(Array("1-1:1:0:1\n".utf8))
            }),
        SeededBug(
            "records are not looked for", "micro-states 2 and 3", in: "detach, pv, 1",
            lie: Twists.lying { request, reply in
                request == .directory(path("/libxl/pvusb/device")) ? .children([]) : reply
            }),
        SeededBug(
            "controllers are looked for where the guest writes", "libxl bug 10",
            in: "detach, pv, 1", events: true,
            twist: Twists.changing {
                $0 == .directory(path("/libxl/1/device/vusb"))
                    ? .directory(path("/local/domain/1/device/vusb")) : $0
            }),
        SeededBug(
            "another device on the socket is taken for the recorded one", "libxl bug 24",
            in: "detach, pv, 1", events: true,
            lie: Twists.lyingOfFiles { request, reply in
                guard case .read(let path) = request, path.contains("/1-1/"),
                    case .bytes(let bytes) = reply
                else { return reply }
                let text = String(decoding: bytes, as: UTF8.self)
                let first = text.replacing("5567", with: "6001")
                return .bytes(
                    path.hasSuffix("descriptors") ? Array("same".utf8) : Array(first.utf8))
            }),
        SeededBug(
            "a renewed domain is taken for the recorded one", "design: vm", in: "attach, pv, 1",
            events: true,
            lie: Twists.lying { request, reply in
                guard request.looks("/vm"), case .value = reply else { return reply }
                return .value(Array("/vm/same".utf8))
            }),
        SeededBug(
            "an unplugged device hides the others", "libxl bug 13", in: "detach, pv, 1",
            events: true,
            lie: Twists.lyingOfFiles { request, reply in
                guard case .list(let path) = request, path.hasSuffix("/devices"),
                    case .names(let names) = reply, !names.contains("1-1")
                else { return reply }
                return .names([])
            }),
    ]
}

// MARK: - Transactions and locks

extension SeededBug {
    static let transactions = [
        SeededBug(
            "writes are made without a transaction", "law 10", in: "attach, pv, 1",
            twist: Twists.pretending(
                .store([.done]), where: { $0 == .store([.begin]) || $0 == .store([.commit]) })),
        SeededBug(
            "a transaction is left open", "libxl bug 6", in: "attach, pv, 1",
            twist: Twists.pretending(.store([.done]), where: { $0 == .store([.commit]) })),
        SeededBug(
            "half of a controller's nodes are written", "libxl bug 7", in: "controller add, pv, 1",
            twist: { effect, _ in
                guard case .store(let batch) = effect, batch.count > 20,
                    batch.allSatisfy(\.changesStore)
                else { return .perform(effect) }
                return .perform(.store(Array(batch.prefix(batch.count / 2))))
            }),
        SeededBug(
            "a wait is over at once", "libxl bug 9", in: "attach, pv, 1",
            twist: { effect, _ in
                if case .wait = effect { .pretend(.timedOut) } else { .perform(effect) }
            }),
        SeededBug(
            "a controller is removed with its device", "libxl bug 30",
            in: "controller remove, pv, 1",
            twist: Twists.pretending(
                .files([.done]), where: { $0.target?.file == "usbback/unbind" }),
            lie: Twists.lyingOfFiles { request, reply in
                guard case .readLink = request, case .link(let text) = reply,
                    text.hasSuffix("usbback")
                else { return reply }
                return .failure(.noEntry)
            }),
        SeededBug(
            "the controller that an attach made is not taken back", "libxl bug 9",
            in: "attach, controller made, pv, 1",
            twist: Twists.without { $0.removes("vusb/1") || $0.removes("device/vusb") }),
        SeededBug(
            "commands do not exclude each other, by locks or by the store", "libxl bugs 14 and 17",
            in: "controllers: attach 1-1 to 1 & attach 1-1 to 2, pv, 1",
            twist: { effect, _ in
                switch effect {
                case .lock: .pretend(.locked)
                case .unlock: .pretend(.unlocked)
                default: .perform(effect)
                }
            },
            lie: Twists.lying { request, reply in
                guard request.looks("/port/"), case .value = reply else { return reply }
                return .value([])
            }),
    ]
}

extension Effect {
    /// The driver's file and the interface, where the effect is one write to sysfs.
    var target: (file: String, interface: String)? {
        guard case .files(let requests) = self else { return nil }
        return requests.first?.target
    }
}
