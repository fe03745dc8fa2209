"""The races of scripts/ci.d/61-races.sh, on one kind of server: `races.py c|oxenstored DIRECTORY`.

Each race is run many times, with the two sides shifted against each other a little more every
time. Environment: PVUSB_ROUNDS how often the race for one device is run (default 20); the others
are run less often. It prints a line a race: how often each pair of exit codes was seen.
"""

import json
import sys
from pathlib import Path

import contests
import rivals
from lane import (
    BUSY, DEVICE, GUESTS, ROUNDS, Lane, add_controllers, command, expect, expect_same,
    remove_controllers, rival)
from race import Race
from stage import Failure, Stage

SO = "already so"


# ---- one device, two guests ----


def two_guests(stage, own_locks):
    """Two attaches of one device: one wins, the other is told, nothing is left."""
    name = "one device to two guests, " + ("locks of their own" if own_locks else "shared locks")
    lane = Lane(stage, name, ROUNDS)
    locks = [stage.directory / f"locks{side}" if own_locks else None for side in GUESTS]
    before = stage.listing()
    for shift in lane.shifts(0.03):
        runs = lane.race(shift, *(
            command(stage, "attach", domain, DEVICE, locks=lock)
            for domain, lock in zip(GUESTS, locks)))
        winners = [index for index, run in enumerate(runs) if run.code == 0]
        expect(len(winners) == 1, f"{len(winners)} attaches won", *runs)
        loser = runs[1 - winners[0]]
        expect(loser.code == BUSY, "the loser", loser)
        holders = rivals.holders(stage.store, DEVICE)
        winner = list(GUESTS.values())[winners[0]]
        expect(holders == [rivals.port(winner, 0, 1)], "the winner", holders, *runs)
        expect(set(stage.drivers(DEVICE)) == {"usbback"}, "the winner", stage.drivers(DEVICE))
        stage.must("detach", DEVICE)
        expect_same(stage, before, "after the detach")
    expect(all(lock is None or any(lock.iterdir()) for lock in locks), "no locks in", locks)
    lane.report()


# ---- eight devices at once ----


def assignable(stage):
    """The devices that a guest can have, as the world's file has them."""
    found = json.loads(stage.world.read_text())["usb"]["devices"]
    return sorted(
        device["busId"] for device in found
        if device["attributes"].get("bDeviceClass") != "09"
        and float(device["attributes"]["speed"]) <= 480 and device["interfaces"])


