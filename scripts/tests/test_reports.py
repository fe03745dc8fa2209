"""Tests what scripts/test, scripts/coverage and scripts/purity make of what they read."""

import json
import unittest

import package  # noqa: F401  (puts scripts/lib into the search path)

from coverage_report import by_file, by_module, floor, is_below, percent, uncovered
from manifest import read_targets
from purity_rules import impurity
from testreport import read_report, table

FILE = {"sourceLocation": {"fileID": "ATests/A.swift"}}


def test(identifier, kind="function"):
    """The stream's record of a test."""
    return {"kind": "test", "payload": {"id": identifier, "name": identifier, "kind": kind, **FILE}}


def event(kind, identifier=None, text="", **more):
    """The stream's record of something that happened."""
    payload = {"kind": kind, "messages": [{"text": text}], **more}
    if identifier:
        payload["testID"] = identifier
    return {"kind": "event", "payload": payload}


def ran(identifier):
    """A test that started and ended."""
    return [event("testStarted", identifier), event("testEnded", identifier)]


def report(*records, required=()):
    """What a stream of records is read as."""
    return read_report([json.dumps(record) for record in records], frozenset(required))


def numbers(read):
    """Passed, failed, skipped of the only target."""
    tally = read.targets["ATests"]
    return tally.passed, tally.failed, tally.skipped


class Streams(unittest.TestCase):
    END = event("runEnded")

    def test_passed_and_suites(self):
        read = report(test("s", "suite"), test("a"), *ran("s"), *ran("a"), self.END)
        self.assertEqual(numbers(read), (1, 0, 0))
        self.assertEqual(read.targets["ATests"].suites, 1)
        self.assertTrue(read.ended)

    def test_failed(self):
        issue = event("issueRecorded", "a", issue={"isFailure": True, "isKnown": False})
        read = report(test("a"), *ran("a"), issue, self.END)
        self.assertEqual(numbers(read), (0, 1, 0))
        self.assertEqual(read.failures, ["ATests: a"])

    def test_known_issues_and_warnings_are_no_failures(self):
        for known in (True, False):
            issue = {"isFailure": False, "isKnown": known}
            read = report(test("a"), *ran("a"), event("issueRecorded", "a", issue=issue), self.END)
            self.assertEqual(numbers(read), (1, 0, 0))

    def test_skipped_with_a_reason(self):
        skip = event("testSkipped", "a", 'Test a skipped: "needs lab"')
        read = report(test("a"), skip, self.END)
        self.assertEqual(numbers(read), (0, 0, 1))
        self.assertEqual(dict(read.reasons), {"needs lab": 1})
        self.assertEqual(read.failures, [])

    def test_a_required_thing_may_not_be_missing(self):
        skip = event("testSkipped", "a", 'Test a skipped: "needs strace: not installed"')
        self.assertEqual(numbers(report(test("a"), skip, self.END, required=["strace"])), (0, 1, 0))
        self.assertEqual(numbers(report(test("a"), skip, self.END, required=["lab"])), (0, 0, 1))

    def test_cancelled_is_skipped(self):
        text = 'Test a was cancelled after 0.002 seconds: "needs strace"'
        records = [test("a"), event("testStarted", "a"), event("testCancelled", "a"),
                   event("testEnded", "a", text), self.END]
        self.assertEqual(numbers(report(*records)), (0, 0, 1))
        self.assertEqual(numbers(report(*records, required=["strace"])), (0, 1, 0))

    def test_a_crash_is_a_failure_of_the_running_and_the_waiting(self):
        read = report(test("a"), test("b"), test("c"), *ran("a"), event("testStarted", "b"))
        self.assertEqual(numbers(read), (1, 2, 0))
        self.assertFalse(read.ended)

    def test_a_torn_last_line(self):
        read = read_report([json.dumps(test("a")), '{"kind":"ev'])
        self.assertEqual(numbers(read), (0, 1, 0))

    def test_an_issue_outside_any_test(self):
        issue = event("issueRecorded", text="lost", issue={"isFailure": True, "isKnown": False})
        self.assertEqual(report(issue, self.END).failures, ["an issue outside any test: lost"])

    def test_table(self):
        self.assertEqual(table(("a", "bc"), [("abc", 1)]), "a    bc\nabc   1")


