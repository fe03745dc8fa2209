import HostUSB
import PVUSB
import Simulation
import TestSupport
import Testing

struct LogTests {
    private static func toolstack(_ log: String) -> Toolstack {
        Toolstack {
            let host = SimulatedHost(.builtIn())
            return Seams(
                store: host, files: host, locks: host, clock: host, log: SystemLog(path: log))
        }
    }

    @Test func `a change is told to the log, looking and what is so already are not`() async throws
    {
        let directory = try TemporaryDirectory()
        let listener = try LogListener(directory.path("log"))
        let toolstack = Self.toolstack(directory.path("log"))
        _ = await toolstack.run(.devices)
        _ = await toolstack.run(try Bench.attach("9-9"))
        #expect(listener.next() == "")
        _ = await toolstack.run(try Bench.attach("1-3.2"))
        let line = listener.next()
        #expect(line.contains(" goal=assigned device=1-3.2 identity=0781:5567 "))
        #expect(line.contains(" domain=1 vm=/vm/1d3f6f0a-0001-"))
        #expect(line.contains(" port=0:1 result=done duration="))
        _ = await toolstack.run(try Bench.attach("1-3.2"))
        #expect(listener.next() == "")
        _ = await toolstack.run(try Bench.detach("1-3.2"))
        #expect(listener.next().contains(" goal=host device=1-3.2 "))
    }
}
