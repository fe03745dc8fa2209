"""Breaks each house rule once and expects tidy to say so, and to be silent about what is allowed.

Usage: python3 -m unittest discover --start-directory scripts/tests
"""

import tempfile
import unittest
from pathlib import Path

from package import build, manifest, write

from tidy.main import findings_in

CORE = "Sources/PVUSBCore/Some.swift"
OPEN = "TO" + "DO"


class TidyCase(unittest.TestCase):
    """A fresh package a test."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = Path(directory.name)
        build(self.root)

    def found(self):
        """What tidy says, as (path, line, rule)."""
        return [(f.path, f.line, f.rule) for f in findings_in(self.root)[0]]

    def expect(self, path, text, *expected, mode=0o644):
        """Writes one file, expects exactly these (line, rule) in it and nothing elsewhere."""
        write(self.root, path, text, mode)
        self.assertEqual(self.found(), [(path, line, rule) for line, rule in expected], text)


class ModuleRules(TidyCase):
    def test_a_good_package_has_no_findings(self):
        self.assertEqual(self.found(), [])

    def replace_in_manifest(self, old, new):
        text = manifest()
        self.assertIn(old, text)
        write(self.root, "Package.swift", text.replace(old, new))

    def messages(self):
        return [f.message for f in findings_in(self.root)[0]]

    def test_an_extra_dependency(self):
        self.replace_in_manifest(
            'library("USBModel", [])', 'library("USBModel", ["XenStoreWire"])')
        self.assertEqual(self.messages(), ["USBModel may not depend on XenStoreWire"])

    def test_an_extra_product(self):
        self.replace_in_manifest('library("USBModel", [])', 'library("USBModel", [logging])')
        self.assertEqual(self.messages(), ["USBModel may not depend on Logging"])

    def test_a_missing_dependency(self):
        self.replace_in_manifest('["PVUSBCore", "Simulation"]', '["PVUSBCore"]')
        self.assertEqual(
            self.messages(), ["Exploration does not list Simulation, the import table does"])

    def test_a_missing_target(self):
        self.replace_in_manifest('        library("USBModel", []),\n', "")
        self.assertEqual(self.messages(), ["USBModel is not a target"])

    def test_a_target_outside_the_table(self):
        self.replace_in_manifest(
            'library("USBModel", []),', 'library("USBModel", []), library("Extra", []),')
        self.assertEqual(self.messages(), ["Extra is not in the import table"])

    def test_a_commented_target_is_none(self):
        self.replace_in_manifest(
            'library("USBModel", []),', '// library("USBModel", []),')
        self.assertEqual(self.messages(), ["USBModel is not a target"])

    def test_a_test_target_without_directory(self):
        self.replace_in_manifest('"PVUSBCoreTests"', '"OtherTests"')
        self.assertEqual(
            self.messages(),
            ["Tests/OtherTests does not exist", "no target of the manifest: these tests never run"])

    def test_tests_data_needs_no_target(self):
        self.expect("Tests/Fixtures/world.json", "{}\n")

    def test_a_registry_url(self):
        self.replace_in_manifest("https://github.com/apple", "https://example.org/apple")
        self.assertEqual(
            self.messages(), ["https://example.org/apple/swift-log is not on github.com"])

    def test_a_module_without_readme(self):
        (self.root / "Sources/USBModel/README.md").unlink()
        self.assertEqual(self.found(), [("Sources/USBModel/README.md", 1, "module")])

    def test_a_module_without_a_row(self):
        write(self.root, "Sources/Extra/README.md", "# Extra\n")
        self.assertEqual(self.found(), [("Sources/Extra", 1, "module")])

    def test_imports_outside_the_table(self):
        for line in (
            "import HostUSB", "public import HostUSB", "@testable import Simulation",
            "import struct Logging.Logger", "internal import Glibc", "import Synchronization",
        ):
            with self.subTest(line):
                self.expect(CORE, f"{line}\n", (1, "import"))

    def test_allowed_imports(self):
        self.expect(CORE, "public import USBModel\npackage import XenStoreWire\n// import Glibc\n")
        self.expect("Sources/HostUSB/A.swift", "import Glibc\nimport SystemPackage\n")
        self.expect("Sources/PVUSB/A.swift", "internal import FoundationEssentials\n")

    def test_foundation(self):
        self.expect(
            "Sources/PVUSB/A.swift", "import Foundation\n", (1, "foundation"), (1, "import"))


class LanguageRules(TidyCase):
    def test_what_is_left_out(self):
        table = [
            ("let a = try! f()", "force"), ("let a = b as! C", "force"),
            ("let a = b!", "force"), ("let a = b!.c", "force"), ("f(b!, c)", "force"),
            ("let a = b()!", "force"), ("let a = b[0]!.c", "force"), ("var a: Int!", "force"),
            ("let a = $0!", "force"), ("fatalError(\"no\")", "trap"),
            ("try await Task.sleep(for: x)", "time"), ("Task<Never, Never>.sleep(1)", "time"),
            ("Task.detached { }", "task"), ("struct A: @unchecked Sendable {}", "sendable"),
            ("nonisolated(unsafe) var a = 1", "sendable"), ("let a = Mutex<Int>(0)", "lock"),
            ("print(a)", "print"), ("debugPrint(a)", "print"), ("    dump(a)", "print"),
        ]
        for line, rule in table:
            with self.subTest(line):
                self.expect(CORE, f"// above\n{line}\n", (2, rule))

    def test_what_looks_alike(self):
        for line in (
            "if a != b {}", "if !a {}", "let a = b!=c", "// try! x!", "/* fatalError( /* x! */ */",
            'let a = "try! b!"', 'let a = #"print(" as! "#',
            'let a = """\n  x! "print(\n  """',
            "func `it's print(x)!`() {}", 'let a = "\\(b("c!")) as!"', "writer.print(a)",
            "let fingerprint = fingerprint(a)", "#if !os(Linux)\n#endif",
        ):
            with self.subTest(line):
                self.expect(CORE, f"{line}\n")

    def test_only_the_writer_prints(self):
        self.expect("Sources/PVUSBCommands/OutputText.swift", "print(1)\n")
        self.expect("Sources/PVUSBCommands/List.swift", "print(1)\n", (1, "print"))

    def test_sleep_in_tests(self):
        place = "Tests/USBModelTests/A.swift"
        for line in ("try await Task.sleep(for: x)", "usleep(3)", "sleep(1)", "Thread.sleep(1)"):
            with self.subTest(line):
                self.expect(place, f"{line}\n", (1, "sleep"))
        self.expect(place, "let a = b!\nprint(asleep(1))\nfunc `sleep( is banned`() {}\n")

    def test_long_functions(self):
        for head in (
            "func a()", "func a<T>(_ b: [T]) -> T where T: B", "init(a: Int)", "init?(a: Int)",
            "deinit", "subscript(a: Int) -> Int", "static func < (a: B, b: B) -> Bool",
            "func a(\n        b: () -> Void = { }\n    ) throws(E)\n    -> Int",
        ):
            lines = head.count("\n")
            good = f"struct A {{\n    {head} {{\n" + "\n" * (68 - lines) + "    }\n}\n"
            bad = f"struct A {{\n    {head} {{\n" + "\n" * (69 - lines) + "    }\n}\n"
            with self.subTest(head):
                self.expect(CORE, good)
                self.expect(CORE, bad, (2, "size"))

    def test_a_requirement_has_no_length(self):
        self.expect(CORE, "protocol A {\n    func a()\n    init()\n    var b: Int { get }\n}\n"
                    "struct C {\n" + "\n" * 80 + "}\n")

    def test_long_files(self):
        self.expect(CORE, "\n" * 400)
        self.expect(CORE, "\n" * 401, (401, "size"))
        self.expect(CORE, "")
        self.expect("Tests/Fixtures/long.json", "\n" * 500)
        self.expect("scripts/lib/a.py", "\n" * 401, (401, "size"))


