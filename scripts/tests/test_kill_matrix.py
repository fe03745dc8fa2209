"""The killer kills where it is told to, and a trial notices what must not be left.

Usage: python3 -m unittest discover --start-directory scripts/tests
"""

import json
import os
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

from kill_matrix import SCENES, missed, sample
from kill_signature import Signature
from kill_trials import Trial
from killing import Death, Killer
from stage import Failure

PORT = "/local/domain/0/backend/vusb/1/0/port/1"
RECORD = "/libxl/pvusb/device/1-3_2"
REMEDY = "pvusb recover 1-3.2"


def signature(driver, **nodes):
    """A sandbox with the stick alone."""
    device = {"busId": "1-3.2", "interfaces": [{"id": "1-3.2:1.0", "driver": driver}]}
    named = {"port": PORT, "goal": f"{RECORD}/goal"}
    store = {named[name]: {"value": value} for name, value in nodes.items()}
    return Signature(json.dumps({"usb": {"devices": [device]}, "store": store}).encode())


HOME = signature("usb-storage")
HALF = signature(None, port="1-3.2", goal="attach")
ASSIGNED = signature("usbback", port="1-3.2", goal="attached")


class Ground:
    """Shows a world, and says of it what it is told to say."""

    def __init__(self, seen, state, remedy=None):
        self.seen = seen
        conditions = [{"remedy": remedy}] if remedy else []
        pending = {"remedy": remedy} if remedy else None
        self.device = {
            "busId": "1-3.2", "state": state, "pending": pending, "conditions": conditions}

    def signature(self):
        """The world."""
        return self.seen

    def command(self, *_):
        """What `devices` says."""
        return 0, json.dumps({"devices": [self.device]}), ""


class TruthTests(unittest.TestCase):
    """What `devices` says is held against the world."""

    def truth(self, *words):
        """What a trial makes of a world and of what is said of it."""
        trial = Trial(Ground(*words), SCENES[0])
        trial.homes = HOME.drivers("1-3.2")
        return trial.truth()

    def test_what_is_so_is_taken(self):
        self.assertEqual(self.truth(HOME, "host"), "host")
        self.assertEqual(self.truth(HALF, "attaching", REMEDY), "attaching")
        self.assertEqual(self.truth(ASSIGNED, "assigned"), "assigned")

    def test_what_is_not_so_is_noticed(self):
        for words in (
                (HALF, "host"), (HALF, "assigned"), (HOME, "attaching", REMEDY),
                (ASSIGNED, "host"), (ASSIGNED, "attaching", REMEDY), (HALF, "attaching"),
                (HALF, "attaching", "pvusb list"), (HOME, "host", REMEDY)):
            with self.subTest(words[1:]), self.assertRaises(Failure):
                self.truth(*words)

    def test_a_gap_between_two_effects_is_noticed(self):
        trial = Trial(Ground(HOME, "host"), SCENES[0])
        trial.calls, trial.start, trial.goal = ("rename", "read", "rename", "exit"), HOME, ASSIGNED
        trial.lengths = [3, 2]
        for calls in (("rename",), ("rename", "read"), trial.calls[:3] + ("read",)):
            trial.count(Death(137, calls, ""), HALF)
        self.assertEqual(trial.gaps, [1])
        trial.count(Death(137, trial.calls[:3], ""), HALF)
        self.assertEqual(trial.gaps, [])
        self.assertEqual(missed(trial), ["no kill at the very end"])
        trial.count(Death(137, trial.calls[:3] + ("exit_group",), ""), HALF)
        self.assertEqual(missed(trial), [])


class RestTests(unittest.TestCase):
    """A world is at rest when the player has seen all and nobody owes an answer."""

    def at_rest(self, own, real, table=()):
        """Tells it of a world whose file and whose store say what the two ends' states are."""
        back, front = ("/local/domain/0/backend/vusb/1/0", "/local/domain/1/device/vusb/0")

        def nodes(states):
            return {f"{back}/state": states[0], f"{front}/state": states[1]}

        store = {path: {"value": value} for path, value in nodes(own).items()}
        store[PORT] = {"value": "1-3.2"}
        there = {path: (value.encode(), "n0") for path, value in nodes(real).items()}
        there[PORT] = (b"1-3.2", "n0")
        world = json.dumps({"store": store, "usbback": list(table)}).encode()
        return Signature(world, tuple(sorted(there.items()))).is_at_rest

    def test_connected_and_listed(self):
        self.assertTrue(self.at_rest("44", "44", ["1-3.2:1:0:1"]))
        self.assertFalse(self.at_rest("44", "44"))

    def test_unseen_and_half_way(self):
        self.assertFalse(self.at_rest("24", "44", ["1-3.2:1:0:1"]))
        self.assertFalse(self.at_rest("24", "24"))
        self.assertTrue(self.at_rest("66", "66"))
        self.assertFalse(self.at_rest("66", "66", ["1-3.2:1:0:1"]))


class KillerTests(unittest.TestCase):
    """A command dies at the entry of a system call, which is not carried out."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.directory = Path(scratch.name)
        self.killer = Killer(self.directory)

    def kill(self, count, calls=None):
        """Kills a shell that makes two directories; its death, and what is there."""
        words = ["sh", "-c", f"cd {self.directory}; mkdir one; mkdir two; exit 3"]
        death = self.killer.kill(count, words, self.directory / "log", os.environ, calls)
        return death, sorted(p.name for p in self.directory.iterdir() if p.is_dir())

    def test_at_its_end_nobody_is_killed(self):
        death, there = self.kill(0)
        self.assertEqual((death.code, death.was_killed, there), (3, False, ["one", "two"]))
        self.assertEqual(death.calls[0], "execve")
        self.assertEqual(death.calls.count("mkdir") + death.calls.count("mkdirat"), 2)

    def test_at_the_first_call_nothing_is_done(self):
        death, there = self.kill(1)
        self.assertEqual((death.code, death.calls, there), (137, ("execve",), []))

    def test_one_call_of_some_is_not_carried_out(self):
        death, there = self.kill(2, calls=("mkdir", "mkdirat"))
        self.assertEqual((death.was_killed, there), (True, ["one"]))
        self.assertIn(death.calls[-1], ("mkdir", "mkdirat"))


class SampleTests(unittest.TestCase):
    """A sample takes every so many calls, and every so many effects."""

    def test_a_sample_of_calls_and_of_effects(self):
        class Options:
            """As the command line has them."""

            every, offset, effects = 2, 1, False

        calls = ("read", "rename", "read", "sendmsg", "write")
        self.assertEqual([list(some) for some in sample(Options, calls)], [[2, 4], [2]])
        Options.effects = True
        self.assertEqual([list(some) for some in sample(Options, calls)], [[], [2]])


if __name__ == "__main__":
    unittest.main()
