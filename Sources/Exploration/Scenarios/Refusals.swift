internal import PVUSBCore

extension Catalogue {
    private static let zero = DomainSelector.number(number(0))
    private static let nobody = DomainSelector.number(number(9))
    private static let bystander = DeviceSelector.busID(SmallWorld.bystander)

    /// A place as somebody names it.
    static func wish(_ controller: UInt8, _ port: UInt8? = nil) -> PlaceWish {
        PlaceWish(
            controller: ControllerNumber(controller), port: port.flatMap { PortNumber($0) })
    }

    /// What is refused, of which nothing may change.
    static func refusals(_ kind: ControllerKind) -> [Story] {
        refusedTargets + refusedDevices + refusedPlaces + refusedPorts + refusedClaims
            + refusedControllers(kind) + refusedFiles(kind) + refusedToOld + refusedLooks
            + (kind == .pv ? refusedWithoutQEMU : refusedWithQEMU(kind))
    }

    private static let refusedTargets = [
        Story(
            refused: "attach to the host", as: "attach", .controllers,
            .attach(zero, device, at: nil)),
        Story(
            refused: "controller add to the host", as: "controller add", .fresh,
            .addController(zero, wish: ControllerWish())),
        Story(
            refused: "apply to the host", as: "apply", .fresh, .apply(file(""), to: zero)),
        Story(
            refused: "attach to nobody", as: "attach", .controllers,
            .attach(nobody, device, at: nil)),
    ]

    private static let refusedDevices = [
        Story(refused: "attach of a hub", as: "attach", .controllers, attach, .hub),
        Story(refused: "detach of a hub", as: "detach", .controllers, .detach(device), .hub),
        Story(refused: "attach of no interface", as: "attach", .controllers, attach, .bare),
        Story(
            refused: "attach, too fast for a place", as: "attach", .controllers,
            .attach(one, device, at: wish(0)), .otherSpeed),
        Story(refused: "attach, unreadable", as: "attach", .controllers, attach, .unreadable),
        Story(refused: "detach, unreadable", as: "detach", .attached, .detach(device), .unreadable),
        Story(
            refused: "recover DEVICE, unreadable", as: "recover DEVICE", .halfAttached,
            .recover([device]), .unreadable),
        Story(
            refused: "detach from xl's contest", as: "detach", .contestedByXL, .detach(device)),
        Story(
            refused: "recover DEVICE in xl's contest", as: "recover DEVICE", .contestedByXL,
            .recover([device])),
    ]

    private static let refusedPlaces = [
        Story(
            refused: "attach, no such controller", as: "attach", .controllers,
            .attach(one, device, at: wish(7))),
        Story(
            refused: "attach, no such port", as: "attach", .controllers,
            .attach(one, device, at: wish(0, 9))),
        Story(
            refused: "attach, a taken port", as: "attach", .full,
            .attach(one, device, at: wish(0, 1))),
        Story(
            refused: "attach, a full controller", as: "attach", .full,
            .attach(one, device, at: wish(0))),
        Story(
            refused: "attach, an odd port", as: "attach", .controllers,
            .attach(one, device, at: wish(0, 1)), .oddPort),
        Story(
            refused: "attach, an unknown kind", as: "attach", .controllers,
            .attach(one, device, at: wish(0)), .unknownKind),
        Story(
            refused: "attach, a controller that goes", as: "attach", .controllers,
            .attach(one, device, at: wish(0, 1)), .offline),
        Story(
            refused: "attach, no number left", as: "attach", .fresh, attach, .lastNumber),
    ]

    private static let refusedPorts = [
        Story(
            refused: "detach of no port", as: "detach", .attached, .detachPlace(one, wish(0))),
        Story(
            refused: "detach of a free port", as: "detach", .attached,
            .detachPlace(one, wish(0, 2))),
        Story(
            refused: "detach of an odd port", as: "detach", .controllers,
            .detachPlace(one, wish(0, 1)), .oddPort),
        Story(
            refused: "detach of a port that is not", as: "detach", .attached,
            .detachPlace(one, wish(0, 9))),
    ]

    private static let refusedClaims = [
        Story(
            refused: "attach, in another guest", as: "attach", .attached,
            .attach(two, device, at: nil)),
        Story(
            refused: "attach, in another port", as: "attach", .attached,
            .attach(one, device, at: wish(0, 2))),
        Story(
            refused: "attach, in another controller", as: "attach", .attached,
            .attach(one, device, at: wish(7, 1))),
        Story(
            refused: "attach, on its way elsewhere", as: "attach", .halfAttached,
            .attach(two, device, at: nil)),
        Story(
            refused: "attach, on its way to another port", as: "attach", .halfAttached,
            .attach(one, device, at: wish(0, 2))),
        Story(
            refused: "attach, a controller made elsewhere", as: "attach", .halfMade,
            .attach(two, device, at: nil)),
    ]