class Coverage(unittest.TestCase):
    EXPORT = """SF:/p/Sources/A/x.swift
DA:1,2
DA:2,0
DA:4,0
DA:5,1
DA:6,0
LF:5
end_of_record
SF:/p/Tests/ATests/x.swift
DA:1,1
end_of_record
SF:/p/Sources/A/d/y.swift
DA:7,18446744073709551615
end_of_record
SF:/p/.build/checkouts/b/Sources/A/x
DA:1,0
end_of_record
SF:/p/Sources/A/x.swift
DA:6,1
end_of_record
"""

    def test_only_our_sources_count(self):
        files = by_file(self.EXPORT, "/p")
        self.assertEqual(sorted(files), ["A/d/y.swift", "A/x.swift"])
        self.assertEqual(files["A/x.swift"], {1: 2, 2: 0, 4: 0, 5: 1, 6: 1})
        self.assertEqual(by_module(files), {"A": (6, 4)})

    def test_uncovered_lines_are_ranges(self):
        files = by_file(self.EXPORT, "/p")
        self.assertEqual(uncovered(files), ["A/x.swift:2-4"])
        self.assertEqual(uncovered({"A/z.swift": {9: 0, 7: 1, 3: 0}}), ["A/z.swift:3", "A/z.swift:9"])

    def test_percent_rounds_down(self):
        self.assertEqual(percent((1000, 899)), 89.9)
        self.assertEqual(percent((10000, 8999)), 89.9)
        self.assertEqual(percent((0, 0)), 0.0)

    def test_what_is_below_its_floor(self):
        for lines, least, below in (
                ((10, 9), 90, False), ((10, 8), 90, True), (None, 90, True),
                (None, 0, False), ((10, 0), 0, False), (None, None, False)):
            with self.subTest(lines=lines, least=least):
                self.assertIs(is_below(lines, least), below)

    def test_floors(self):
        self.assertEqual(floor("A=98.5"), ("A", 98.5))
        self.assertEqual(floor("90"), ("", 90))
        for text in ("A", "=3", "A=", "A=x", "A=101", "", "101", "-1"):
            with self.assertRaises(ValueError):
                floor(text)


class Purity(unittest.TestCase):
    def test_impure(self):
        for symbol in (
            "open", "read", "clock_gettime@GLIBC_2.17", "$s5Glibc4openys5Int32VSPys4Int8VG_ADtF",
            "$ss15ContinuousClockV3nowAB7InstantVvgZ", "$ss5ClockP3now7InstantQzvgTj",
            "$ss17FixedWidthIntegerPsE6random2inxSNyxG_tFZ", "$sSb6randomSbyFZ",
            "$sSTsE8shuffledSay7ElementQzGyF", "$sSlsE13randomElement0B0QzSgyF",
            "$sScTss5NeverORszABRs_rlE5sleep11nanosecondsys6UInt64V_tYaKFZ",
            "$ss5print_9separator10terminatoryypd_S2StF", "$ss11CommandLineO9argumentsSaySSGvgZ",
        ):
            self.assertIsNotNone(impurity(symbol), symbol)

    def test_pure(self):
        for symbol in (
            "memcpy", "swift_release", "$sSayxGSTsMc", "$ss6HasherV7combineyyxSHRzlF",
            "__llvm_profile_runtime", "$s9PVUSBCore5printyyF", "reader", "$s8USBModel4openyyF",
        ):
            self.assertIsNone(impurity(symbol), symbol)


class Manifest(unittest.TestCase):
    def test_targets(self):
        targets = {target.name: target for target in read_targets(package.manifest())}
        self.assertEqual(targets["XenStore"].dependencies,
                         {"XenStoreWire", "CLinux", "SystemPackage", "Logging"})
        self.assertEqual(targets["CLinux"].dependencies, set())
        self.assertTrue(targets["PVUSBCoreTests"].is_test)
        self.assertTrue(targets["USBModelTests"].is_test)
        self.assertTrue(targets["TestSupport"].is_support)

    def test_no_package_no_targets(self):
        self.assertEqual(read_targets("let a = 1\n"), [])


if __name__ == "__main__":
    unittest.main()
