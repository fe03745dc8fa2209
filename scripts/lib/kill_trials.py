"""Kills one command at its system calls, one after the other, and tries what can be made of it.

After every kill: `devices` has to tell the truth, `recover` has to end at the host or in the guest,
the same command once more has to reach its goal, and when all is taken back the store and the world
have to be those of the beginning, byte for byte. What was left before is not tried again.
"""

import json
import time
from collections import Counter

from killing import CHANGES, EFFECTS, LAST
from stage import Failure

BAD_MAX = 10
AGAIN = 5
SETTLED = ("host", "assigned")
GUESTS = {1: "pv1", 2: "pvh1", 3: "win10"}


class Trial:
    """One scene on one ground, and what came of it."""

    def __init__(self, ground, scene):
        self.ground, self.scene = ground, scene
        self.classes, self.between, self.at = Counter(), Counter(), set()
        self.tried, self.bad, self.died_at = set(), [], set()
        self.lengths = []
        self.start = self.pristine = self.goal = None
        self.calls = ()
        self.started = time.monotonic()

    # ---- places ----

    def prepare(self):
        """Finds the beginning, and what the command does when nobody kills it."""
        guest, device = self.scene.guest, self.scene.device
        if self.scene.world:
            self.ground.change(self.scene.world)
        for words in (("attach", guest, device), ("detach", device),
                      ("controller", "remove", guest, "0")):
            self.must(*words)
        self.pristine = self.ground.rest()
        self.homes = self.pristine.drivers(self.scene.device)
        self.say_beginning()
        if self.scene.half:
            self.cut_short(self.scene.half)
        self.start = self.ground.rest()
        whole = self.ground.kill(0, *self.scene.words)
        self.calls = whole.calls
        self.lengths.append(whole.effects)
        self.goal = self.ground.rest()
        expect(self.goal != self.start, f"'{' '.join(self.scene.words)}' does nothing here")

    def say_beginning(self):
        """Says the words that lead to the beginning."""
        for words in self.scene.begin:
            self.must(*words)
        self.ground.rest()

    def cut_short(self, half):
        """Kills an earlier command where it is half done as wanted."""
        for count in range(1, 100):
            death = self.ground.kill(count, *half.words, calls=CHANGES)
            expect(death.was_killed, f"'{' '.join(half.words)}' was never half done as wanted")
            if half.test(self.ground.rest()):
                return
            self.go_home()
            self.say_beginning()

    def go_home(self):
        """Takes everything back; then all has to be as it was."""
        self.must("recover")
        if self.ground.signature().holders(self.scene.device):
            self.must("detach", self.scene.device)
        for domain, number in self.ground.signature().controllers:
            self.must("controller", "remove", GUESTS[domain], str(number))
        now = self.ground.rest()
        expect(now == self.pristine, f"left behind: {self.pristine.difference(now)}")

    # ---- points ----

    def run(self, calls, effects, last=()):
        """Kills the command at calls of these numbers, counted among all, then among the last ones
        of a run, then among effects.

        Two runs differ by a call or two, as threads happen to wait for each other: the number of the
        call that ends the process is no sure way to it.
        """
        for number in calls:
            if not self.try_at(number) and number >= len(self.calls):
                break
        if last and not self.died_at.intersection(last):
            self.try_at(1, last)
        for number in effects:
            self.try_at(number, EFFECTS)
        # A wait that looked once more, or once less, may have hidden an effect from its number.
        for number in self.gaps * AGAIN if last else ():
            if number in self.gaps:
                self.try_at(number + 1, EFFECTS)

    def try_at(self, number, among=None):
        """Kills the command at a call, and notes what is bad; whether it came that far."""
        self.ground.check()
        try:
            return self.kill(number, among)
        except Failure as failure:
            self.note(f"killed at {'effect' if among else 'call'} {number}: {failure}")
            return True

    def kill(self, number, among):
        """Kills the command at a call, and tries what is left; whether it came that far."""
        self.bring_back(self.start)
        death = self.ground.kill(number, *self.scene.words, calls=among)
        if not death.was_killed:
            expect(death.code == 0, f"not killed, and exit code {death.code}: {death.errors}")
            return False
        left = self.ground.rest()
        self.count(death, left)
        for trial in (self.recovery, self.repetition):
            if (trial.__name__, left) not in self.tried:
                self.tried.add((trial.__name__, left))
                self.bring_back(left)
                self.truth()
                trial()
                self.go_home()
        return True

    def bring_back(self, signature):
        """Makes the world what it was, unless it still is."""
        if self.ground.signature() != signature:
            self.ground.bring_back(signature)
            now = self.ground.rest()
            expect(now == signature, f"not brought back: {signature.difference(now)}")

    def count(self, death, left):
        """Counts what was left, and where among the effects the death was."""
        name = "nothing" if left == self.start else "done" if left == self.goal else "half"
        self.classes[name] += 1
        self.between[death.effects] += 1
        self.died_at.add(death.calls[-1])
        if death.calls[-1] in LAST:
            self.lengths.append(death.effects)
        if death.calls[-1] in EFFECTS:
            self.at.add(death.effects)

    def note(self, sentence):
        """Notes what is bad; too much of it ends the trial."""
        self.bad.append(sentence)
        if len(self.bad) >= BAD_MAX:
            raise Failure("too much is bad to go on")

    @property
    def gaps(self):
        """The numbers of effects after which, or right before the next, nothing was killed.

        How many effects there are differs a little from run to run, for a wait may look once more: every
        run has as many as the shortest.
        """
        return [
            number for number in range(min(self.lengths, default=0))
            if not self.between[number] or number not in self.at]

    # ---- what has to hold ----

    def must(self, *words):
        """Runs a command that has to succeed; its output."""
        code, output, errors = self.ground.command(*words)
        expect(code == 0, f"'{' '.join(words)}' exits with {code}: {errors.strip()}")
        return output

    def truth(self):
        """What `devices` says, held against the world and the store; the device's state."""
        while True:
            seen = self.ground.signature()
            listed = json.loads(self.must("devices", "--json"))["devices"]
            if self.ground.signature() == seen:
                break
        device = next(one for one in listed if one["busId"] == self.scene.device)
        others = {one["state"] for one in listed if one is not device}
        expect(others <= {"host", "hub"}, f"other devices are {others}")
        state, remedy = device["state"], (device["pending"] or {}).get("remedy")
        name = self.scene.device
        drivers, holders, record = seen.drivers(name), seen.holders(name), seen.record(name)
        facts = f"it is shown as {state}, and {drivers}, {holders}, record {record}"
        is_home = drivers == self.homes and not holders and not record
        is_taken = set(drivers) == {"usbback"} or seen.is_open(name)
        is_in = len(holders) == 1 and is_taken and record["goal"] == "attached"
        expect((state == "host") == is_home and (state == "assigned") == is_in, facts)
        if state in SETTLED:
            expect(not remedy and not device["conditions"], f"{facts}: a remedy, {remedy}")
        else:
            remedies = {condition["remedy"] for condition in device["conditions"]}
            expect(f"pvusb recover {name}" in remedies, f"{facts}: remedies {remedies}")
        return state

    def recovery(self):
        """One `recover` settles the device, a second has nothing to do."""
        self.must("recover")
        state = self.truth()
        expect(state in SETTLED, f"after recover it is {state}")
        said = self.must("recover")
        expect(said == "nothing to do\n", f"the second recover says {said!r}")

    def repetition(self):
        """The same command reaches its goal."""
        words = self.scene.words
        code, _, errors = self.ground.command(*words)
        wanted = self.scene.codes
        expect(code in wanted, f"'{' '.join(words)}' again exits with {code}: {errors.strip()}")
        state = self.truth()
        expect(self.scene.goal in (None, state), f"after '{' '.join(words)}' again it is {state}")
        said = self.must("recover")
        expect(said == "nothing to do\n", f"a recover afterwards says {said!r}")


def expect(condition, sentence):
    """Fails with a sentence unless a condition holds."""
    if not condition:
        raise Failure(sentence)
