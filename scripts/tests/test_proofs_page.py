"""A stage replaces its own section of docs/proofs.md and no other.

Usage: python3 -m unittest discover --start-directory scripts/tests
"""

import subprocess
import sys
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(SCRIPTS / "lib"))

from proofs_page import INTRODUCTION, STAGES, replace, section


class PageTests(unittest.TestCase):
    """Sections come and are replaced, in one order."""

    def test_each_section_has_its_place(self):
        first = section("races", "a command", 3, "one\ntwo  \n")
        second = section("kills-c", "b", 4, "## no heading\nthree\n")
        page = replace(replace(INTRODUCTION, "kills-c", second), "races", first)
        self.assertTrue(page.startswith(INTRODUCTION))
        self.assertEqual(
            [line for line in page.splitlines() if line.startswith("## ")],
            ["## Killed at every system call, on a real C xenstored", "## no heading",
             "## Commands at the same moment"])
        self.assertIn("```\none\ntwo\n```\n", page)
        self.assertIn("| `a command` |", page)

    def test_a_section_is_replaced_and_the_others_stay(self):
        page = INTRODUCTION
        for stage in STAGES:
            page = replace(page, stage, section(stage, stage, 1, f"the {stage} of before"))
        new = replace(page, "races", section("races", "races", 2, "now"))
        self.assertEqual(new.count("of before"), len(STAGES) - 1)
        self.assertNotIn("the races of before", new)
        old = section("races", "races", 1, "the races of before")
        self.assertEqual(replace(new, "races", old), page)

    def test_every_stage_has_a_title(self):
        listed = subprocess.run(
            [SCRIPTS / "full", "--list"], text=True, stdout=subprocess.PIPE, check=True).stdout
        self.assertEqual(listed.split(), list(STAGES))

    def test_a_stage_that_is_not_there_is_wrong_usage(self):
        done = subprocess.run(
            [SCRIPTS / "full", "nothing"], text=True, stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("there is no stage nothing", done.stderr)


if __name__ == "__main__":
    unittest.main()
