import Simulation
import Testing
import USBModel
import XenStoreServer
import XenStoreWire

struct RedactionTests {
    private static let hash = "0123456789abcdef"

    private static func world(_ change: (inout World) -> Void = { _ in }) -> World {
        var world = World.builtIn()
        world.set(
            "/libxl/pvusb/device/1-3_2/identity", "0781:5567 \(hash) 4C530001230808117371")
        change(&world)
        return world
    }

    private func serials(_ world: World) -> [String] {
        world.usb.devices.compactMap { $0.attributes["serial"] }
    }

    @Test func `each serial gets a number, the same one the same`() {
        let world = Self.world().redacted()
        #expect(
            serials(Self.world()) == [
                "0000:00:14.0", "A50285BI", "4C530001230808117371", "0000:00:14.0",
                "575832314443",
            ])
        #expect(
            serials(world) == [
                "REDACTED-1", "REDACTED-2", "REDACTED-3", "REDACTED-1", "REDACTED-4",
            ])
        #expect(
            world.node("/libxl/pvusb/device/1-3_2/identity")
                == "0781:5567 \(Self.hash) REDACTED-3")
    }

    @Test func `no serial is left in the document`() throws {
        let world = Self.world {
            $0.set("/local/domain/1/data/note", "my stick 4C530001230808117371, my A50285BI")
        }
        let text = String(decoding: try world.redacted().json(), as: UTF8.self)
        for serial in Set(serials(world)) { #expect(!text.contains(serial), "\(serial)") }
        #expect(text.contains("\"my stick REDACTED-3, my REDACTED-2\""))
    }

    @Test func `nothing else changes`() {
        let (before, after) = (Self.world(), Self.world().redacted())
        let changed = zip(before.store.entries, after.store.entries).filter {
            $0.value != $1.value || $0.permissions != $1.permissions
        }
        #expect(changed.map(\.0.path.text) == ["/libxl/pvusb/device/1-3_2/identity"])
        for (old, new) in zip(before.usb.devices, after.usb.devices) {
            #expect(old.interfaces == new.interfaces)
            #expect(old.descriptors == new.descriptors)
            let keys = old.attributes.keys.filter { old.attributes[$0] != new.attributes[$0] }
            #expect(keys == (old.attributes["serial"] == nil ? [] : ["serial"]))
        }
    }

    @Test func `a serial that only a record knows goes too`() {
        let path = "/libxl/pvusb/device/7-7/identity"
        let world = Self.world { $0.set(path, "1234:5678 \(Self.hash) of a pulled one") }
        #expect(world.redacted().node(path) == "1234:5678 \(Self.hash) REDACTED-5")
    }

    /// A serial of 1-1, a value in the store, and the value afterwards.
    static let values: [(serial: String, value: String, redacted: String)] = [
        ("SECRET", "SECRET", "REDACTED-2"),
        ("SECRET", "xSECRETx SECRETSECRET", "xREDACTED-2x REDACTED-2REDACTED-2"),
        ("SECRE", "SECRE", "SECRE"),  // too short to be looked for
        ("1", "1", "1"),
        ("1", "0781:5567 \(hash) 1", "0781:5567 \(hash) REDACTED-2"),  // but not in an identity
        ("A50285BI-2", "A50285BI-2 A50285BI", "REDACTED-2 REDACTED-3"),  // the longest first
        ("0781:5567", "0781:5567 \(hash) x", "0781:5567 \(hash) REDACTED-6"),
        ("REDACTED-9", "REDACTED-9", "REDACTED-2"),
        ("", "x", "x"),
        ("sécrèt", "ein sécrèt", "ein REDACTED-2"),
    ]

    @Test(arguments: values)
    func `a value of the store is redacted where it holds a serial`(
        serial: String, value: String, redacted: String
    ) {
        var world = World.builtIn()
        world.change("1-1") { $0.attributes["serial"] = serial }
        world.set("/value", value)
        #expect(world.redacted().node("/value") == redacted)
    }

    @Test func `bytes that are no text are redacted too`() {
        var world = World.builtIn()
        let serial = Array("A50285BI".utf8)
        world.ask(.write(at("/value"), [0xff, 0x00] + serial + [0xfe]))
        let expected = [0xff, 0x00] + Array("REDACTED-2".utf8) + [0xfe]
        #expect(world.redacted().store.value(at: at("/value")) == expected)
    }

    @Test func `a redacted world stays as it is`() throws {
        let once = Self.world().redacted()
        #expect(try once.redacted().json() == once.json())
    }
}
