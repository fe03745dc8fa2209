internal import USBModel

/// How an interface's ordinary driver holds on to the siblings that its probe claims.
///
/// The kernel's rule is that of `usb_driver_claim_interface` and `usb_driver_release_interface`
/// (drivers/usb/core/driver.c); who releases what is each driver's own choice.
public enum SiblingTie: String, Hashable, Sendable {
    /// Free siblings are claimed, and stay bound when this interface is unbound (snd-usb-audio).
    case loose
    /// Free siblings are claimed, and go with this interface, but not it with them (uvcvideo).
    case led
    /// All siblings must be free to be claimed, and whichever goes takes all along (cdc_acm).
    case mutual
}

/// What a driver's probe claims beside the interface that it matches.
struct SiblingDriver {
    /// The classes and, where they matter, the subclasses of an interface.
    struct Kinds {
        let usbClasses: [String]
        var subclasses: [String]?

        func include(_ interface: SimulatedInterface) -> Bool {
            guard let usbClass = interface.attributes["bInterfaceClass"],
                usbClasses.contains(usbClass)
            else { return false }
            guard let subclasses else { return true }
            return interface.attributes["bInterfaceSubClass"].map(subclasses.contains) ?? false
        }
    }

    let tie: SiblingTie
    /// The interfaces that the driver matches.
    let controls: Kinds
    /// The ones that it claims with them.
    let partners: Kinds
    /// What its probe answers when a sibling that it must have is not free.
    var refusal = FileErrno.busy

    private static let cdcControls = Kinds(usbClasses: ["02"])
    private static let cdcData = Kinds(usbClasses: ["0a"])

    /// The drivers that claim siblings, by name.
    ///
    /// drivers/usb/class/cdc-acm.c; drivers/net/usb/cdc_ether.c, which rndis_host.c uses too;
    /// cdc_ncm.c, which cdc_mbim.c uses too, and which answers every failure with ENODEV;
    /// sound/usb/card.c; drivers/media/usb/uvc/uvc_driver.c.
    static let all: [String: SiblingDriver] = [
        "cdc_acm": SiblingDriver(tie: .mutual, controls: cdcControls, partners: cdcData),
        "cdc_ether": SiblingDriver(tie: .mutual, controls: cdcControls, partners: cdcData),
        "rndis_host": SiblingDriver(
            tie: .mutual, controls: Kinds(usbClasses: ["02", "e0", "ef"]), partners: cdcData),
        "cdc_ncm": SiblingDriver(
            tie: .mutual, controls: cdcControls, partners: cdcData, refusal: .noDevice),
        "cdc_mbim": SiblingDriver(
            tie: .mutual, controls: cdcControls, partners: cdcData, refusal: .noDevice),
        "snd-usb-audio": SiblingDriver(
            tie: .loose, controls: Kinds(usbClasses: ["01"], subclasses: ["01"]),
            partners: Kinds(usbClasses: ["01"], subclasses: ["02", "03"])),
        "uvcvideo": SiblingDriver(
            tie: .led, controls: Kinds(usbClasses: ["0e"], subclasses: ["01"]),
            partners: Kinds(usbClasses: ["0e"], subclasses: ["02"])),
    ]
}

extension [SimulatedInterface] {
    /// Finds the siblings that the drivers of these interfaces claim, as a capture has to: sysfs
    /// tells who has an interface, not by whose probe.
    ///
    /// - Precondition: the interfaces are in the order of their numbers.
    mutating func findSiblings() {
        for index in indices {
            guard let home = self[index].matches.first, let driver = SiblingDriver.all[home.text],
                driver.controls.include(self[index])
            else { continue }
            let partners = partners(of: index, driver, home)
            guard !partners.isEmpty else { continue }
            self[index].siblings = partners.map { self[$0].id }
            self[index].siblingTie = driver.tie
            for partner in partners { self[partner].matches = [] }
        }
    }

    /// The partners between an interface and the next one that the driver matches.
    ///
    /// A mutual tie is with the first one. One that another driver has is no partner.
    private func partners(
        of control: Int, _ driver: SiblingDriver, _ home: DriverName
    ) -> [Int] {
        let own = indices.dropFirst(control + 1).prefix { !driver.controls.include(self[$0]) }
        let partners = own.filter {
            driver.partners.include(self[$0]) && [nil, home].contains(self[$0].matches.first)
        }
        return driver.tie == .mutual ? Array<Int>(partners.prefix(1)) : Array<Int>(partners)
    }
}
