import Testing
import XenStoreWire

@testable import XenStore

/// What a memory before a client keeps on every server.
struct WatchedStoreCheck: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let run: @Sendable (WatchedBench) throws -> Void

    init(_ name: String, _ run: @escaping @Sendable (WatchedBench) throws -> Void) {
        testDescription = name
        self.run = run
    }

    /// A memory, and another client that changes things between two looks.
    private static func change(
        _ name: String, _ path: String, _ change: @escaping @Sendable (WatchedBench) throws -> Void
    ) -> WatchedStoreCheck {
        WatchedStoreCheck("\(name) is seen by the next look") { bench in
            try bench.look()
            try bench.look()
            let before = try bench.reply(at: path)
            try change(bench)
            try bench.look()
            #expect(try bench.reply(at: path) != before, "the change has an effect")
        }
    }

    static let all = truths + costs

    /// What is so whether anything is remembered or not.
    static let truths =
        [
            change("a value", "3/value") {
                try $0.other(.write(try $0.path("3/value"), text: "new"))
            },
            change("a node that was missing", "3/missing") {
                try $0.other(.write(try $0.path("3/missing"), text: "new"))
            },
            change("a creation with its missing parents", "3/deep") {
                try $0.other(.write(try $0.path("3/deep/er/value"), text: "new"))
            },
            change("an empty directory", "new") {
                try $0.other(.makeDirectory(try $0.path("new")))
            },
            change("the removal of the tree above", "3/value") {
                try $0.other(.remove(try $0.path("3")))
            },
            change("the removal of all", "3/value") { try $0.other(.remove($0.directory)) },
            change("a removal below", "3") { try $0.other(.remove(try $0.path("3/value"))) },
            change("a removal and a new creation", "3/value") {
                try $0.other(.remove(try $0.path("3")), .write(try $0.path("3/value"), text: "new"))
            },
            change("another's commit", "3/value") {
                try $0.other(
                    .begin, .write(try $0.path("3/value"), text: "new"),
                    .remove(try $0.path("4")), .commit)
            },
            change("an own commit", "3/value") {
                let batch: [StoreRequest] = [
                    .begin, .read(try $0.path("3/value")),
                    .write(try $0.path("3/value"), text: "new"),
                    .commit,
                ]
                #expect(try $0.store.perform(batch).last == .done)
            },
            change("an own write", "3/value") {
                _ = try $0.store.perform([.write(try $0.path("3/value"), text: "new")])
            },
            change("more changes than a server queues events", "3/value") { bench in
                let many = (0..<1_500).map { StorePath.Component(UInt($0 % 300)) }
                try bench.plain.perform(
                    many.map { .write(bench.directory / "many" / $0, text: "x") }
                )
                .forEach { #expect($0 == .done) }
                try bench.other(.write(try bench.path("3/value"), text: "new"))
            },
        ] + transactions

    private static let costs = [
        WatchedStoreCheck("a second look costs one request, and one that changes a few") { bench in
            let first = try bench.cost { try bench.look() }
            #expect(first == bench.batch.count + 3, "whose it is, a watch, a read behind it")
            #expect(try bench.cost { try bench.look() } == 1)
            #expect(try bench.cost { try bench.look() } == 1)
            try bench.other(.write(try bench.path("3/value"), text: "new"))
            // The barrier, then the value and the listings above it.
            #expect(try bench.cost { try bench.look() } < 8)
            #expect(try bench.cost { try bench.look() } == 1)
        },
        WatchedStoreCheck("a small look is asked as it is") { bench in
            let few = Array(bench.batch.prefix(WatchedStore.readsMin - 1))
            for _ in 0..<3 {
                let cost = try bench.cost { _ = try bench.store.perform(few) }
                #expect(cost == few.count)
            }
            #expect(bench.store.remembered == 0)
        },
        WatchedStoreCheck("what lies elsewhere is asked every time, and is the barrier") { bench in
            try bench.look()
            let elsewhere = [StoreRequest.read(.root / "tool" / "xenstored"), .permissions(.root)]
            let cost = try bench.cost { _ = try bench.store.perform(bench.batch + elsewhere) }
            #expect(cost == 2)
        },
        WatchedStoreCheck("the caller's events reach it, the memory's own do not") { bench in
            let watch = StoreRequest.watch(try bench.path("3"), token: "t")
            #expect(try bench.store.perform([watch]) == [.done])
            try bench.look()
            try bench.look()
            try bench.other(.write(try bench.path("3/value"), text: "new"))
            try bench.other(.write(try bench.path("4/value"), text: "new"))
            try bench.look()
            let paths = try ["3", "3/value"].map { try bench.path($0).text }
            let events = paths.map { WatchEvent(path: $0, token: "t") }
            #expect(try bench.store.takeEvents() == events)
            #expect(try bench.store.takeEvents() == [])
        },
    ]

    private static let transactions = [
        WatchedStoreCheck("reads in a transaction are asked, and not remembered") { bench in
            #expect(try bench.store.perform([.begin]) == [.done])
            let value = try bench.path("3/value")
            #expect(try bench.store.perform([.write(value, text: "ours")]) == [.done])
            let cost = try bench.cost { _ = try bench.store.perform(bench.batch) }
            #expect(cost == bench.batch.count)
            #expect(try bench.store.perform([.read(value)]).first?.text == "ours")
            #expect(try bench.store.perform([.abort]) == [.done])
            try bench.look()
            #expect(try bench.store.perform([.read(value)]).first?.text == "3")
        },
        WatchedStoreCheck("a read behind a write in one batch sees it") { bench in
            try bench.look()
            let value = try bench.path("3/value")
            let batch: [StoreRequest] = [.read(value), .write(value, text: "new"), .read(value)]
            #expect(try bench.store.perform(batch).map(\.text) == ["3", nil, "new"])
        },
    ]
}