    private static func refusedControllers(_ kind: ControllerKind) -> [Story] {
        let settings = settings(kind) ?? .automatic(kind)
        let driverDomain = [
            Story(
                refused: "attach, a driver domain", as: "attach", .controllers,
                .attach(one, device, at: wish(0)), .driverDomain),
            Story(
                refused: "controller remove of a driver domain's", as: "controller remove",
                .controllers, remove(), .driverDomain),
        ]
        return [
            Story(
                refused: "controller remove of none", as: "controller remove", .controllers,
                .removeController(one, ControllerNumber(7))),
            Story(
                refused: "controller remove, an odd port", as: "controller remove", .controllers,
                remove(), .oddPort),
            Story(
                refused: "controller remove --force, an unknown kind",
                as: "controller remove --force", .controllers, remove(force: true), .unknownKind),
            Story(
                refused: "controller add, no number left", as: "controller add", .fresh,
                .addController(one, settings), .lastNumber),
        ] + (kind == .deviceModel ? [] : driverDomain)
    }

    private static func refusedFiles(_ kind: ControllerKind) -> [Story] {
        let one = "usbctrl = [ 'type=\(kind.rawValue),version=1,ports=2' ]\n"
        let many = Array(repeating: "''", count: 257).joined(separator: ",")
        let apply = { (text: String) in Command.apply(file(text), to: Self.one) }
        return [
            Story(refused: "apply, other controllers", as: "apply", .controllers, apply(one)),
            Story(
                refused: "apply, an unknown kind", as: "apply", .controllers, apply(one),
                .unknownKind),
            Story(refused: "apply, a number used", as: "apply", .fresh, apply(one), .lastNumber),
            Story(
                refused: "apply, too many controllers", as: "apply", .fresh,
                apply("usbctrl = [ \(many) ]\n")),
        ]
    }

    /// What a newer pvusb recorded is only read.
    private static let refusedToOld: [Story] = {
        let commands: [(String, Beginning, Command)] = [
            ("attach", .controllers, attach), ("detach", .attached, .detach(device)),
            ("recover", .halfAttached, .recover([])),
            ("controller add", .fresh, .addController(one, wish: ControllerWish())),
            ("controller remove", .attached, remove()),
        ]
        return commands.map { label, beginning, command in
            Story(refused: "\(label), newer records", as: label, beginning, command, .newerRecords)
        }
    }()

    private static let refusedLooks = [
        Story(
            refused: "list of nobody", as: "looks", .controllers, .list(nobody)),
        Story(
            refused: "show of no controller", as: "looks", .controllers,
            .show(.domain(one, wish(7)))),
    ]

    private static let refusedWithoutQEMU = [
        Story(refused: "attach, on its way home", as: "attach", .halfDetached, attach),
        Story(refused: "attach, too fast", as: "attach", .fresh, attach, .superSpeed),
        Story(
            refused: "attach, too fast for usbback", as: "attach", .controllers,
            .attach(one, device, at: wish(0)), .superSpeed),
        Story(refused: "attach, no kind", as: "attach", .fresh, attach, .noBackend),
        Story(
            refused: "controller add, no kind", as: "controller add", .fresh,
            .addController(one, wish: ControllerWish()), .noBackend),
        Story(
            refused: "controller add, no QEMU", as: "controller add", .fresh,
            .addController(one, .automatic(.qusb))),
        Story(
            refused: "controller add, no HVM guest", as: "controller add", .fresh,
            .addController(one, .automatic(.deviceModel))),
    ]

    private static func refusedWithQEMU(_ kind: ControllerKind) -> [Story] {
        [
            Story(
                refused: "attach, a hidden QEMU", as: "attach", .controllers,
                .attach(one, device, at: wish(0)), .hiddenQEMU),
            Story(
                refused: "controller add, a hidden QEMU", as: "controller add", .fresh,
                .addController(one, .automatic(kind)), .hiddenQEMU),
            Story(
                refused: "controller add, not offered", as: "controller add", .fresh,
                .addController(one, .automatic(.qusb)), .noOffer),
            Story(
                refused: "attach, QEMU gone", as: "attach", .unserved,
                .attach(one, bystander, at: wish(0))),
        ]
    }
}
