import PVUSB
import Simulation
import Testing

/// One of two interfaces that belong together came back alone.
struct RejoiningTests {
    @Test func `what was bound alone is unbound again, so that both come back together`() throws {
        let bench = try Bench.attached("1-4")
        let count = try bench.countChanges(try Bench.detach("1-4"))
        for changes in 1..<count {
            let bench = try Bench.attached("1-4")
            try bench.kill(try Bench.detach("1-4"), after: changes)
            // Somebody gives the second one to its driver by hand.
            try bench.host.intervene { world in
                _ = world.perform([
                    .write("/sys/bus/usb/drivers/snd-usb-audio/bind", "1-4:1.1")
                ])
            }
            try bench.succeed(.recover([]))
            #expect(try bench.drivers("1-4") == ["snd-usb-audio", "snd-usb-audio"])
            #expect(try bench.text("/libxl/pvusb/device/1-4/goal") == nil)
        }
    }
}
