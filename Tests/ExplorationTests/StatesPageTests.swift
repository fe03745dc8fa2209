import Exploration
import Foundation
import PVUSBCore
import Testing

/// docs/states.md is made by the code; `scripts/generate-states` writes it anew.
struct StatesPageTests {
    private static let file = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "docs/states.md")

    private static let isRewriting = ProcessInfo.processInfo.environment["PVUSB_REWRITE"] == "1"

    @Test func `the page about states is the one that the code makes`() throws {
        let page = StatesPage(of: ControllerKind.allCases.compactMap { StateKind($0) }).text
        if Self.isRewriting { try Data(page.utf8).write(to: Self.file) }
        let written = try String(decoding: Data(contentsOf: Self.file), as: UTF8.self)
        let isSame = page == written
        #expect(isSame, "docs/states.md is out of date: run scripts/generate-states")
    }
}
