internal import PVUSBCore

extension Catalogue {
    static let one = DomainSelector.number(number(1))
    static let two = DomainSelector.number(number(2))
    static let device = DeviceSelector.busID(SmallWorld.device)
    static let attach = Command.attach(one, device, at: nil)

    static func remove(force: Bool = false) -> Command {
        .removeController(one, ControllerNumber(0), force: force)
    }

    /// The commands, each from where it usually begins.
    static func stories(_ kind: ControllerKind) -> [Story] {
        let settings = settings(kind) ?? .automatic(kind)
        return [
            Story("attach", .controllers, attach),
            Story("attach, controller made", .fresh, attach),
            Story("detach", .attached, .detach(device)),
            Story("detach --no-rebind", .attached, .detach(device, rebind: false)),
            Story("recover", .halfAttached, .recover([])),
            Story("recover DEVICE", .halfDetached, .recover([device])),
            Story("controller add", .fresh, .addController(one, settings)),
            Story("controller remove", .attached, remove()),
        ]
    }

    /// The commands from everywhere else.
    static func richerStories(_ kind: ControllerKind) -> [Story] {
        attaches(kind) + detaches + recoveries(kind) + removals + looks + dryRuns(kind)
            + kept + oddities(kind) + refusals(kind) + watches(kind)
    }

    /// The commands that change libxl's configurations, where there are any.
    private static let kept: [Story] = [
        Story("attach, configured", as: "attach", .controllers, attach),
        Story("attach, controller made, configured", as: "attach", .fresh, attach),
        Story("detach, configured", as: "detach", .attached, .detach(device)),
        Story("recover, configured", as: "recover", .halfAttached, .recover([])),
        Story("recover of a detach, configured", as: "recover", .halfDetached, .recover([])),
        Story("controller remove, configured", as: "controller remove", .attached, remove()),
    ].map { story in
        var story = story
        story.isKept = true
        return story
    }

    private static func attaches(_ kind: ControllerKind) -> [Story] {
        let place = PlaceWish(controller: ControllerNumber(0), port: PortNumber(2))
        return [
            Story("attach to a place", as: "attach", .controllers, .attach(one, device, at: place)),
            Story("attach beside a full controller", as: "attach", .full, attach),
            Story("attach without drivers", as: "attach", .unbound, attach),
            Story("attach again", as: "attach", .halfAttached, attach),
            Story("attach again, controller made", as: "attach", .halfMade, attach),
            Story("attach what is there", as: "attach", .attached, attach),
            Story("attach what was parked", as: "attach", .parked, attach),
            Story("attach after a replug", as: "attach", .replugged, attach),
            Story(
                "attach after the domain's end", as: "attach", .destroyed, attach, succeeds: false),
            Story("attach what xl began", as: "attach", .xlBegan, attach, succeeds: false),
            Story("attach what is elsewhere", as: "attach", .xlMoved, attach, succeeds: false),
            Story(
                "attach to the deaf", as: "attach", .deaf, attach, succeeds: kind == .deviceModel),
            Story("apply", .fresh, .apply(file(kind), to: one)),
            Story("apply, all there", as: "apply", .attached, .apply(file(kind), to: one)),
        ]
    }

    private static let detaches = [
        Story(
            "detach of a place", as: "detach", .attached,
            .detachPlace(one, PlaceWish(controller: ControllerNumber(0), port: PortNumber(1)))),
        Story("detach what xl attached", as: "detach", .xlAttached, .detach(device)),
        Story("detach what is absent", as: "detach", .absent, .detach(device)),
        Story("detach what is another", as: "detach", .exchanged, .detach(device)),
        Story("detach from the contested", as: "detach", .contested, .detach(device)),
        Story(
            "detach of the contested place", as: "detach", .contested,
            .detachPlace(two, PlaceWish(controller: ControllerNumber(0), port: PortNumber(1)))),
        Story(
            "detach --no-rebind of another", as: "detach --no-rebind", .exchanged,
            .detach(device, rebind: false)),
    ]

