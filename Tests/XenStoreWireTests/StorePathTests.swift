import Testing
import XenStoreWire

@Suite struct StorePathTests {
    @Test(arguments: [
        "/", "/a", "/local/domain/0", "/a-b_c@d/3-1_2@1_0", "/A/Z/0/9", "/@releaseDomain",
        "/" + String(repeating: "a", count: 1023),
    ])
    func `a path that servers take is taken as it is`(_ text: String) {
        #expect(StorePath(text)?.text == text)
    }

    @Test(arguments: [
        "",  // not empty
        "a", "local/domain",  // absolute
        "@releaseDomain",  // special paths are no nodes
        "//", "//a", "/a//b",  // no empty component
        "/a/", "/local/domain/",  // no slash at the end
        "/a.b", "/3-1.2", "/a:b", "/a b", "/a+b", "/a~", "/a\n", "/a\0",  // charset
        "/ä", "/\u{212A}", "/a\u{301}", "/\u{301}",  // no UTF-8, whatever it looks like
        "/" + String(repeating: "a", count: 1024),  // 1 024 bytes at most
    ])
    func `a path that a server refuses is refused`(_ text: String) {
        #expect(StorePath(text) == nil)
    }

    @Test(arguments: ["", "a/b", "/", "a.b", "a:b", " ", "ä"])
    func `a name that is no component is refused`(_ text: String) {
        #expect(StorePath.Component(text) == nil)
    }

    @Test func `a path is built from components and taken apart again`() {
        let path = StorePath.root / "local" / "domain" / StorePath.Component(7)
        #expect(path.text == "/local/domain/7")
        #expect(path.components == ["local", "domain", "7"])
        #expect(path.lastComponent == "7")
        #expect(path.parent?.text == "/local/domain")
        #expect(at("/local").parent == .root)
        #expect(StorePath.root.parent == nil)
        #expect(StorePath.root.components.isEmpty)
        #expect(StorePath.root.lastComponent == "")
    }

    @Test(arguments: [
        ("/", "/", true), ("/", "/a", true), ("/a", "/a", true), ("/a", "/a/b", true),
        ("/a", "/ab", false),  // a component is whole
        ("/a/b", "/a", false),  // a child does not contain its parent
    ])
    func `a path contains itself and what lies below`(upper: String, lower: String, yes: Bool) {
        #expect(at(upper).contains(at(lower)) == yes)
    }

    @Test func `paths are ordered by their bytes and parents come first`() {
        let sorted = ["/", "/A", "/a", "/a-b", "/a/b", "/ab"]
        #expect(sorted.reversed().map(at).sorted().map(\.text) == sorted)
    }

    @Test(arguments: ["n0", "r12", "w32751", "b7"])
    func `a permission reads as it is written`(_ text: String) {
        #expect(StorePermission(text)?.description == text)
    }

    @Test(arguments: [
        "", "n",  // no domid
        "x1", "R1", "1",  // no such letter
        "n-1", "n+1", "n 1", "n1 ", "n1x",  // decimal digits only
        "n32752", "n65536", "n99999999999",  // reserved, or no domid
    ])
    func `a permission that is none is refused`(_ text: String) {
        #expect(StorePermission(text) == nil)
    }

    @Test(arguments: zip("nrwb", [(false, false), (true, false), (false, true), (true, true)]))
    func `a letter stands for its rights`(_ letter: Character, _ rights: (Bool, Bool)) throws {
        let permission = try #require(StorePermission("\(letter)1"))
        #expect(permission.access.reads == rights.0)
        #expect(permission.access.writes == rights.1)
    }
}

/// A path that the test's author knows to be good.
func at(_ text: String) -> StorePath {
    guard let path = StorePath(text) else {
        Issue.record("\(text) is no store path")
        return .root
    }
    return path
}
