import Testing
import XenStore
import XenStoreWire

/// A promise that every xenstored keeps through our client, checked against any of them.
struct StoreCheck: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let run: @Sendable (StoreUnderTest) throws -> Void

    init(_ name: String, _ run: @escaping @Sendable (StoreUnderTest) throws -> Void) {
        testDescription = name
        self.run = run
    }

    static let all = nodes + transactions + watches + sizes
}

extension StoreCheck {
    private static let nodes: [StoreCheck] = [
        StoreCheck("a value is read as it was written") { server in
            let store = try server.connect()
            let path = try server.directory(store) / "value"
            for value in [[], [0], [1, 0, 255, 10], [UInt8](repeating: 7, count: 2_000)] {
                let replies = try store.perform([.write(path, value), .read(path)])
                #expect(replies == [.done, .value(value)])
            }
        },
        StoreCheck("missing parents are created with empty values") { server in
            let store = try server.connect()
            let path = try server.directory(store)
            let replies = try store.perform([
                .write(path / "a" / "b" / "c", text: "x"), .read(path / "a" / "b"),
                .directory(path / "a"),
            ])
            #expect(replies == [.done, .value([]), .children(["b"])])
        },
        StoreCheck("a directory lists its children, each once") { server in
            let store = try server.connect()
            let path = try server.directory(store)
            let writes: [StoreRequest] = [
                .write(path / "b", text: "1"), .makeDirectory(path / "a"),
                .write(path / "b", text: "2"), .makeDirectory(path / "a"),
            ]
            #expect(try store.perform(writes) == [.done, .done, .done, .done])
            guard case .children(let names)? = try store.perform([.directory(path)]).first else {
                Issue.record("no listing")
                return
            }
            #expect(names.sorted() == ["a", "b"])
        },
        StoreCheck("what is not there is ENOENT") { server in
            let store = try server.connect()
            let path = try server.directory(store)
            let replies = try store.perform([
                .read(path / "no"), .directory(path / "no"), .permissions(path / "no"),
            ])
            #expect(replies == Array(repeating: .failure(.noEntry), count: 3))
        },
        StoreCheck("a removal takes everything below, and is content with nothing") { server in
            let store = try server.connect()
            let path = try server.directory(store)
            let replies = try store.perform([
                .write(path / "a" / "b", text: "x"), .remove(path / "a"), .read(path / "a" / "b"),
                .remove(path / "a"), .remove(path / "no" / "no"),
            ])
            #expect(
                replies == [.done, .done, .failure(.noEntry), .done, .failure(.noEntry)])
        },
        StoreCheck("permissions are given back as they were set") { server in
            let store = try server.connect()
            let path = try server.directory(store)
            let list = [StorePermission(.read, 0)]
            let replies = try store.perform([.setPermissions(path, list), .permissions(path)])
            #expect(replies == [.done, .permissions(list)])
        },
        StoreCheck("the root is not removed, and no request to do so is sent") { server in
            let store = try server.connect()
            let path = try server.directory(store)
            let replies = try store.perform([.write(path / "a", text: "x"), .remove(.root)])
            #expect(replies.last == .failure(.invalid))
            #expect(try store.perform([.directory(.root)]).first?.failure == nil)
        },
    ]

    private static let watches: [StoreCheck] = [
        StoreCheck("a watch tells at once, then of a change below, then no more") { server in
            let store = try server.connect()
            let other = try server.connect()
            let path = try server.directory(store)
            #expect(try store.perform([.watch(path, token: "t")]) == [.done])
            #expect(try store.nextEvents() == [WatchEvent(path: path.text, token: "t")])
            #expect(try other.perform([.write(path / "a", text: "x")]) == [.done])
            let event = WatchEvent(path: (path / "a").text, token: "t")
            #expect(try store.nextEvents() == [event])
            #expect(try store.perform([.unwatch(path, token: "t")]) == [.done])
            #expect(try store.perform([.unwatch(path, token: "t")]) == [.failure(.noEntry)])
        },
        StoreCheck("the same watch twice is EEXIST") { server in
            let store = try server.connect()
            let path = try server.directory(store)
            let watch = StoreRequest.watch(path, token: "t")
            #expect(try store.perform([watch, watch]) == [.done, .failure(.exists)])
        },
    ]
}
