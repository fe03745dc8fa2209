import Foundation
import XenStore
import XenStoreWire

/// One process of the tests that need several: asks a real xenstored through our client.
///
///     store-probe SOCKET prepare ROUNDS  makes the nodes that `cas` swaps
///     store-probe SOCKET go              starts all that wait
///     store-probe SOCKET cas ROUNDS      wins rounds of compare-and-swap, prints how many
///     store-probe SOCKET children COUNT  creates children, prints the number of tries
///     store-probe SOCKET calls           makes every public call, prints how each ended
///     store-probe SOCKET batch COUNT     reads in one call, prints the seconds
///     store-probe SOCKET half            opens a transaction, writes two nodes, waits for its end
///
/// `cas`, `children` start when `/pvusb-test/go` is written, so that all run at once.
@main
struct StoreProbe {
    let store: StoreClient
    let base = StorePath.root / "pvusb-test"

    static func main() throws {
        let words = CommandLine.arguments.dropFirst().map { $0 }
        guard words.count >= 2 else {
            FileHandle.standardError.write(Data("usage: store-probe SOCKET WHAT [COUNT]\n".utf8))
            exit(2)
        }
        let timeout = ProcessInfo.processInfo.environment["PROBE_TIMEOUT"].flatMap(Int.init)
        let store = StoreClient(.socket(words[0]), timeoutMilliseconds: timeout ?? 30_000)
        let probe = StoreProbe(store: store)
        let count = words.count > 2 ? Int(words[2]) ?? 0 : 0
        switch words[1] {
        case "prepare": try probe.prepare(rounds: count)
        case "go": _ = try store.perform([.write(probe.base / "go", text: "go")])
        case "cas": print(try probe.swap(rounds: count))
        case "children": print(try probe.createChildren(count))
        case "calls": probe.makeEveryCall()
        case "batch": print(try probe.read(count))
        case "half": try probe.stayHalfWay()
        default: exit(2)
        }
    }

    private func waitForStart() throws {
        let go = base / "go"
        _ = try store.perform([.watch(go, token: "go")])
        while try store.perform([.read(go)]).first?.failure != nil {
            var polled = pollfd(fd: store.descriptor ?? -1, events: Int16(POLLIN), revents: 0)
            _ = unsafe poll(&polled, 1, 10_000)
            _ = try store.takeEvents()
        }
    }

    private func prepare(rounds: Int) throws {
        let nodes = (0..<rounds).map { base / "cas" / StorePath.Component(UInt($0)) }
        _ = try store.perform([.remove(base / "go"), .makeDirectory(base / "children")])
        _ = try store.perform(nodes.map { .write($0, text: "") })
    }

    /// A round is won by who finds its node empty and writes it in the same transaction.
    private func swap(rounds: Int) throws -> Int {
        try waitForStart()
        var wins = 0
        for round in 0..<rounds {
            let node = base / "cas" / StorePath.Component(UInt(round))
            var isMine = false
            _ = try store.transaction(attemptsMax: 200, pause: store.pause) {
                () throws(StoreFailure) -> [StoreRequest]? in
                let value = try store.perform([.read(node)]).first
                isMine = value == .value([])
                return isMine ? [.write(node, text: "\(getpid())")] : nil
            }
            wins += isMine ? 1 : 0
        }
        return wins
    }

    private func createChildren(_ count: Int) throws -> Int {
        try waitForStart()
        var tries = 0
        for child in 0..<count {
            let name = StorePath.Component(UInt(getpid()) * 100_000 + UInt(child))
            _ = try store.transaction(pause: store.pause) { () throws(StoreFailure) in
                tries += 1
                return [.write(base / "children" / name, text: "x")]
            }
        }
        return tries
    }

    private func makeEveryCall() {
        let calls: [(String, () throws -> Void)] = [
            ("perform", { _ = try store.perform([.read(base)]) }),
            (
                "transaction",
                {
                    _ = try store.transaction(pause: store.pause) {
                        [.write(base / "calls", text: "x")]
                    }
                }
            ),
            ("domainPath", { _ = try store.domainPath(of: 0) }),
            ("isIntroduced", { _ = try store.isIntroduced(0) }),
            ("features", { _ = try store.features() }),
            ("takeEvents", { _ = try store.takeEvents() }),
        ]
        for (name, call) in calls {
            do {
                try call()
                print("\(name): done")
            } catch let failure as StoreFailure {
                print("\(name): \(failure.message)")
            } catch {
                print("\(name): \(error)")
            }
        }
    }

    private func read(_ count: Int) throws -> Double {
        let start = Date.now
        let replies = try store.perform(Array(repeating: .read(base), count: count))
        guard replies.count == count else { exit(1) }
        return Date.now.timeIntervalSince(start)
    }

    /// Says `ready` when the transaction is half done, then waits for a line; then goes on.
    private func stayHalfWay() throws {
        _ = try store.perform([.begin])
        _ = try store.perform([.write(base / "half" / "a", text: "1")])
        print("ready")
        fflush(nil)
        _ = readLine()
        do throws(StoreFailure) {
            _ = try store.perform([.write(base / "half" / "b", text: "2"), .commit])
            print("committed")
        } catch {
            print(error.message)
        }
        fflush(nil)
        _ = readLine()
        let replies = try store.perform([.read(base / "half" / "a")])
        print(replies.first?.failure?.text ?? "there")
    }
}