    private static func recoveries(_ kind: ControllerKind) -> [Story] {
        let all: [(String, Beginning)] = [
            ("a controller made", .halfMade), ("a removal", .halfRemoved), ("absence", .absent),
            ("a replug", .replugged), ("an exchange", .exchanged),
            ("a domain's end", .destroyed), ("a domain's end, backend left", .orphaned),
            ("xl's move", .xlMoved), ("a contest", .contested),
        ]
        let one: [(String, Beginning)] = [
            ("parked", .parked), ("unbound", .unbound), ("begun by xl", .xlBegan),
        ]
        return all.map { Story("recover after \($0)", as: "recover", $1, .recover([])) }
            + one.map {
                Story("recover DEVICE, \($0)", as: "recover DEVICE", $1, .recover([device]))
            }
            + (kind == .pv
                ? [] : [Story("recover without QEMU", as: "recover", .unserved, .recover([]))])
    }

    private static let removals = [
        Story("controller remove, two devices", as: "controller remove", .bothAttached, remove()),
        Story("controller remove, empty", as: "controller remove", .controllers, remove()),
        Story("controller remove --force", .attached, remove(force: true)),
        Story(
            "controller remove --force, empty", as: "controller remove --force", .controllers,
            remove(force: true)),
    ]

    private static let looks = [
        Story("devices", as: "looks", .attached, .devices),
        Story("list", as: "looks", .attached, .list(nil)),
        Story("list DOMAIN", as: "looks", .attached, .list(one)),
        Story("show DEVICE", as: "looks", .halfDetached, .show(.device(device))),
        Story("show DOMAIN", as: "looks", .attached, .show(.domain(one, nil))),
        Story("doctor", as: "looks", .attached, .doctor),
    ]

    private static func dryRuns(_ kind: ControllerKind) -> [Story] {
        [
            Story("attach --dry-run", as: "dry run", .fresh, attach, isDry: true),
            Story(
                "apply --dry-run", as: "dry run", .fresh, .apply(file(kind), to: one), isDry: true),
            Story("detach --dry-run", as: "dry run", .attached, .detach(device), isDry: true),
            Story(
                "recover DEVICE --dry-run", as: "dry run", .halfAttached,
                .recover([.address(BusAddress(bus: 1, device: 2))]), isDry: true),
            Story("controller remove --dry-run", as: "dry run", .attached, remove(), isDry: true),
        ]
    }

    /// Two commands at once; those of what QEMU serves are about devices only.
    static func races(_ kind: ControllerKind) -> [Story] {
        kind == .pv ? races : [races[1], races[3], races[4]]
    }

    private static let races = [
        Story(.controllers, attach, .attach(two, device, at: nil)),
        Story(.controllers, attach, attach),
        Story(.fresh, attach, .attach(two, device, at: nil)),
        Story(.attached, .detach(device), .detach(device)),
        Story(.attached, .detach(device), attach),
        Story(.attached, .detach(device), .recover([])),
        Story(.attached, remove(), .detach(device)),
        Story(.controllers, remove(), attach),
        Story(.controllers, attach, .attach(one, .busID(SmallWorld.bystander), at: nil)),
    ]

    // MARK: - Parts

    /// The smallest controller of a kind.
    static func settings(_ kind: ControllerKind, ports: UInt8 = 2) -> ControllerSettings? {
        ControllerSettings(kind: kind, version: kind == .deviceModel ? 3 : 2, ports: ports)
    }

    /// An xl.cfg that wants the device in a controller of a kind.
    static func file(_ kind: ControllerKind) -> GuestFile {
        file(
            """
            usbctrl = [ 'type=\(kind.rawValue),version=\(kind == .deviceModel ? 3 : 2),ports=2' ]
            usbdev = [ 'hostbus=1,hostaddr=2' ]

            """)
    }

    /// An xl.cfg of these words.
    static func file(_ text: String) -> GuestFile {
        guard let file = try? GuestFile(Array(text.utf8)) else {
            preconditionFailure("the file is one that xl reads")
        }
        return file
    }

    static func number(_ domain: UInt16) -> DomainID {
        guard let id = DomainID(domain) else { preconditionFailure("\(domain) is a domid") }
        return id
    }
}
