"""What every race needs: rounds of two contenders, and what may be there afterwards."""

import os
import time
from collections import Counter

import rivals
from race import Race
from stage import Failure

ROUNDS = int(os.environ.get("PVUSB_ROUNDS") or 20)
DEVICE = "1-4"
GUESTS = {"pv1": 1, "win10": 3}
BUSY = 9


def expect(condition, *sentences):
    """Fails with what was seen unless a condition holds."""
    if not condition:
        raise Failure("; ".join(str(sentence) for sentence in sentences))


class Lane:
    """Rounds of one race on a stage, and what came of them."""

    def __init__(self, stage, name, rounds=max(1, ROUNDS // 2)):
        self.stage, self.name, self.rounds = stage, name, rounds
        self.endings = Counter()
        self.started = time.monotonic()

    def shifts(self, seconds):
        """A head start for the first or, when it is negative, for the second, a round each."""
        for index in range(self.rounds):
            self.stage.check_player()
            yield seconds * (2 * index / max(1, self.rounds - 1) - 1)

    def moment(self, index, moments):
        """A round's moment, and how many seconds after it: each in turn, later every time."""
        self.stage.check_player()
        return moments[index % len(moments)], index // len(moments) * 0.0007

    def race(self, shift, first, second):
        """Runs two contenders, functions that add themselves to a race; how they ended."""
        race = Race()
        first(race, max(0, -shift))
        second(race, max(0, shift))
        runs = race.run()
        self.endings[tuple(run.code for run in runs)] += 1
        return runs

    def report(self):
        """A line for people."""
        seen = ", ".join(
            f"{'/'.join(map(str, codes))} x {count}"
            for codes, count in sorted(self.endings.items()))
        seconds = time.monotonic() - self.started
        row = f"{self.stage.kind:11}{self.name:49}{self.rounds:6}{seconds:7.1f} s   {seen}"
        print(row, flush=True)


def command(stage, *words, locks=None):
    """A contender: a command of pvusb's."""
    return lambda race, after: race.command(stage, *words, after=after, locks=locks)


def rival(stage, body):
    """A contender: something another tool does with a store connection of its own."""
    return lambda race, after: race.body(lambda: stage.with_store(body), after)


def expect_same(stage, before, *what):
    """The store has to be what it was."""
    after = stage.listing()
    lost, left = (sorted(set(one) - set(other)) for one, other in (
        (before.splitlines(), after.splitlines()), (after.splitlines(), before.splitlines())))
    expect(before == after, *what, f"gone: {lost}", f"left behind: {left}")


def truth(stage, *devices):
    """The word for each device's state, which has to be what the ports and the drivers say."""
    listed = stage.devices()
    for device in devices:
        ports, drivers = rivals.holders(stage.store, device), stage.drivers(device)
        state, with_usbback = listed[device]["state"], drivers.count("usbback")
        seen = (device, state, ports, drivers)
        is_assigned = len(ports) == 1 and with_usbback == len(drivers)
        expect((state == "contested") == (len(ports) > 1), *seen)
        expect((state == "assigned") == is_assigned, *seen)
        expect(state != "host" or (not ports and not with_usbback), *seen)
    return listed[devices[0]]["state"]


def add_controllers(stage):
    """Gives two guests a connected controller each; one that usbback has closed is made anew."""
    for domain, number in GUESTS.items():
        state = stage.store.read(f"{rivals.BACKENDS}/{number}/0/state")
        if state and state != "4":
            stage.must("controller", "remove", domain, "0")
        if state != "4":
            stage.must("controller", "add", domain, "--kind", "pv")
            stage.connected(number, 0)


def remove_controllers(stage):
    """Takes the controllers from both guests."""
    for domain in GUESTS:
        stage.must("controller", "remove", domain, "0")
