import PVUSB
import Simulation
import Testing

/// xl and pvusb take turns on one host, each with what the other made.
struct XLBesideTests {
    @Test func `xl takes back what pvusb gave, and recover drops the record`() throws {
        let bench = try Bench.attached("1-4")
        let id = try #require(BusID("1-4"))
        try bench.host.intervene { world in
            world.settle()
            let detach = world.xlDetach(id, domain: 1, controller: 0, port: 1)
            #expect(world.perform(detach) == nil)
            world.settle()
        }
        #expect(try bench.drivers("1-4") == ["snd-usb-audio", "snd-usb-audio"])
        #expect(try bench.status("1-4").state == .stale)
        #expect(try bench.status("1-4").remedy == "pvusb recover 1-4")
        try bench.succeed(.recover([]))
        #expect(try bench.status("1-4").state == .host)
        #expect(try bench.status("1-4").record == nil)
    }

    @Test func `pvusb takes back what xl gave`() throws {
        let bench = try Bench.withController()
        let id = try #require(BusID("1-4"))
        try bench.host.intervene { $0.settle() }
        let before = try bench.nodes()
        try bench.host.intervene { world in
            for action in world.xlAttach(id, domain: 1, controller: 0, port: 2) {
                #expect(world.perform([action]) == nil)
                world.settle()
            }
        }
        #expect(try bench.status("1-4").state == .assigned)
        #expect(try bench.status("1-4").place?.label == "0:2")
        try bench.succeed(try Bench.detach("1-4"))
        #expect(try bench.drivers("1-4") == ["snd-usb-audio", "snd-usb-audio"])
        #expect(try bench.nodes() == before)
    }

    @Test func `xl removes a controller that pvusb made`() throws {
        let bench = Bench()
        try bench.succeed(try Bench.addController())
        try bench.host.intervene { world in
            world.settle()
            for action in world.xlRemoveController(domain: 1, controller: 0) {
                #expect(world.perform([action]) == nil)
                world.settle()
            }
        }
        let paths = try bench.host.world().storePaths.map(\.text)
        #expect(paths.filter { $0.contains("/vusb") } == [])
        #expect(try bench.succeed(.recover([])).goals == [])
    }

    @Test func `a domain that xl destroys gives back what pvusb gave`() throws {
        let bench = try Bench.attached("1-4")
        try bench.host.intervene { world in
            world.settle()
            world.destroy(1)
            world.settle()
        }
        #expect(try bench.drivers("1-4") == ["snd-usb-audio", "snd-usb-audio"])
        #expect(try bench.status("1-4").state == .stale)
        try bench.succeed(.recover([]))
        #expect(try bench.status("1-4").record == nil)
        #expect(try bench.drivers("1-4") == ["snd-usb-audio", "snd-usb-audio"])
    }
}