/// A memory before a client of a server, with another client and a third that reads everything.
struct WatchedBench {
    let client: StoreClient
    let store: WatchedStore
    let plain: StoreClient
    let directory: StorePath
    /// Values, listings and missing nodes below the directory.
    let batch: [StoreRequest]

    init(_ server: StoreUnderTest) throws {
        client = try server.client()
        plain = try server.client()
        directory = try server.directory(plain)
        store = WatchedStore(client, below: [directory])
        let numbers = (0..<8).map { UInt($0) }
        let root = directory
        let values = numbers.map { root / StorePath.Component($0) / "value" }
        let writes = zip(values, numbers).map { StoreRequest.write($0, text: "\($1)") }
        #expect(try plain.perform(writes) == writes.map { _ in .done })
        batch =
            [.directory(root)]
            + numbers.flatMap { number -> [StoreRequest] in
                let node = root / StorePath.Component(number)
                return [
                    .directory(node), .read(node / "value"), .read(node / "missing"),
                    .directory(node / "deep"), .read(node / "deep"),
                ]
            } + [.read(root / "new"), .directory(root / "new")]
    }

    func path(_ text: String) throws -> StorePath {
        try #require(StorePath("\(directory)/\(text)"))
    }

    /// Lets the other client change something.
    func other(_ requests: StoreRequest...) throws {
        #expect(try plain.perform(requests) == requests.map { _ in .done })
    }

    /// Looks at everything; the replies must be those of one who remembers nothing.
    func look(_ location: SourceLocation = #_sourceLocation) throws {
        let replies = try store.perform(batch)
        let expected = try plain.perform(batch)
        for (number, request) in batch.enumerated() {
            #expect(
                replies[number].sorted == expected[number].sorted, "\(request)",
                sourceLocation: location)
        }
        #expect(replies.count == batch.count, sourceLocation: location)
    }

    /// What a look answers about a path: its value and its children.
    func reply(at text: String) throws -> [StoreReply] {
        let path = try path(text)
        return try plain.perform([.read(path), .directory(path)])
    }

    /// How many requests the server was sent meanwhile.
    func cost(_ body: () throws -> Void) throws -> Int {
        let before = client.asked
        try body()
        return client.asked - before
    }
}

extension StoreReply {
    /// Servers list children in an order of their own.
    var sorted: StoreReply {
        guard case .children(let names) = self else { return self }
        return .children(names.sorted())
    }
}