def eight_devices(stage):
    """Four take the ports that are free, four share one controller that one of them makes."""
    lane = Lane(stage, "eight devices at once, four free ports", max(1, ROUNDS // 10))
    devices = assignable(stage)[:8]
    expect(len(devices) == 8, f"there are only {devices}")
    before = stage.listing()
    for _ in range(lane.rounds):
        stage.must("controller", "add", "pv1", "--ports", "4")
        race = Race()
        for device in devices:
            race.command(stage, "attach", "pv1", device)
        runs = race.run()
        lane.endings[tuple(sorted(run.code for run in runs))] += 1
        expect(all(run.code == 0 for run in runs), *runs)
        listed = stage.devices()
        places = {device: place(listed[device]) for device in devices}
        ports = sorted(places.values())
        expect(ports == [(0, 1), (0, 2), (0, 3), (0, 4), (1, 1), (1, 2), (1, 3), (1, 4)], places)
        for device in devices:
            stage.must("detach", device)
        numbers = sorted(stage.store.children("/libxl/1/device/vusb"))
        expect(numbers == ["0", "1"], f"the controllers are {numbers}")
        for number in numbers:
            stage.must("controller", "remove", "pv1", number)
        expect_same(stage, before, "after all came back")
    lane.report()


def place(device):
    """Where a device is that has to be assigned: its controller and port."""
    expect(device["state"] == "assigned", device)
    return device["assignment"]["controller"], device["assignment"]["port"]


# ---- two commands, or a command and a domain's end ----


def attach_and_detach(stage, was_assigned):
    """At the end the device is where the command that came last wanted it."""
    lane = Lane(stage, f"attach and detach, {'assigned' if was_assigned else 'host'} before")
    home, before = stage.drivers(DEVICE), stage.listing()
    for shift in lane.shifts(0.04):
        if was_assigned:
            stage.must("attach", "pv1", DEVICE)
        runs = lane.race(
            shift, command(stage, "attach", "pv1", DEVICE), command(stage, "detach", DEVICE))
        expect(all(run.code == 0 for run in runs), *runs)
        # Whoever came first to what it wanted already says so; nobody else may.
        idle = [SO in run.output for run in runs]
        attach_was_first = idle[0] if was_assigned else not idle[1]
        expect(not idle[1 if was_assigned else 0], "no order explains", *runs)
        wanted = "host" if attach_was_first else "assigned"
        expect(stage.state(DEVICE) == wanted, f"the device is not {wanted}", *runs)
        stage.must("detach", DEVICE)
        expect(stage.drivers(DEVICE) == home, stage.drivers(DEVICE), *runs)
        expect_same(stage, before, *runs)
    lane.report()


def attach_and_removal(stage):
    """The removal takes the device back, or comes before the attach, or is told to try again."""
    lane = Lane(stage, "attach and controller remove")
    home = stage.drivers(DEVICE)
    for shift in lane.shifts(0.06):
        before = stage.listing()
        stage.must("controller", "add", "pv1")
        runs = lane.race(
            shift, command(stage, "attach", "pv1", DEVICE),
            command(stage, "controller", "remove", "pv1", "0"))
        attach, removal = (run.code for run in runs)
        numbers = stage.store.children("/libxl/1/device/vusb")
        is_in = stage.state(DEVICE) == "assigned"
        expect(attach == 0, "the attach", *runs)
        expect(removal in (0, BUSY), "the removal", *runs)
        # Beside an old controller that closes, the attach makes the next one.
        expect(numbers in (["0"], ["1"]) if is_in else numbers == [], numbers, *runs)
        expect(is_in or removal == 0, "the removal that was refused", *runs)
        stage.must("detach", DEVICE)
        for number in numbers:
            stage.must("controller", "remove", "pv1", number)
        expect(stage.drivers(DEVICE) == home, stage.drivers(DEVICE), *runs)
        expect_same(stage, before, *runs)
    lane.report()


def attach_and_destruction(stage):
    """Whatever of the attach was done, `recover` finds the device and brings it back."""
    lane = Lane(stage, "attach and the domain's destruction")
    home, before = stage.drivers(DEVICE), stage.listing()
    guest = rivals.remember(stage.store, 1)
    for index in range(lane.rounds):
        moment, longer = lane.moment(index, rivals.LONG_MOMENTS)

        def destroy(store, moment=moment, longer=longer):
            rivals.wait(stage, store, moment, longer)
            rivals.destroy(store, 1)

        runs = lane.race(
            0, command(stage, "attach", "pv1", DEVICE, "--timeout", "1"), rival(stage, destroy))
        expect(runs[1].code == 0, "the destruction", *runs)
        recovery = stage.run("recover")
        expect(recovery[0] == 0, "the recovery", recovery, *runs)
        expect(stage.drivers(DEVICE) == home, stage.drivers(DEVICE), recovery, *runs)
        rivals.restore(stage.store, guest)
        expect_same(stage, before, recovery, *runs)
    lane.report()


def main(kind, directory):
    """Runs all races on servers of one kind."""
    directory = Path(directory)
    with Stage(kind, directory / "built-in") as stage:
        # What stays of the first command is there before the first comparison.
        stage.must("attach", "pv1", DEVICE)
        stage.must("detach", DEVICE)
        stage.must("controller", "remove", "pv1", "0")
        attach_and_removal(stage)
        attach_and_destruction(stage)
        add_controllers(stage)
        contests.contest(stage)
        contests.overwriting(stage)
        two_guests(stage, own_locks=False)
        two_guests(stage, own_locks=True)
        attach_and_detach(stage, was_assigned=False)
        attach_and_detach(stage, was_assigned=True)
        remove_controllers(stage)
        stage.end_player()
    with Stage(kind, directory / "captured", sysfs=directory.parent / "sys") as stage:
        device = assignable(stage)[0]
        stage.must("attach", "pv1", device)
        stage.must("detach", device)
        stage.must("controller", "remove", "pv1", "0")
        eight_devices(stage)
        stage.end_player()


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Failure as failure:
        sys.exit(f"{sys.argv[1]}: {failure}")
