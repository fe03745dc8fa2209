internal import PVUSBCore
internal import Simulation

/// What commands are to reach, told from the world alone.
extension Search {
    /// Tells whether a command's goal is reached in a world.
    func reaches(_ command: Command, _ number: Int32) -> Bool {
        if scenario.isDry, scenario.commands.contains(command) { return true }
        let world = play.worlds.world(number)
        var truth = truth(of: scenario.device, in: world)
        switch command {
        // Of two ports one is given up, and the other is whoever wrote it's.
        case .detach, .detachPlace:
            return scenario.isContested
                ? truth.places.count < 2 : truth.places.isEmpty && truth.isFree
        case .apply(let file, let domain):
            guard !file.devices.isEmpty else { return world.hasLivingController(domain) }
            return truth.state == .assigned
                && truth.places.first?.domain == world.number(of: domain)
        case .attach(let domain, let device, at: _):
            if device == .busID(SmallWorld.bystander) {
                truth = Expectation(SmallWorld.bystander, in: world)
            }
            return truth.state == .assigned
                && truth.places.first?.domain == world.number(of: domain)
        case .addController(let domain, _): return world.hasLivingController(domain)
        case .removeController(let domain, let number, force: _):
            // An attach beside it may make the controller anew.
            guard scenario.commands.count == 1 else { return true }
            return world.number(of: domain).map { domain in
                world.hasNothing(
                    of: PortName(
                        kind: scenario.kind, domain: domain, controller: UInt32(number.number),
                        port: 0))
            } ?? true
        case .recover:
            // What another tool has half done in its port is its own.
            return !truth.isHalfDone || truth.state == .contested || scenario.isContested
        case .devices, .list, .show, .doctor, .awaitChange: return true
        }
    }
}

extension Command {
    /// The command waits until something changes, for ever if need be.
    var isWatch: Bool {
        if case .awaitChange = self { true } else { false }
    }
}

extension Expectation {
    /// No guest has the device, and nothing is begun with it.
    fileprivate var isFree: Bool {
        switch state {
        case .host, .unbound, .parked, .hub, nil: true
        default: false
        }
    }
}

extension World {
    /// The number of a domain; nil when there is no such domain.
    fileprivate func number(of domain: DomainSelector) -> UInt16? {
        let domains = StorePath.root / "local" / "domain"
        switch domain {
        case .number(let number):
            let path = domains / StorePath.Component(UInt(number.number))
            return text(path) == nil ? nil : number.number
        case .name(let name):
            return children(of: domains).compactMap { UInt16($0) }.first {
                text(domains / StorePath.Component(UInt($0)) / "name") == name
            }
        }
    }

    /// Neither libxl's record of a controller is there nor one of its ends.
    fileprivate func hasNothing(of place: PortName) -> Bool {
        let frontend =
            StorePath.root / "local" / "domain" / StorePath.Component(UInt(place.domain))
            / "device" / "vusb" / StorePath.Component(UInt(place.controller))
        let backend = place.directory.parent
        return !hasController(place) && text(frontend) == nil
            && backend.flatMap { text($0) } == nil
    }

    /// The domain has a controller; its guest may close it as it likes.
    fileprivate func hasLivingController(_ domain: DomainSelector) -> Bool {
        guard let number = number(of: domain) else { return false }
        return (0...9).contains {
            hasController(PortName(domain: number, controller: $0, port: 0))
        }
    }

    /// The drivers of a device's interfaces in words.
    func driverWords(of device: BusID) -> String {
        (drivers(of: device) ?? []).map { $0?.text ?? "none" }.joined(separator: ", ")
    }
}

extension Command {
    /// Reads a remedy as a person would type it; nil when it is none of the two there are.
    init?(typed text: String) {
        let words = text.split(separator: " ").map(String.init)
        guard words.count > 1, words[0] == "pvusb" else { return nil }
        do throws(PVUSBError) {
            switch (words[1], words.count) {
            case ("recover", 3): self = .recover([try DeviceSelector(words[2])])
            case ("recover", 2): self = .recover([])
            case ("detach", 3): self = .detach(try DeviceSelector(words[2]))
            case ("detach", 4):
                self = .detachPlace(try DomainSelector(words[2]), try PlaceWish(words[3]))
            default: return nil
            }
        } catch {
            return nil
        }
    }
}
