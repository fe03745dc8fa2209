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

    @Test(arguments: [([1], true), ([0], true), ([0, 1], true), ([1], false)])
    func `what xl gave back in part comes back whole for somebody who names it`(
        _ missing: [Int], _ isNoted: Bool
    ) throws {
        let bench = Bench()
        let driver = "/sys/bus/usb/drivers/snd-usb-audio"
        try bench.host.intervene { world in
            _ = world.perform(missing.map { .write("\(driver)/unbind", "1-4:1.\($0)") })
        }
        if isNoted {
            try bench.meddle(
                try [0, 1].map {
                    try writing("/libxl/usbback/1-4/1-4@1_\($0)/driver_path", driver)
                })
            #expect(try bench.status("1-4").remedy == "pvusb recover 1-4")
        }
        try bench.succeed(try Bench.recover("1-4"))
        #expect(try bench.drivers("1-4") == ["snd-usb-audio", "snd-usb-audio"])
        #expect(try bench.text("/libxl/usbback/1-4") == nil)
        #expect(try bench.text("/libxl/pvusb/device/1-4") == nil)
        #expect(try bench.status("1-4").remedy == nil)
        #expect(try bench.succeed(try Bench.recover("1-4")).goals.map(\.steps) == [[]])
    }

    @Test func `a death on the way is undone, or finished, and the same command is repeatable`()
        throws
    {
        let driver = "/sys/bus/usb/drivers/snd-usb-audio"
        func split() throws -> Bench {
            let bench = Bench()
            try bench.host.intervene { world in
                _ = world.perform([.write("\(driver)/unbind", "1-4:1.1")])
            }
            return bench
        }
        let recover = try Bench.recover("1-4")
        for changes in 1..<(try split().countChanges(recover)) {
            let bench = try split()
            try bench.kill(recover, after: changes)
            try bench.succeed(.recover([]))
            #expect(try bench.drivers("1-4").first == "snd-usb-audio")
            #expect(try bench.text("/libxl/pvusb/device/1-4") == nil)
            try bench.succeed(recover)
            #expect(try bench.drivers("1-4") == ["snd-usb-audio", "snd-usb-audio"])
        }
    }
}
