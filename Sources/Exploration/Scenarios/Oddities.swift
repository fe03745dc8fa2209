internal import PVUSBCore

extension Catalogue {
    /// Commands that reach their goal in odd worlds, or find that nothing is to be done.
    static func oddities(_ kind: ControllerKind) -> [Story] {
        oddAttaches(kind) + oddReturns + oddRemovals(kind) + oddConfigurations + oddDryRuns
            + halfBound(kind)
    }

    private static func oddAttaches(_ kind: ControllerKind) -> [Story] {
        let bends: [(String, Bend)] = [
            ("an odd port", .oddPort), ("an unknown kind", .unknownKind),
            ("a controller that goes", .offline), ("a stray name", .stray),
        ]
        let beside = bends.map { name, bend in
            Story(odd: "attach beside \(name)", as: "attach", .controllers, attach, bend)
        }
        let others = [
            Story(odd: "attach over nonsense", as: "attach", .controllers, attach, .oddRecord),
            Story(
                odd: "attach beside what does not fit", as: "attach", .controllers, attach,
                .otherSpeed),
        ]
        let place = Story(
            odd: "attach to a place again", as: "attach", .halfAttached,
            .attach(one, device, at: wish(0, 1)), nil)
        let domains = Story(
            odd: "attach beside a driver domain's", as: "attach", .controllers, attach,
            .driverDomain)
        let made = [("no speed", Bend.speedless), ("a frontend left", .frontendLeft)].map {
            Story(
                odd: "attach, controller made, \($0)", as: "attach", .fresh, attach, $1,
                succeeds: kind != .pv || $1 != .speedless)
        }
        let ofKind =
            kind == .pv
            ? [Story(odd: "attach, a stray line", as: "attach", .controllers, attach, .strayLine)]
            : [
                Story(odd: "attach over a way home", as: "attach", .almostDetached, attach, nil),
                Story(
                    odd: "attach, another version", as: "attach", .controllers, attach,
                    .otherVersion),
                Story(
                    odd: "detach, no domain told", as: "detach", .attached, .detach(device), .vmless
                ),
                Story(
                    odd: "recover of what usbback took", as: "recover", .unserved, .recover([]),
                    .captured),
            ]
        let told = [
            // usbback takes nothing of which it does not know that it is slow enough.
            Story(
                odd: "attach, no speed", as: "attach", .controllers, attach, .speedless,
                succeeds: kind != .pv),
            Story(
                odd: "apply, as fits", as: "apply", .fresh,
                .apply(file("usbctrl = [ '' ]\n"), to: one), nil),
            Story(
                odd: "controller add beside a stray name", as: "controller add", .fresh,
                .addController(one, settings(kind) ?? .automatic(kind)), .stray),
        ]
        return beside + others + [place] + made + ofKind + told
            + (kind == .deviceModel ? [] : [domains])
    }

    private static let oddReturns = [
        Story(odd: "detach of what is nobody's", as: "detach", .controllers, .detach(device), nil),
        Story(
            odd: "detach of a place on its way", as: "detach", .halfDetached,
            .detachPlace(one, wish(0, 1)), nil),
        Story(
            odd: "detach --no-rebind, contested", as: "detach --no-rebind", .contested,
            .detach(device, rebind: false), nil),
        Story(
            odd: "detach --no-rebind again", as: "detach --no-rebind", .parked,
            .detach(device, rebind: false), nil),
        Story(odd: "recover of nonsense", as: "recover", .controllers, .recover([]), .oddRecord),
        Story(odd: "recover of what was parked", as: "recover", .parked, .recover([]), nil),
        Story(
            odd: "recover in xl's contest", as: "recover", .contestedByXL, .recover([]), nil,
            succeeds: false),
        Story(
            odd: "recover DEVICE, a hub", as: "recover DEVICE", .controllers, .recover([device]),
            .hub),
        Story(
            odd: "recover after two ends", as: "recover", .bothOrphaned, .recover([]), nil,
            succeeds: false),
    ]

    private static func oddRemovals(_ kind: ControllerKind) -> [Story] {
        [
            Story(
                odd: "recover of a controller that goes", as: "recover", .controllers,
                .recover([]), .offline),
            Story(
                odd: "controller remove, on its way", as: "controller remove", .halfAttached,
                remove(), nil),
            Story(
                odd: "controller remove --force, an odd port", as: "controller remove --force",
                .controllers, remove(force: true), .oddPort),
        ]
    }

    /// What libxl keeps can't be kept true; the device is not kept from its guest by that.
    private static let oddConfigurations = [
        ("malformed", Bend.malformed), ("misshapen", .misshapen),
        ("none of the guest's", .unkept),
    ].map { name, bend in
        var story = Story(
            odd: "attach, configurations \(name)", as: "attach", .controllers, attach, bend)
        story.isKept = true
        return story
    }

    private static let oddDryRuns = [
        Story(
            odd: "detach --dry-run, contested", as: "dry run", .contested, .detach(device), nil,
            isDry: true),
        Story(
            odd: "recover --dry-run, contested", as: "dry run", .contested, .recover([]), nil,
            isDry: true),
        Story(
            odd: "recover --dry-run, backend left", as: "dry run", .orphaned, .recover([]), nil,
            isDry: true),
        Story(
            odd: "attach --dry-run, beside", as: "dry run", .controllers, attach, nil,
            isDry: true),
    ]

    /// Of two interfaces one has its driver and the other has not, as xl leaves a device that it
    /// can't give back whole.
    private static func halfBound(_ kind: ControllerKind) -> [Story] {
        guard kind == .pv else { return [] }
        let shapes: [(String, SmallWorld.Shape, Bend, Bool)] = [
            ("by itself", .plain, .halfBound, false), ("noted", .plain, .halfNoted, true),
            ("led", .led, .halfBound, false), ("a video", .video, .halfBound, true),
            ("a network", .network, .halfBound, true), ("none, noted", .plain, .allNoted, true),
        ]
        let captured: [(String, Command)] = [
            ("attach", attach), ("detach", .detach(device)), ("recover", .recover([])),
        ]
        let halves = captured.map { label, command in
            var story = Story(
                odd: "\(label), half captured", as: label, .attached, command, .halfCaptured)
            story.count = 2
            return story
        }
        return halves
            + shapes.map { name, shape, bend, comesHome in
                var story = Story(
                    odd: "recover DEVICE, half bound, \(name)", as: "recover DEVICE", .controllers,
                    .recover([device]), bend)
                story.count = 2
                story.shape = shape
                story.comesHome = comesHome
                return story
            }
    }

    /// A command that waits until something differs.
    static func watches(_ kind: ControllerKind) -> [Story] {
        let beginnings: [(String, Beginning, Bool)] = [
            ("watch", .attached, true), ("watch, half done", .halfDetached, true),
            ("watch without a store", .controllers, false),
        ]
        var late = Story("watch, changed before", as: "looks", .attached, .devices)
        late.isWatch = true
        late.before = .fresh
        return [late]
            + beginnings.map { name, beginning, hasStore in
                var story = Story(name, as: "looks", beginning, .devices)
                story.isWatch = true
                story.hasStore = hasStore
                return story
            }
    }
}
