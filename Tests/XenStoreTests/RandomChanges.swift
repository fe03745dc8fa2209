import Testing
import XenStoreWire

@testable import XenStore

/// Changes at random between looks of a memory, each compared with one who remembers nothing.
struct RandomChanges {
    private let server: StoreUnderTest
    private let seed: UInt64

    init(_ server: StoreUnderTest, _ seed: UInt64) {
        self.server = server
        self.seed = seed
    }

    func run(rounds: Int) throws {
        var random = Random(state: seed)
        let client = try server.client()
        let (other, plain) = (try server.client(), try server.client())
        let root = try server.directory(plain)
        let store = WatchedStore(client, below: [root / "a", root / "b"], readsMin: 4)
        for round in 0..<rounds {
            for _ in 0..<random.below(4) {
                let changer: any Store = random.below(4) == 0 ? store : other
                _ = try changer.perform(changes(below: root, &random))
            }
            if random.below(50) == 0 { _ = try store.takeEvents() }
            if random.below(200) == 0 { client.disconnectIfAble() }
            let batch = looks(below: root, &random)
            let replies = try store.perform(batch).map(\.sorted)
            let expected = try plain.perform(batch).map(\.sorted)
            try #require(replies == expected, "seed \(seed), round \(round)")
        }
        // Else nothing was compared but a client with itself.
        #expect(store.remembered > 0)
    }

    private func looks(below root: StorePath, _ random: inout Random) -> [StoreRequest] {
        let count = random.below(40) + 1
        return (0..<count).map { _ in
            let path = path(below: root, &random)
            return switch random.below(8) {
            case 0: .permissions(path)
            case 1...3: .directory(path)
            default: .read(path)
            }
        }
    }

    private func changes(below root: StorePath, _ random: inout Random) -> [StoreRequest] {
        let count = random.below(3) + 1
        let changes = (0..<count).map { _ -> StoreRequest in
            let path = path(below: root, &random)
            return switch random.below(6) {
            case 0: .remove(path)
            case 1: .makeDirectory(path)
            case 2: .setPermissions(path, [StorePermission(.none, 0)])
            default: .write(path, text: "\(random.below(1_000))")
            }
        }
        guard random.below(2) == 0 else { return changes }
        return [.begin] + changes + [random.below(4) == 0 ? .abort : .commit]
    }

    /// One of three times 39 nodes, of which two thirds are below a watched directory.
    private func path(below root: StorePath, _ random: inout Random) -> StorePath {
        let names: [StorePath.Component] = ["a", "b", "c"]
        return (0...random.below(4)).reduce(root) { path, _ in path / names[random.below(3)] }
    }
}

/// A generator of numbers that a seed decides: xorshift64*.
struct Random {
    private var state: UInt64

    init(state: UInt64) {
        self.state = state &* 0x9E37_79B9_7F4A_7C15 | 1
    }

    mutating func below(_ bound: Int) -> Int {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return Int((state &* 0x2545_F491_4F6C_DD1D) >> 33) % bound
    }
}

extension StoreClient {
    /// Loses the connection, where there is an address to connect to anew.
    fileprivate func disconnectIfAble() {
        if !address.path.isEmpty { disconnect() }
    }
}
