"""Reads the event stream of a Swift Testing run and counts what happened, a test target each.

The event stream is used and not the xunit file because xunit counts a cancelled test as passed
and is not written at all when a test kills the process.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass, field

REASON = re.compile(r'(?:skipped|was cancelled after [\d.]+ seconds): "(.*)"\Z', re.S)


@dataclass
class Tally:
    """What happened in one test target."""

    suites: int = 0
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    @property
    def executed(self):
        """How many tests ran to an end, good or bad."""
        return self.passed + self.failed


@dataclass
class Report:
    """What happened in one run."""

    targets: dict = field(default_factory=dict)
    reasons: Counter = field(default_factory=Counter)
    failures: list = field(default_factory=list)
    ended: bool = False

    def total(self, what):
        """One number summed over the targets."""
        return sum(getattr(tally, what) for tally in self.targets.values())


def required_thing(reason, required):
    """The required thing that a skip reason `needs <thing>…` names, or nothing."""
    found = re.match(r"needs (\w+)", reason)
    return found.group(1) if found and found.group(1) in required else None


def read_report(lines, required=frozenset()):
    """Makes a report from the lines of an event stream, as far as it was written."""
    tests, started, ended, skipped, failed, report = {}, set(), set(), {}, set(), Report()
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            continue  # the last line of a process that died
        payload = record.get("payload", {})
        if record.get("kind") == "test":
            tests[payload["id"]] = payload
            continue
        kind, test = payload.get("kind"), payload.get("testID")
        text = " ".join(m.get("text", "") for m in payload.get("messages", []))
        if kind == "testStarted":
            started.add(test)
        elif kind == "testEnded":
            ended.add(test)
            if test in skipped:
                skipped[test] = _reason(text)
        elif kind in ("testSkipped", "testCancelled"):
            skipped[test] = _reason(text)
        elif kind == "issueRecorded" and payload.get("issue", {}).get("isFailure", True):
            if not payload.get("issue", {}).get("isKnown"):
                failed.add(test)
                if test not in tests:
                    report.failures.append(f"an issue outside any test: {text}")
        elif kind == "runEnded":
            report.ended = True
    for identifier, test in tests.items():
        _count(report, identifier, test, started, ended, skipped, failed, required)
    return report


def _reason(text):
    found = REASON.search(text)
    return found.group(1) if found else "no reason given"


def _count(report, identifier, test, started, ended, skipped, failed, required):
    target = test.get("sourceLocation", {}).get("fileID", identifier).split("/")[0].split(".")[0]
    tally = report.targets.setdefault(target, Tally())
    name = f"{target}: {test.get('displayName') or test.get('name')}"
    if test.get("kind") == "suite":
        tally.suites += 1
        if identifier in failed:
            tally.failed += 1
            report.failures.append(f"{name}: the suite itself failed")
    elif identifier in failed:
        tally.failed += 1
        report.failures.append(name)
    elif identifier in skipped:
        thing = required_thing(skipped[identifier], required)
        if thing:
            tally.failed += 1
            report.failures.append(f"{name}: skipped, but PVUSB_REQUIRE names {thing}")
        else:
            tally.skipped += 1
            report.reasons[skipped[identifier]] += 1
    elif identifier in ended:
        tally.passed += 1
    elif identifier in started:
        tally.failed += 1
        report.failures.append(f"{name}: started and did not end")
    elif report.ended:
        return
    else:
        tally.failed += 1
        report.failures.append(f"{name}: never started, the run died before")


def table(header, rows):
    """Text columns: the first to the left, the others to the right."""
    rows = [tuple(str(cell) for cell in row) for row in [header, *rows]]
    widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths)))
        for row in rows)
