import Testing
import XenStoreWire

@testable import XenStore

/// What is remembered, and what an event makes forget.
struct StoreMemoryTests {
    private static let libxl = StorePath.root / "libxl"

    private func path(_ text: String) throws -> StorePath { try #require(StorePath(text)) }

    private func memory(of requests: [StoreRequest]) -> StoreMemory {
        var memory = StoreMemory(below: [Self.libxl])
        for request in requests { memory.remember(.value([1]), to: request) }
        return memory
    }

    @Test(arguments: [
        ("/libxl", true), ("/libxl/1", true), ("/libxl/1/device/vusb", true), ("/", false),
        ("/libxl1", false), ("/local", false),
    ])
    func `only what is below the directories is remembered`(_ text: String, _ isCovered: Bool)
        throws
    {
        let path = try path(text)
        let requests: [StoreRequest] = [.read(path), .directory(path)]
        let memory = memory(of: requests)
        #expect(requests.map(memory.covers) == [isCovered, isCovered])
        let expected: StoreReply? = isCovered ? .value([1]) : nil
        #expect(requests.map(memory.reply) == [expected, expected])
    }

    @Test func `only reads and listings are remembered`() {
        let path = Self.libxl
        let others: [StoreRequest] = [
            .permissions(path), .write(path, [1]), .makeDirectory(path), .remove(path),
            .watch(path, token: "t"), .begin, .commit, .abort,
        ]
        #expect(memory(of: others).count == 0)
        #expect(others.filter(\.isLook) == [.permissions(path)])
    }

    @Test(arguments: [
        (StoreReply.value([]), true), (.children(["1"]), true), (.failure(.noEntry), true),
        (.failure(.accessDenied), false), (.failure(.tooBig), false),
        (.failure(StoreErrorName("EQUOTA")), false),
    ])
    func `what is there and what is missing is remembered, other refusals are not`(
        _ reply: StoreReply, _ isRemembered: Bool
    ) {
        var memory = StoreMemory(below: [Self.libxl])
        memory.remember(reply, to: .read(Self.libxl))
        #expect(memory.reply(to: .read(Self.libxl)) == (isRemembered ? reply : nil))
    }

    @Test(arguments: [
        ("/libxl/1/device", ["/libxl/10", "/libxl/1/devices", "/libxl/1/dm"]),
        ("/libxl/1/device/vusb/0", ["/libxl/10", "/libxl/1/devices", "/libxl/1/dm"]),
        ("/libxl/1", ["/libxl/10"]),
        (
            "/libxl/1/de",
            [
                "/libxl/10", "/libxl/1/device", "/libxl/1/device/vusb", "/libxl/1/devices",
                "/libxl/1/dm",
            ]
        ),
        (
            "/libxl/2/device",
            [
                "/libxl/10", "/libxl/1", "/libxl/1/device", "/libxl/1/device/vusb",
                "/libxl/1/devices", "/libxl/1/dm",
            ]
        ),
        ("/libxl", []), ("/", []), ("/local/domain", Self.paths),
        ("@releaseDomain", []), ("", []), ("/libxl/", []),
    ])
    func `an event forgets its path, what is above and what is below`(
        _ event: String, _ kept: [String]
    ) throws {
        let paths = try Self.paths.map(path)
        var memory = memory(of: paths.flatMap { [StoreRequest.read($0), .directory($0)] })
        memory.forget(about: WatchEvent(path: event, token: "t"))
        let values = paths.filter { memory.reply(to: .read($0)) != nil }
        let listings = paths.filter { memory.reply(to: .directory($0)) != nil }
        #expect(Set(values.map(\.text)) == Set(kept))
        #expect(listings == values)
        #expect(memory.count == 2 * kept.count)
    }

    private static let paths = [
        "/libxl", "/libxl/1", "/libxl/10", "/libxl/1/device", "/libxl/1/device/vusb",
        "/libxl/1/devices", "/libxl/1/dm",
    ]

    @Test func `a newer reply takes the place of an older`() {
        var memory = memory(of: [.read(Self.libxl)])
        memory.remember(.failure(.noEntry), to: .read(Self.libxl))
        #expect(memory.reply(to: .read(Self.libxl)) == .failure(.noEntry))
        #expect(memory.count == 1)
    }

    @Test func `what is remembered is bounded`() {
        var memory = StoreMemory(below: [Self.libxl])
        for number in 0...StoreMemory.repliesMax {
            let path = Self.libxl / StorePath.Component(UInt(number))
            memory.remember(.value([]), to: .read(path))
        }
        #expect(memory.count == 1)
    }
}
