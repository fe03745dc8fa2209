internal import PVUSBCore
internal import Simulation

/// All worlds seen, each a number, kept as numbers of parts: most effects change one part.
///
/// Worlds are canonical: without the numbers of the store's changes, without events that wait for
/// a client who looks anyway, without locks, which belong to processes.
struct WorldTable {
    /// The parts of a world that change apart from each other.
    struct Parts: Hashable {
        var store: Int32
        var usb: Int32
        var rest: Int32
    }

    private var stores = Interner<World.Engine>()
    private var usbs = Interner<SimulatedUSB>()
    private var rests = Interner<World>()
    private var parts = Interner<Parts>()
    private var storeDigests: [Digest] = []
    private var usbDigests: [Digest] = []
    private var digests: [Digest] = []

    var count: Int { parts.count }
    var storeCount: Int { stores.count }

    /// The number of a world.
    mutating func number(of world: World) -> Int32 {
        let usb = number(of: world.usb)
        let rest = rests.number(of: world.remainder)
        return number(of: Parts(store: storeNumber(of: world), usb: usb, rest: rest))
    }

    /// The number of a world's store.
    mutating func storeNumber(of world: World) -> Int32 {
        var world = world
        world.forgetEvents()
        world.forgetHistory()
        let number = stores.number(of: world.store)
        if Int(number) == storeDigests.count {
            var digest = Digest()
            for line in world.storeLines { digest.absorb(line) }
            storeDigests.append(digest)
        }
        return number
    }

    private mutating func number(of usb: SimulatedUSB) -> Int32 {
        let number = usbs.number(of: usb)
        if Int(number) == usbDigests.count {
            var digest = Digest()
            for device in usb.devices {
                digest.absorb("\(device.id) \(device.attributes["devnum"] ?? "")")
                for interface in device.interfaces {
                    digest.absorb("\(interface.id) \(interface.driver?.text ?? "")")
                }
            }
            usbDigests.append(digest)
        }
        return number
    }

    /// The number of the world that has these parts.
    mutating func number(of world: Parts) -> Int32 {
        let number = parts.number(of: world)
        if Int(number) == digests.count {
            // What a store's open transactions and the rest are is told by their numbers.
            var digest = storeDigests[Int(world.store)]
            digest.absorb(usbDigests[Int(world.usb)])
            digest.absorb(world.store)
            digest.absorb(world.usb)
            digest.absorb(world.rest)
            digests.append(digest)
        }
        return number
    }

    /// The world of a number.
    func world(_ number: Int32) -> World {
        let parts = parts[number]
        var world = rests[parts.rest]
        world.store = stores[parts.store]
        world.usb = usbs[parts.usb]
        return world
    }

    /// The parts of the world of a number.
    func parts(of number: Int32) -> Parts { parts[number] }

    func digest(of number: Int32) -> Digest { digests[Int(number)] }
}
