import Testing
import XenStore
import XenStoreWire

extension StoreCheck {
    static let transactions: [StoreCheck] = [
        StoreCheck("a commit makes all changes visible, and nobody sees them before") { server in
            let store = try server.connect()
            let other = try server.connect()
            let path = try server.directory(store)
            let writes: [StoreRequest] = [
                .write(path / "a", text: "1"), .write(path / "b", text: "2"),
            ]
            let reads: [StoreRequest] = [.read(path / "a"), .read(path / "b")]
            #expect(try store.perform([.begin] + writes) == [.done, .done, .done])
            let nothing = Array(repeating: StoreReply.failure(.noEntry), count: 2)
            #expect(try other.perform(reads) == nothing)
            #expect(try store.perform([.commit]) == [.done])
            #expect(try other.perform(reads).map(\.text) == ["1", "2"])
        },
        StoreCheck("an abort leaves nothing") { server in
            let store = try server.connect()
            let path = try server.directory(store)
            let batch: [StoreRequest] = [.begin, .write(path / "a", text: "1"), .abort]
            #expect(try store.perform(batch) == [.done, .done, .done])
            #expect(try store.perform([.read(path / "a")]) == [.failure(.noEntry)])
        },
        StoreCheck("what was read and changed by another is EAGAIN") { server in
            let store = try server.connect()
            let other = try server.connect()
            let node = try server.directory(store) / "a"
            _ = try store.perform([.write(node, text: "0")])
            #expect(try store.perform([.begin, .read(node)]).map(\.text) == [nil, "0"])
            #expect(try other.perform([.write(node, text: "theirs")]) == [.done])
            let replies = try store.perform([.write(node, text: "ours"), .commit])
            #expect(replies.last == .failure(.again))
            #expect(try store.perform([.read(node)]).first?.text == "theirs")
        },
        StoreCheck("a lost transaction is made again until it holds") { server in
            let store = try server.connect()
            let other = try server.connect()
            let node = try server.directory(store) / "a"
            _ = try store.perform([.write(node, text: "0")])
            var tries = 0
            let pause: (Int) -> Void = { _ in }
            _ = try store.transaction(pause: pause) { () throws(StoreFailure) in
                tries += 1
                let old = try store.perform([.read(node)]).first?.text ?? ""
                if tries < 4 { _ = try other.perform([.write(node, text: "\(tries)")]) }
                return [.write(node, text: old + "+")]
            }
            #expect(tries == 4)
            #expect(try store.perform([.read(node)]).first?.text == "3+")
        },
        StoreCheck("a transaction that always loses ends in a clear error") { server in
            let store = try server.connect()
            let other = try server.connect()
            let node = try server.directory(store) / "a"
            var pauses: [Int] = []
            let error = #expect(throws: StoreFailure.self) {
                _ = try store.transaction(attemptsMax: 3, pause: { pauses.append($0) }) {
                    () throws(StoreFailure) in
                    _ = try store.perform([.read(node)])
                    _ = try other.perform([.write(node, text: "\(pauses.count)")])
                    return [.write(node, text: "y")]
                }
            }
            #expect(error?.code == .contended)
            #expect(error?.message == "a transaction conflicted with others 3 times in a row")
            #expect(pauses == [1, 2, 4])
        },
        StoreCheck("a client that goes leaves no half transaction") { server in
            let other = try server.connect()
            let path = try server.directory(other)
            do {
                let store = try server.connect()
                _ = try store.perform([.begin, .write(path / "a", text: "1")])
            }
            #expect(try other.perform([.read(path / "a")]) == [.failure(.noEntry)])
        },
    ]

    static let sizes: [StoreCheck] = [
        StoreCheck("twenty thousand requests in one call are answered in order") { server in
            let store = try server.connect()
            let path = try server.directory(store)
            let batch = (0..<10_000).flatMap { number -> [StoreRequest] in
                [.write(path, text: "\(number)"), .read(path)]
            }
            let replies = try store.perform(batch)
            #expect(replies.count == 20_000)
            let values = replies.enumerated().filter { $0.offset.isMultiple(of: 2) == false }
            #expect(values.map { $0.element.text } == (0..<10_000).map { "\($0)" })
        },
        StoreCheck("a directory of ten thousand names is listed whole") { server in
            let store = try server.connect()
            let path = try server.directory(store)
            let names = (0..<10_000).map { UInt($0) }
            let batch = names.map { StoreRequest.makeDirectory(path / StorePath.Component($0)) }
            #expect(try store.perform(batch).allSatisfy { $0 == .done })
            guard case .children(let seen)? = try store.perform([.directory(path)]).first else {
                Issue.record("no listing")
                return
            }
            #expect(Set(seen) == Set(names.map { "\($0)" }))
            #expect(seen.count == names.count)
            _ = try store.perform([.remove(path)])
        },
        StoreCheck("a message above 4096 bytes is refused, and its transaction aborted") { server in
            let store = try server.connect()
            let path = try server.directory(store)
            let long = [UInt8](repeating: 1, count: 4_096)
            #expect(try store.perform([.begin, .write(path / "a", text: "1")]) == [.done, .done])
            let replies = try store.perform([.write(path / "b", long), .commit])
            #expect(replies.first == .failure(.tooBig))
            #expect(replies.last?.failure != nil)
            #expect(try store.perform([.read(path / "a")]) == [.failure(.noEntry)])
        },
    ]
}
