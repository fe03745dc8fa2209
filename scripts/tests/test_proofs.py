"""Names tests and shows Swift in documents, and expects doc-tests to miss what is not in Tests.

Usage: python3 -m unittest discover --start-directory scripts/tests
"""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from package import build, write

from tidy.main import findings_in

SCRIPTS = Path(__file__).resolve().parent.parent
ROWS = """struct Row {
    static let all = ["a row of another file"]
}
"""
SUITE = """import Testing

struct PortTests {
    @Test(arguments: ["a row"]) func `a port is free`(text: String) {}
    /// A brace in a comment { and func `a test in a comment`.
    @Test func `a port holds "a device", by its name`() {
        let port = first(
            of: device)
    }
}

struct BusTests {
    @Test func `a bus is found`() {}
}

extension PortTests {
    @Test func `a port is gone`() {}
}
"""


class ProofCase(unittest.TestCase):
    """A fresh package a test, with two suites and a table beside them."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = Path(directory.name)
        build(self.root)
        write(self.root, "Tests/PVUSBCoreTests/PortTests.swift", SUITE)
        write(self.root, "Tests/PVUSBCoreTests/Rows.swift", ROWS)

    def expect(self, document, *expected):
        """Writes one document and expects exactly these (line, message)."""
        write(self.root, "docs/a.md", document)
        found = [(f.line, f.message) for f in findings_in(self.root)[0]]
        self.assertEqual(found, list(expected), document)


class NamedTests(ProofCase):
    def test_what_exists_may_be_named(self):
        for text in (
            "`PortTests`: *a port is free*", "`PortTests`: *a port is gone*, *a port is free*",
            "`PortTests`: *a row*", "`PortTests`: *a row of another file*",
            "`PortTests`: *a port … free*, *… gone*, *a port holds …*",
            "`PortTests`: *a port holds \"a device\", by its name*", "`PortTests`, *all of it*",
            "see `PortTests`: *a port\nis free*", "`PortTests`", "no suite, *emphasis*",
            "| a | `PortTests`: *a port is free* | *no test* |",
            "`PortTests`: *a port is free*; `BusTests`: *a bus is found*",
            "```\n`NoTests`: *in code*\n```",
            "* `PortTests`: *a port is free*\n* a list of *items*\n1. of *both kinds*",
        ):
            with self.subTest(text):
                self.expect(f"{text}\n")

    def test_what_does_not_exist_is_found(self):
        for text, line, message in (
            ("`PortTests`: *a port is fre*", 1, "PortTests has no test 'a port is fre'"),
            ("`PortTests`: *a port is*", 1, "PortTests has no test 'a port is'"),
            ("`PortTests`: *a bus is found*", 1, "PortTests has no test 'a bus is found'"),
            ("`BusTests`: *a port …*", 1, "BusTests has no test 'a port …'"),
            ("`PortTests`: *a test in a comment*", 1,
             "PortTests has no test 'a test in a comment'"),
            ("`PortTests`: *let port*", 1, "PortTests has no test 'let port'"),
            ("one\ntwo\n\nthree `NoTests`", 4, "there is no suite NoTests"),
            ("one\n`PortTests`: *x\ny*", 2, "PortTests has no test 'x y'"),
            ("| a |\n|---|\n| `PortTests`: *x* | *y* |", 3, "PortTests has no test 'x'"),
            ("`PortTests`: *a row* and `NoTests`: *a row*", 1, "there is no suite NoTests"),
            ("```\ncode\n```\n`NoTests`", 4, "there is no suite NoTests"),
        ):
            with self.subTest(text):
                self.expect(f"{text}\n", (line, message))

    def test_a_row_counts_in_its_own_target_only(self):
        write(self.root, "Tests/USBModelTests/Rows.swift", 'let rows = ["a row elsewhere"]\n')
        self.expect(
            "`PortTests`: *a row elsewhere*\n", (1, "PortTests has no test 'a row elsewhere'"))

    def test_other_documents_are_not_looked_at(self):
        write(self.root, "CHANGELOG.md", "`NoTests`: *a test of old*\n")
        self.expect("nothing\n")


class Snippets(ProofCase):
    def test_swift_of_a_test_may_be_shown(self):
        for text in (
            "```swift\nlet port = first(\n    of: device)\n```",
            "```swift\n\n        let port = first(\n\n  of: device)\n```",
            "```sh\nno swift\n```", "```\nno swift\n```",
        ):
            with self.subTest(text):
                self.expect(f"{text}\n")

    def test_other_swift_is_found(self):
        for snippet in ("let port = second(\n    of: device)", "port = first(", "of: device",
                        "let port = first(of: device)", "of: device)\nlet port = first("):
            with self.subTest(snippet):
                self.expect(
                    f"text\n\n```swift\n{snippet}\n```\n", (3, "no test has this Swift"))


class CommandLine(ProofCase):
    def run_script(self, *arguments):
        return subprocess.run(
            [sys.executable, SCRIPTS / "doc-tests", *arguments], capture_output=True, text=True)

    def test_findings_fail(self):
        write(self.root, "docs/a.md", "`NoTests`\n")
        run = self.run_script(str(self.root))
        self.assertEqual(run.returncode, 1)
        self.assertTrue(run.stdout.startswith("docs/a.md:1: proof: there is no suite NoTests\n"))

    def test_only_this_rule_is_asked(self):
        write(self.root, "docs/a.md", "TO" + "DO\n")
        self.assertEqual(self.run_script(str(self.root)).returncode, 0)

    def test_wrong_usage(self):
        self.assertEqual(self.run_script("--all").returncode, 2)


if __name__ == "__main__":
    unittest.main()
