import Testing
import XenStoreWire

@Suite struct RequestCodingTests {
    static let table: [(StoreRequest, UInt32, String)] = [
        (.directory(at("/a")), 1, "/a\0"),
        (.read(at("/a/b")), 2, "/a/b\0"),
        (.permissions(.root), 3, "/\0"),
        (.watch(at("/a"), token: "t"), 4, "/a\0t\0"),
        (.watch(at("/a"), token: ""), 4, "/a\0\0"),
        (.unwatch(at("/a"), token: "t"), 5, "/a\0t\0"),
        (.introduce(5), 8, "5\00\01\0"),
        (.begin, 6, "\0"),
        (.commit, 7, "T\0"),
        (.abort, 7, "F\0"),
        (.write(at("/a"), text: "value"), 11, "/a\0value"),
        (.write(at("/a"), text: "x\0\0"), 11, "/a\0x\0\0"),
        (.write(at("/a"), []), 11, "/a\0"),
        (.makeDirectory(at("/a")), 12, "/a\0"),
        (.remove(at("/a")), 13, "/a\0"),
        (
            .setPermissions(at("/a"), [StorePermission(.none, 0), StorePermission(.read, 12)]), 14,
            "/a\0n0\0r12\0"
        ),
    ]

    @Test(arguments: table)
    func `a request has the bytes of its row`(
        request: StoreRequest, type: UInt32, payload: String
    ) throws {
        let message = try request.message(requestID: 9, transactionID: 0)
        #expect(message.header.type.rawValue == type)
        #expect(message.header.length == payload.utf8.count)
        #expect(message.payload == Array(payload.utf8))
        #expect(!message.payload.isEmpty)
        #expect(request.payloadCount == message.payload.count)
    }

    @Test(arguments: table)
    func `a server decodes what a client encodes`(
        request: StoreRequest, type: UInt32, payload: String
    ) throws {
        let decoded = try ServerRequest(decoding: request.message(requestID: 1))
        guard case .introduce(let domain) = request else {
            #expect(decoded == .node(request))
            return
        }
        #expect(decoded == .introduce(domain))
    }

    @Test func `a header is four little-endian words`() throws {
        let message = try StoreRequest.read(at("/ab")).message(
            requestID: 0x0102_0304, transactionID: 0xa0b0_c0d0)
        let header: [UInt8] = [2, 0, 0, 0, 4, 3, 2, 1, 0xd0, 0xc0, 0xb0, 0xa0, 4, 0, 0, 0]
        #expect(message.bytes == header + Array("/ab\0".utf8))
    }

    @Test func `a watch is outside every transaction`() throws {
        let request = StoreRequest.watch(at("/a"), token: "t")
        #expect(try request.message(requestID: 1, transactionID: 7).header.transactionID == 0)
        #expect(
            try StoreRequest.commit.message(requestID: 1, transactionID: 7).header.transactionID
                == 7)
    }

    @Test(arguments: [
        (StoreRequest.write(at("/a"), [UInt8](repeating: 1, count: 4094)), WireError.Code.oversize),
        (.watch(at("/a"), token: String(repeating: "t", count: 4093)), .oversize),
        (.watch(at("/a"), token: "a\0b"), .unencodable),
        (.unwatch(at("/a"), token: "\0"), .unencodable),
        (.setPermissions(at("/a"), [StorePermission(.none, 32752)]), .unencodable),
    ])
    func `a request that must not be sent is not encoded`(
        request: StoreRequest, code: WireError.Code
    ) {
        let error = #expect(throws: WireError.self) { try request.message(requestID: 1) }
        #expect(error?.code == code)
    }

    @Test func `the longest value that fits is sent`() throws {
        let request = StoreRequest.write(at("/a"), [UInt8](repeating: 1, count: 4093))
        #expect(try request.message(requestID: 1).payload.count == 4096)
    }

    static let badRequests: [(MessageType, String, StoreErrorName)] = [
        (.read, "", .invalid),  // no string
        (.read, "/a", .invalid),  // no NUL at the end
        (.read, "/a\0/b\0", .invalid),  // two strings
        (.read, "/a\0\0", .invalid),  // two NULs
        (.read, "\0", .invalid),  // an empty path
        (.read, "/a/\0", .invalid),  // a bad path
        (.read, "a/\0", .invalid),  // a bad relative path
        (.read, "@releaseDomain\0", .invalid),  // no node
        (.directory, "/a", .invalid), (.getPermissions, "/a", .invalid),
        (.makeDirectory, "/a", .invalid), (.remove, "/a", .invalid),
        (.write, "/a", .invalid),  // no NUL after the path
        (.write, "\0value", .invalid),  // an empty path
        (.setPermissions, "/a\0", .invalid),  // no permissions
        (.setPermissions, "/a\0x0\0", .invalid),  // a bad letter
        (.setPermissions, "/a\0n0", .invalid),  // no NUL at the end
        (.setPermissions, "/a\0n32752\0", .invalid),  // a reserved domid
        (.watch, "/a\0", .invalid),  // no token
        (.watch, "a\0t\0", .invalid),  // relative
        (.watch, "/a\0t\0002\0", .invalid),  // a depth
        (.unwatch, "/a\0t", .invalid),  // no NUL at the end
        (.transactionStart, "x\0", .invalid),  // something
        (.transactionEnd, "X\0", .invalid), (.transactionEnd, "T", .invalid),
        (.transactionEnd, "", .invalid),  // neither T nor F
        (.watchEvent, "/a\0t\0", .unsupported), (.error, "ENOENT\0", .unsupported),
        (.invalid, "\0", .unsupported), (.restrict, "1\0", .unsupported),
        (MessageType(rawValue: 4711), "", .unsupported),
    ]

    @Test(arguments: badRequests)
    func `a malformed request is answered with a name`(
        type: MessageType, payload: String, name: StoreErrorName
    ) {
        let message = Message(
            type, requestID: 1, transactionID: 0, payload: Array(payload.utf8))
        #expect(throws: name) { try StoreRequest(decoding: message) }
    }

    @Test func `bytes that are not UTF-8 are refused in texts and kept in values`() throws {
        let watch = Message(
            .watch, requestID: 1, transactionID: 0, payload: [0x2f, 0, 0xff, 0])
        #expect(throws: StoreErrorName.invalid) { try StoreRequest(decoding: watch) }
        let write = Message(.write, requestID: 1, transactionID: 0, payload: [0x2f, 0, 0xff, 0])
        #expect(try StoreRequest(decoding: write) == .write(.root, [0xff, 0]))
    }

    @Test func `a relative path lies in the domain's home`() throws {
        let message = Message(
            .read, requestID: 1, transactionID: 0, payload: Array("device/vusb\0".utf8))
        #expect(
            try StoreRequest(decoding: message, home: at("/local/domain/7"))
                == .read(at("/local/domain/7/device/vusb")))
    }

    @Test func `a transaction may be started with an empty payload`() throws {
        let message = Message(.transactionStart, requestID: 1, transactionID: 0, payload: [])
        #expect(try StoreRequest(decoding: message) == .begin)
    }
}