class DocumentationRules(TidyCase):
    def test_undocumented(self):
        table = [
            ("public func a() {}", 1), ("package let a = 1", 1), ("open class A {}", 1),
            ("public struct A {}", 1), ("public init?() {}", 1), ("package static var a = 1", 1),
            ("public private(set) var a = 1", 1), ("public mutating func a() {}", 1),
            ("@inlinable public func a() {}", 1), ("public typealias A = B", 1),
            ("@available(*, deprecated)\npublic func a() {}", 2),
            ("// Ordinary.\npublic func a() {}", 2), ("/// Doc.\n\npublic func a() {}", 3),
            ("/// Doc.\npublic let a = 1\npublic let b = 2", 3),
            ("/// Doc.\npublic protocol A {\n    func a()\n}", 3),
            ("/// Doc.\npackage protocol A {\n    /// Doc.\n    associatedtype B\n"
             "    var b: B { get }\n}", 5),
            ("public extension A {\n    func a() {}\n}", 2),
            ("extension A {\n    public static func == (a: A, b: A) -> Bool { true }\n}", 2),
            ("public class func a() {}", 1), ("public subscript(a: Int) -> Int { a }", 1),
        ]
        for text, line in table:
            with self.subTest(text):
                self.expect(CORE, f"{text}\n", (line, "doc"))

    def test_documented_or_hidden(self):
        for text in (
            "func a() {}", "private let a = 1", "let text = \"public func a() {}\"",
            "/// Doc.\n@discardableResult\npublic func a() {}",
            "/// Doc.\n@Option(\n    name: .short,\n    help: \"a (b\"\n)\npublic var a = 1",
            "/// Doc.\n// swift-format-ignore: X\npublic let a = 1",
            "/** Doc. */\npublic let a = 1", "/// Doc.\npublic enum A {\n    case b\n}",
            "protocol A {\n    func a()\n}", "extension A {\n    func a() {}\n}",
            "public extension A {\n    private func a() {}\n    /// Doc.\n    func b() {\n"
            "        let c = 1\n    }\n}",
            "public import USBModel",
        ):
            with self.subTest(text):
                self.expect(CORE, f"{text}\n")


