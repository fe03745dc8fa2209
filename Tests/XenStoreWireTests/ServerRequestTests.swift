import Testing
import XenStoreWire

@Suite struct ServerRequestTests {
    static let good: [(MessageType, String, ServerRequest)] = [
        (.read, "/a\0", .node(.read(at("/a")))),
        (.read, "a\0", .node(.read(at("/local/domain/7/a")))),
        (.transactionStart, "\0", .node(.begin)),
        (.watch, "/a\0t\0", .node(.watch(at("/a"), token: "t"))),
        (.watch, "@introduceDomain\0t\0", .watchDomains(.introduced, token: "t")),
        (.watch, "@releaseDomain\0\0", .watchDomains(.released, token: "")),
        (.unwatch, "@releaseDomain\0t\0", .unwatchDomains(.released, token: "t")),
        (.directoryPart, "/a\u{0}0\0", .directoryPart(at("/a"), offset: 0)),
        (.directoryPart, "a\u{0}4294967295\0", .directoryPart(home("a"), offset: 4_294_967_295)),
        (.resetWatches, "\0", .resetWatches),
        (.resetWatches, "", .resetWatches),
        (.getDomainPath, "0\0", .domainPath(0)),
        (.getDomainPath, "65535\0", .domainPath(65535)),
        (.isDomainIntroduced, "7\0", .isIntroduced(7)),
        (.introduce, "7\u{0}18446744073709551615\u{0}1\0", .introduce(7)),
        (.release, "32751\0", .release(32751)),
        (.resume, "7\0", .resume(7)),
    ]

    @Test(arguments: good)
    func `a request is decoded`(type: MessageType, payload: String, request: ServerRequest) throws {
        #expect(
            try ServerRequest(decoding: message(type, payload), home: at("/local/domain/7"))
                == request)
    }

    static let bad: [(MessageType, String, StoreErrorName)] = [
        (.watch, "@releaseDomain\0", .invalid),  // no token
        (.watch, "@releaseDomain\0t", .invalid),  // no NUL at the end
        (.watch, "@releaseDomain/7\0t\0", .invalid),  // of one domain: from 4.22
        (.watch, "@other\0t\0", .invalid),  // no such watch
        (.watch, "@releaseDomain\0t\u{0}1\0", .invalid),  // a depth
        (.unwatch, "@\0t\0", .invalid),  // no such watch
        (.read, "@releaseDomain\0", .invalid),  // no node
        (.directoryPart, "/a\0", .invalid),  // no offset
        (.directoryPart, "/a\0\0", .invalid),  // an empty offset
        (.directoryPart, "/a\0-1\0", .invalid),  // a sign
        (.directoryPart, "/a\u{0}4294967296\0", .invalid),  // more than 32 bits
        (.directoryPart, "a/\u{0}0\0", .invalid),  // a bad path
        (.directoryPart, "/a\u{0}0\u{0}0\0", .invalid),  // three strings
        (.resetWatches, "x\0", .invalid),  // something
        (.getDomainPath, "", .invalid),  // nothing
        (.getDomainPath, "\0", .invalid),  // no number
        (.getDomainPath, "7", .invalid),  // no NUL at the end
        (.getDomainPath, "65536\0", .invalid),  // more than 16 bits
        (.isDomainIntroduced, "x\0", .invalid),  // no number
        (.introduce, "7\u{0}1\0", .invalid),  // no port
        (.introduce, "7\u{0}1\u{0}0\0", .invalid),  // the port 0
        (.introduce, "7\0x\u{0}1\0", .invalid),  // a bad page
        (.introduce, "32752\u{0}1\u{0}1\0", .invalid),  // a reserved domid
        (.release, "32752\0", .invalid),  // a reserved domid
        (.resume, "7\u{0}8\0", .invalid),  // two strings
        (.getFeature, "\0", .unsupported), (.setTarget, "7\u{0}8\0", .unsupported),
        (.control, "check\0", .unsupported), (.restrict, "7\0", .unsupported),
        (.watchEvent, "/a\0t\0", .unsupported), (MessageType(rawValue: 27), "\0", .unsupported),
    ]

    @Test(arguments: bad)
    func `a malformed request is answered with a name`(
        type: MessageType, payload: String, name: StoreErrorName
    ) {
        #expect(throws: name) { try ServerRequest(decoding: message(type, payload)) }
    }

    @Test(arguments: [
        (ServerRequest.introduce(1), true), (.release(1), true), (.resume(1), true),
        (.isIntroduced(1), true), (.domainPath(1), false), (.resetWatches, false),
        (.node(.begin), false), (.watchDomains(.released, token: ""), false),
    ])
    func `requests about other domains are domain 0's`(request: ServerRequest, isPrivileged: Bool) {
        #expect(request.isPrivileged == isPrivileged)
    }
}

private func message(_ type: MessageType, _ payload: String) -> Message {
    Message(type, requestID: 1, transactionID: 0, payload: Array(payload.utf8))
}

private func home(_ name: StorePath.Component) -> StorePath {
    .root / "local" / "domain" / "7" / name
}
