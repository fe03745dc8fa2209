import Foundation
import TestSupport
import Testing
import XenStoreServer
import XenStoreWire

@testable import XenStore

/// The embedded store, in this process, with the client's whole protocol between.
struct EmbeddedStoreTests {
    private let server = EmbeddedServer()

    @Test(arguments: StoreCheck.all)
    func `the embedded store keeps it`(check: StoreCheck) throws {
        let server = server
        try check.run(
            StoreUnderTest {
                StoreClient(over: server.connect(), timeoutMilliseconds: 10_000)
            })
    }
}

/// The embedded store behind a real socket.
struct EmbeddedSocketTests {
    @Test(arguments: StoreCheck.all)
    func `the embedded store behind a socket keeps it`(check: StoreCheck) throws {
        try ServedStore.run { try check.run(.socket($0.path)) }
    }
}

/// Debian's C xenstored, where a socket of one is named.
@Suite(.enabled(if: RealServer.c != nil, "needs xenstored: PVUSB_TEST_C_XENSTORED"))
struct CXenstoredTests {
    @Test(arguments: StoreCheck.all)
    func `C xenstored keeps it`(check: StoreCheck) throws {
        try check.run(.socket(try #require(RealServer.c)))
    }
}

/// Debian's oxenstored, where a socket of one is named.
@Suite(.enabled(if: RealServer.oxenstored != nil, "needs oxenstored: PVUSB_TEST_OXENSTORED"))
struct OxenstoredTests {
    @Test(arguments: StoreCheck.all)
    func `oxenstored keeps it`(check: StoreCheck) throws {
        try check.run(.socket(try #require(RealServer.oxenstored)))
    }
}

/// The sockets of real servers, as `.ci/run` and scripts/test-stores start them.
enum RealServer {
    static let c = ProcessInfo.processInfo.environment["PVUSB_TEST_C_XENSTORED"]
    static let oxenstored = ProcessInfo.processInfo.environment["PVUSB_TEST_OXENSTORED"]
}
