import Foundation
import TestSupport
import Testing
import XenStoreServer
import XenStoreWire

@testable import XenStore

/// The embedded store, in this process, with the client's whole protocol between.
struct EmbeddedStoreTests {
    private let server = StoreUnderTest.embedded(EmbeddedServer())

    @Test(arguments: StoreCheck.all)
    func `the embedded store keeps it`(check: StoreCheck) throws {
        try check.run(server)
    }

    @Test(arguments: StoreCheck.all)
    func `the embedded store keeps it behind a memory`(check: StoreCheck) throws {
        try check.run(server.watched)
    }
}

/// The embedded store behind a real socket.
struct EmbeddedSocketTests {
    @Test(arguments: StoreCheck.all)
    func `the embedded store behind a socket keeps it`(check: StoreCheck) throws {
        try ServedStore.run { try check.run(.socket($0.path)) }
    }

    @Test(arguments: StoreCheck.all)
    func `the embedded store behind a socket and a memory keeps it`(check: StoreCheck) throws {
        try ServedStore.run { try check.run(.socket($0.path).watched) }
    }
}

/// Debian's C xenstored, where a socket of one is named.
@Suite(.enabled(if: RealServer.c != nil, "needs xenstored: PVUSB_TEST_C_XENSTORED"))
struct CXenstoredTests {
    @Test(arguments: StoreCheck.all)
    func `C xenstored keeps it`(check: StoreCheck) throws {
        try check.run(.socket(try #require(RealServer.c)))
    }

    @Test(arguments: StoreCheck.all)
    func `C xenstored keeps it behind a memory`(check: StoreCheck) throws {
        try check.run(.socket(try #require(RealServer.c)).watched)
    }
}

/// Debian's oxenstored, where a socket of one is named.
@Suite(.enabled(if: RealServer.oxenstored != nil, "needs oxenstored: PVUSB_TEST_OXENSTORED"))
struct OxenstoredTests {
    @Test(arguments: StoreCheck.all)
    func `oxenstored keeps it`(check: StoreCheck) throws {
        try check.run(.socket(try #require(RealServer.oxenstored)))
    }

    @Test(arguments: StoreCheck.all)
    func `oxenstored keeps it behind a memory`(check: StoreCheck) throws {
        try check.run(.socket(try #require(RealServer.oxenstored)).watched)
    }
}

/// The sockets of real servers, as `.ci/run` and scripts/test-stores start them.
enum RealServer {
    static let c = ProcessInfo.processInfo.environment["PVUSB_TEST_C_XENSTORED"]
    static let oxenstored = ProcessInfo.processInfo.environment["PVUSB_TEST_OXENSTORED"]
}
