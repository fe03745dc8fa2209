"""The reader of regions that never ran."""

import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from region_coverage import Missed, differences, exceptions, missed, short  # noqa: E402

NAMES = {
    "a": "PVUSBCore.Step.failure(after: PVUSBCore.StepRun.Ending, in: PVUSBCore.Observation)"
         " -> PVUSBCore.PVUSBError",
    "b": "closure #1 in PVUSBCore.Step.failure(after: PVUSBCore.StepRun.Ending, in: B) -> C",
}


def function(name, file, *regions):
    """A function as llvm-cov exports it; a region is (line, count) or (line, count, kind)."""
    full = [[line, 1, line, 9, count, 0, 0, *(kind or [0])] for line, count, *kind in regions]
    return {"name": name, "filenames": [file], "regions": full}


def export(*functions):
    """An export of functions."""
    return {"data": [{"functions": list(functions)}]}


class RegionCoverage(unittest.TestCase):
    """What is read and compared."""

    def missed(self, *functions):
        """What never ran below /r/S."""
        return missed(export(*functions), "/r", ("S",), lambda names: {n: NAMES[n] for n in names})

    def test_a_closures_regions_are_those_of_the_function_around_it(self):
        found = self.missed(
            function("a", "/r/S/Step.swift", (1, 3), (2, 0)),
            function("x.swift:b", "/r/S/Step.swift", (4, 0)))
        self.assertEqual(found, [Missed("S/Step.swift", "Step.failure(after:in:)", 2, (2, 4))])

    def test_a_region_that_ran_in_one_of_two_compilations_ran(self):
        found = self.missed(
            function("a", "/r/S/Step.swift", (1, 0)), function("a", "/r/S/Step.swift", (1, 1)))
        self.assertEqual(found, [])

    def test_gaps_and_other_directories_do_not_count(self):
        found = self.missed(
            function("a", "/r/S/Step.swift", (1, 0, 3)), function("a", "/r/T/Step.swift", (1, 0)))
        self.assertEqual(found, [])

    def test_names_are_short(self):
        for long, name in {
            "static PVUSBCore.StoreChange.decide(_: A, _: B) -> C": "StoreChange.decide(_:_:)",
            "PVUSBCore.Step.watched.getter : Swift.Optional<A>": "Step.watched",
            "(extension in PVUSBCore):PVUSBCore.Goal.(undone in _0A1B)(in: A<B, C: D>) -> E":
                "Goal.undone(in:)",
            "implicit closure #1 () throws -> A in closure #2 in PVUSBCore.Plan.go() -> A":
                "Plan.go()",
        }.items():
            self.assertEqual(short(long), name)

    def test_exceptions_have_names_numbers_and_reasons(self):
        text = "# reasons\n\nS/Step.swift: Step.go(_:): 2: it can't\nS/A.swift: A.b: 1: no: way\n"
        self.assertEqual(exceptions(text), {
            ("S/Step.swift", "Step.go(_:)"): (2, "it can't"), ("S/A.swift", "A.b"): (1, "no: way")})
        for line in ("S/Step.swift: Step.go(_:): 2:", "S/Step.swift: Step.go(_:): why"):
            with self.assertRaises(ValueError):
                exceptions(line)
        with self.assertRaises(ValueError):
            exceptions(text + "S/A.swift: A.b: 1: again\n")

    def test_both_unnamed_and_outdated_exceptions_are_told(self):
        never = [Missed("S/A.swift", "A.b", 2, (3, 5)), Missed("S/A.swift", "A.c", 1, (7,))]
        known = {("S/A.swift", "A.b"): (1, "x"), ("S/A.swift", "A.c"): (2, "x"),
                 ("S/A.swift", "A.d"): (1, "x")}
        self.assertEqual(differences(never, known), [
            "never ran, and is no exception: S/A.swift: A.b: 2 (line 3, 5) where 1 are excepted",
            "runs now: S/A.swift: A.c: 1 (line 7) where 2 are excepted",
            "runs now, and is an exception still: S/A.swift: A.d"])
        self.assertEqual(differences(never[:1], {("S/A.swift", "A.b"): (2, "x")}), [])


if __name__ == "__main__":
    unittest.main()