class TextRules(TidyCase):
    def test_open_ends(self):
        for word in (OPEN, "FIX" + "ME", "XX" + "X", "HA" + "CK"):
            with self.subTest(word):
                self.expect("docs/a.md", f"fine\n{word}: later\n", (2, "open end"))
        self.expect("docs/a.md", "mktemp a.XX" + "XXXX, HA" + "CKING\n")

    def test_foreign_places(self):
        for text in ("see /wor" + "k/main", "(../shar" + "ed/design.md)", "`shar" + "ed/a`",
                     "https://pyp" + "i.org/x", "registr" + "y.example.org"):
            with self.subTest(text):
                self.expect("docs/a.md", f"{text}\n", (1, "place"))
        self.expect("docs/a.md", "/usr/shar" + "ed/x, home/wor" + "k/x, a shared lock\n")

    def test_scripts(self):
        self.expect("scripts/a", "#!/bin/sh\n# Says what it is.\n", (1, "script"))
        self.expect("scripts/a", "#!/bin/sh\necho\n", (2, "script"), mode=0o755)
        self.expect("scripts/a", "#!/usr/bin/python3\n\"\"\"Says what it is.\"\"\"\n", mode=0o755)
        self.expect("lab/b.sh", "echo\n", (1, "script"))

    def test_what_a_build_made_is_not_ours(self):
        self.expect(".build/checkouts/a.swift", f"// {OPEN}\n")
        self.expect("blob.bin", f"\0{OPEN}\n")


if __name__ == "__main__":
    unittest.main()
